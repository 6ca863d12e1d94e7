const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
};

/**
 * Reads a size as people write it: `1000`, `64k`, `256MB`, `1.5GiB`.
 * @returns bytes, or `null` when the text is no size
 */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]i?)?b?$/i.exec(text.trim());
  if (match === null) return null;
  const [, number = '', unit = ''] = match;
  const bytes = Math.floor(Number(number) * (UNITS[unit.toLowerCase()] ?? 1));
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}

/** Writes bytes with at most one decimal: `256 MB`. */
export function formatSize(bytes: number): string {
  const [unit, size] =
    bytes >= 1e9 ? ['GB', 1e9] : bytes >= 1e6 ? ['MB', 1e6] : bytes >= 1e3 ? ['kB', 1e3] : ['bytes', 1];
  return `${Math.round((bytes / size) * 10) / 10} ${unit}`;
}
