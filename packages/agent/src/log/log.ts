/** What the agent writes its log with: pino's Logger fits, and so does a list in a test. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Swallows everything. */
export const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
