import type { Metrics } from './metrics.ts';

interface Described {
  readonly help: string;
  /** Values come from closed sets only. */
  readonly labels?: readonly string[];
}

/** One metric as it is registered and as docs/reference/metrics.md shows it; the prefix `featureseal_` is added. */
export type MetricDefinition =
  | (Described & { readonly type: 'counter' })
  | (Described & { readonly type: 'gauge' })
  /** Upper bounds in ascending order, in the unit that the name ends in. */
  | (Described & { readonly type: 'histogram'; readonly buckets: readonly number[] });

export type MetricTable = Readonly<Record<string, MetricDefinition>>;

type LabelValues = Readonly<Record<string, string>>;

/** Names of a table's metrics of one type. */
type Named<Table extends MetricTable, Type extends MetricDefinition['type']> = {
  [Name in keyof Table & string]: Table[Name]['type'] extends Type ? Name : never;
}[keyof Table & string];

/** The metrics of a table, by name. */
export interface TableMetrics<Table extends MetricTable> {
  readonly add: (name: Named<Table, 'counter'>, labels?: LabelValues, amount?: number) => void;
  readonly set: (name: Named<Table, 'gauge'>, value: number, labels?: LabelValues) => void;
  /** Something begins whose seconds count; call back with the labels when it is over. */
  readonly time: (name: Named<Table, 'histogram'>) => (labels?: LabelValues) => void;
}

/** Registers every metric of a table, so that a scrape shows each from the start. */
export function registerTable<Table extends MetricTable>(
  table: Table,
  metrics: Metrics,
): TableMetrics<Table> {
  const counters = new Map<string, ReturnType<Metrics['counter']>>();
  const gauges = new Map<string, ReturnType<Metrics['gauge']>>();
  const histograms = new Map<string, ReturnType<Metrics['histogram']>>();
  for (const [name, definition] of Object.entries(table)) {
    const { help, labels = [] } = definition;
    const options = { name, help, labels };
    if (definition.type === 'counter') counters.set(name, metrics.counter<string>(options));
    else if (definition.type === 'gauge') gauges.set(name, metrics.gauge<string>(options));
    else histograms.set(name, metrics.histogram<string>({ ...options, buckets: definition.buckets }));
  }
  return {
    add: (name, labels = {}, amount = 1) => counters.get(name)?.inc(labels, amount),
    set: (name, value, labels = {}) => gauges.get(name)?.set(labels, value),
    time: (name) => {
      const end = histograms.get(name)?.startTimer();
      return (labels = {}) => void end?.(labels);
    },
  };
}
