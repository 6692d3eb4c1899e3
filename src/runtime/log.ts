import { pino, type DestinationStream } from 'pino';
import type { Log, LogFields } from '../port/log.ts';
import { escapeControls } from './escape.ts';
import { loggableFields } from './log-value.ts';

/** From the most talkative to the least. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** Takes whole lines; standard error where it is absent. */
  readonly stream?: DestinationStream;
}

/** Members of a line that a field must not forge. */
const ownMembers = new Set(['level', 'time', 'message']);

/** JSON lines `{"level":"info","time":"2026-01-31T12:00:00.000Z", ...fields, "message":"..."}`. */
export function createLog({ level, stream }: LogOptions): Log {
  // Written at once, so that nothing is lost at exit: the last line before an end says why.
  const destination = stream ?? pino.destination({ fd: 2, sync: true });
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      // Ours are done already; pino's own would add stacks.
      serializers: { err: (value: unknown) => value },
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => destination.write(`${escapeControls(line.trimEnd())}\n`) },
  );
  return {
    debug: (message, fields) => logger.debug(safeFields(fields), message),
    info: (message, fields) => logger.info(safeFields(fields), message),
    warn: (message, fields) => logger.warn(safeFields(fields), message),
    error: (message, fields) => logger.error(safeFields(fields), message),
  };
}

/** Says nothing: the default of library calls, and of tests that do not look at the log. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function safeFields(fields: LogFields = {}): Record<string, unknown> {
  const entries = Object.entries(loggableFields(fields));
  return Object.fromEntries(entries.map(([key, value]) => [ownMembers.has(key) ? `${key}_` : key, value]));
}
