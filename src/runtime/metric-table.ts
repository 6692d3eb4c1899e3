import type { Metrics } from './metrics.ts';

/** One metric as it is registered and as docs/reference/metrics.md shows it; the prefix `featureseal_` is added. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Values come from closed sets only. */
  readonly labels?: readonly string[];
}

export type MetricTable = Readonly<Record<string, MetricDefinition>>;

type LabelValues = Readonly<Record<string, string>>;

/** The metrics of a table, by name. */
export interface TableMetrics<Table extends MetricTable> {
  readonly add: (name: keyof Table & string, labels?: LabelValues, amount?: number) => void;
  readonly set: (name: keyof Table & string, value: number) => void;
}

/** Registers every metric of a table, so that a scrape shows each from the start. */
export function registerTable<Table extends MetricTable>(
  table: Table,
  metrics: Metrics,
): TableMetrics<Table> {
  const counters = new Map<string, (labels: LabelValues, amount: number) => void>();
  const gauges = new Map<string, (value: number) => void>();
  for (const [name, { type, help, labels = [] }] of Object.entries(table)) {
    if (type === 'counter') {
      const counter = metrics.counter<string>({ name, help, labels });
      counters.set(name, (values, amount) => {
        counter.inc(values, amount);
      });
    } else {
      const gauge = metrics.gauge({ name, help });
      gauges.set(name, (value) => {
        gauge.set(value);
      });
    }
  }
  return {
    add: (name, labels = {}, amount = 1) => counters.get(name)?.(labels, amount),
    set: (name, value) => gauges.get(name)?.(value),
  };
}
