/** What a command needs from the outside, so that tests can run it in their own process. */
export interface Io {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /**
   * Standard input, whole.
   * @returns `null` when it is longer than `maxBytes`
   */
  readonly readStdin: (maxBytes: number) => Promise<Uint8Array | null>;
  /** The time in milliseconds since 1970, for ages. */
  readonly now: () => number;
  /** Settles when somebody asks the process to end, by a signal. */
  readonly stopped: () => Promise<void>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface TextOutput {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Of the terminal; `undefined` when there is none. */
  readonly columns?: number | undefined;
}

/** The exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** A check ran, and what it checked does not hold. */
  failed: 1,
  /** Wrong options, or input that cannot be used. */
  unusable: 2,
} as const;

const DEFAULT_COLUMNS = 100;
const MIN_COLUMNS = 60;

/** How wide text may be: the terminal's width, within reason. */
export function textWidth({ columns }: TextOutput): number {
  return columns === undefined ? DEFAULT_COLUMNS : Math.max(MIN_COLUMNS, Math.min(columns, DEFAULT_COLUMNS));
}
