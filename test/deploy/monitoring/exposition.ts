/** One line of what a scrape answers. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Parses the text format (prometheus.io/docs/instrumenting/exposition_formats), as far as prom-client writes it. */
export function samplesOf(exposition: string): readonly Sample[] {
  return exposition
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const {
        name,
        labels = '',
        value,
      } = /^(?<name>\w+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/.exec(line)?.groups ?? {};
      if (name === undefined) throw new Error(`this is no sample: ${line}`);
      const pairs = labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
      return {
        name,
        labels: Object.fromEntries([...pairs].map(([, key = '', text = '']) => [key, text])),
        value: Number(value),
      };
    });
}

/** The series that the sample is of: `name{a="b"}`. */
export function seriesOf({ name, labels }: Omit<Sample, 'value'>): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text}"`);
  return `${name}{${pairs.join(', ')}}`;
}
