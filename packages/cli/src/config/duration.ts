const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/**
 * Reads a duration as Go writes it (time.ParseDuration): `1h15m`, `-1.5s`, `0`.
 * @returns seconds, or `null` when the text is none
 */
export function parseDuration(text: string): number | null {
  const match = /^([+-]?)(.+)$/.exec(text);
  if (match === null) return null;
  const [, sign = '', rest = ''] = match;
  if (rest === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return null;
  let nanoseconds = 0;
  for (const [, number = '', unit = ''] of rest.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    nanoseconds += Number(number) * (NANOSECONDS[unit] ?? 0);
  }
  return ((sign === '-' ? -1 : 1) * nanoseconds) / 1e9;
}
