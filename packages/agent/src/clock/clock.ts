/** Time as the agent sees it, so that tests run in a time of their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Calls back once.
   * @param milliseconds - from now, at least 0
   * @returns cancels the call if it has not happened yet
   */
  after(milliseconds: number, call: () => void): () => void;
}

/** The longest time that a timer of Node takes; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The machine's clock. Its timers keep the process alive. */
export function systemClock(): Clock {
  return {
    now: Date.now,
    after(milliseconds, call) {
      const timer = setTimeout(call, Math.min(milliseconds, LONGEST_TIMER));
      return () => clearTimeout(timer);
    },
  };
}
