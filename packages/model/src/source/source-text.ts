import type { SourcePosition } from '../diagnostic.js';

const BYTE_ORDER_MARK = 0xfeff;

/** One file's text, which knows the line and column of every offset. Lines are counted on first use. */
export class SourceText {
  /** Without a byte order mark, which no editor counts as a column. */
  readonly text: string;
  #lineStarts: number[] | null = null;

  constructor(
    readonly file: string,
    text: string,
  ) {
    this.text = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
  }

  /**
   * Line and column of an offset, both from 1; columns count UTF-16 code units.
   * An offset behind the end is the end.
   */
  position(offset: number): SourcePosition {
    const starts = (this.#lineStarts ??= lineStarts(this.text));
    const inside = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= inside) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, column: inside - (starts[low] as number) + 1 };
  }

  /** The line that holds an offset, without its end. */
  lineAt(offset: number): string {
    const start = offset <= 0 ? 0 : this.text.lastIndexOf('\n', offset - 1) + 1;
    const end = this.text.indexOf('\n', start);
    return this.text.slice(start, end < 0 ? this.text.length : end);
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}
