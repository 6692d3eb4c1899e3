import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Label values come from closed sets only, reason codes for example: a text from outside would be unbounded. */
interface MetricOptions<Label extends string> {
  /** With its unit as suffix (`_seconds`, `_bytes`); `_total` for counters. The prefix `featureseal_` is added. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

/** The metrics of one process, in a registry of its own. */
export interface Metrics {
  counter<Label extends string = never>(options: MetricOptions<Label>): Counter<Label>;
  gauge<Label extends string = never>(options: MetricOptions<Label>): Gauge<Label>;
  histogram<Label extends string = never>(
    options: MetricOptions<Label> & { readonly buckets: readonly number[] },
  ): Histogram<Label>;
  /** What a scrape answers. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

const prefix = 'featureseal_';

/** Metrics named by the rules of prometheus.io/docs/practices/naming, with those of the process itself. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const common = <Label extends string>({ name, help, labels = [] }: MetricOptions<Label>) => ({
    name: checkedName(name),
    help,
    labelNames: labels,
    registers: [registry],
  });
  return {
    counter: (options) => {
      if (!options.name.endsWith('_total')) throw new TypeError(`counter ${options.name} must end in _total`);
      return new Counter(common(options));
    },
    gauge: (options) => new Gauge(common(options)),
    histogram: (options) => new Histogram({ ...common(options), buckets: [...options.buckets] }),
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

function checkedName(name: string): string {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name))
    throw new TypeError(`metric ${name} must be lower snake case`);
  return prefix + name;
}
