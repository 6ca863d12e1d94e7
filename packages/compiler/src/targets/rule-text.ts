/** The text that a kernel's own tool reads, and where each of its lines came from. */

/** Input of `nft -f -` or `iptables-restore`. */
export interface RuleText {
  readonly text: string;
  /**
   * @param line - as the tool counts in its errors: from 1
   * @returns the service port's key (`servicePortKey`) that the line was written for; `null` for what belongs to all
   */
  originOf(line: number): string | null;
}

/** Writes lines and remembers for whom. */
export class RuleTextWriter {
  readonly #lines: string[] = [];
  /** The first line of each stretch with one origin, and that origin. */
  readonly #starts: number[] = [];
  readonly #origins: (string | null)[] = [];

  get lineCount(): number {
    return this.#lines.length;
  }

  /** @param line - without a line break */
  write(line: string, origin: string | null = null): void {
    if (this.#origins.length === 0 || this.#origins.at(-1) !== origin) {
      this.#starts.push(this.#lines.length + 1);
      this.#origins.push(origin);
    }
    this.#lines.push(line);
  }

  /** What was written so far. Every line ends with a line break. */
  finish(): RuleText {
    const text = this.#lines.length === 0 ? '' : `${this.#lines.join('\n')}\n`;
    const starts = [...this.#starts];
    const origins = [...this.#origins];
    return { text, originOf: (line) => origins[lastAtMost(starts, line)] ?? null };
  }
}

/** The index of the last of the ascending numbers that is not greater; -1 if all are. */
function lastAtMost(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
