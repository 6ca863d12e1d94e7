import { type Level, type Logger, pino } from 'pino';
import type { LogFile } from './log-file.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly Level[];

export type LogLevel = (typeof LOG_LEVELS)[number];

/** One JSON object a line: `{"level":30,"time":"2025-...Z","msg":"..."}` and the fields of the message. */
export function pinoLog(file: LogFile, level: LogLevel): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, file);
}
