/** What the loop is told; durations in milliseconds. */
export interface WorkerSettings {
  readonly node: string;
  readonly namespace: string;
  readonly cluster: string;
  /** Published as NFD publishes its own. */
  readonly version: string;
  /** Time between discoveries. */
  readonly discoverIntervalMs: number;
  /** Longest age of a seal before it is made anew; at most a quarter of the master's maxAge. */
  readonly resignIntervalMs: number;
  /** Shortest time between two writes. */
  readonly writeIntervalMs: number;
}

export const workerDefaults = {
  discoverIntervalMs: 60_000,
  resignIntervalMs: 60 * 60_000,
  writeIntervalMs: 1_000,
} as const satisfies Partial<WorkerSettings>;
