const GAP = '   ';

/** Aligned columns as kubectl prints them: three spaces between, nothing behind the last one. */
export function columns(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, i) =>
    rows.reduce((w, row) => Math.max(w, row[i]?.length ?? 0), title.length),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join(GAP)
      .trimEnd();
  return [header, ...rows].map((row) => `${line(row)}\n`).join('');
}
