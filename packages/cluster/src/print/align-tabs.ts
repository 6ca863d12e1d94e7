/**
 * Aligns text by its tabs: cells that end with a tab and stand below each other in lines that follow one
 * another make a column, as wide as its widest cell and the padding. A line's last cell, which no tab
 * ends, is in no column. Source: Go's text/tabwriter, through which kubectl prints.
 * @param text - lines, each with a line feed at its end
 * @param minWidth - of a column, with its padding
 */
export function alignTabs(text: string, padding: number, minWidth = 0): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const aligned = lines.map(() => '');
  alignBlock(lines, aligned, { start: 0, end: lines.length, column: 0 }, padding, minWidth);
  return aligned.join('\n');
}

interface Block {
  readonly start: number;
  /** The line after the last. */
  readonly end: number;
  readonly column: number;
}

/** Writes the cells of a column, column by column to the right, and the last cells of its lines. */
function alignBlock(
  lines: readonly (readonly string[])[],
  aligned: string[],
  { start, end, column }: Block,
  padding: number,
  minWidth: number,
): void {
  const cellOf = (line: number): string => lines[line]?.[column] ?? '';
  const isInColumn = (line: number): boolean => line < end && column < (lines[line]?.length ?? 0) - 1;
  for (let line = start; line < end; ) {
    if (!isInColumn(line)) {
      aligned[line++] += cellOf(line - 1);
      continue;
    }
    const first = line;
    let width = minWidth;
    for (; isInColumn(line); line++) width = Math.max(width, widthOf(cellOf(line)) + padding);
    for (let i = first; i < line; i++) {
      aligned[i] += cellOf(i) + ' '.repeat(width - widthOf(cellOf(i)));
    }
    alignBlock(lines, aligned, { start: first, end: line, column: column + 1 }, padding, minWidth);
  }
}

/** In code points, as Go counts runes. */
function widthOf(text: string): number {
  return [...text].length;
}
