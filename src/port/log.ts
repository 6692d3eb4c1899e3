/** What a log line may carry besides its message. Values from outside are escaped by the writer; secrets never go in. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log. Messages are constant sentences; what varies goes into `fields`. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
