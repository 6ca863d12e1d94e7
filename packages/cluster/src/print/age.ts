const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/**
 * How long ago something was, as the AGE column says it.
 * @param timestamp - RFC 3339
 * @param now - milliseconds since 1970
 * @returns `<unknown>` without a time or the present
 */
export function ageOf(timestamp: string | null | undefined, now: number | undefined): string {
  const time = timestamp ? Date.parse(timestamp) : Number.NaN;
  return now === undefined || Number.isNaN(time) ? '<unknown>' : humanDuration(now - time);
}

/**
 * A duration in two or three figures: `45s`, `3m20s`, `7h30m`, `2d3h`, `400d`, `2y35d`. Two seconds and
 * more in the future are `<invalid>`, since clocks may differ by less.
 * Source: k8s.io/apimachinery/pkg/util/duration, HumanDuration.
 * @param milliseconds - the fraction of a second is dropped
 */
export function humanDuration(milliseconds: number): string {
  if (milliseconds <= -2 * SECOND) return '<invalid>';
  if (milliseconds < 0) return '0s';
  const count = (unit: number): number => Math.floor(milliseconds / unit);
  const pair = (unit: number, name: string, part: number, partName: string): string => {
    const rest = Math.floor((milliseconds % unit) / part);
    return `${count(unit)}${name}${rest === 0 ? '' : `${rest}${partName}`}`;
  };
  if (milliseconds < 2 * MINUTE) return `${count(SECOND)}s`;
  if (milliseconds < 10 * MINUTE) return pair(MINUTE, 'm', SECOND, 's');
  if (milliseconds < 3 * HOUR) return `${count(MINUTE)}m`;
  if (milliseconds < 8 * HOUR) return pair(HOUR, 'h', MINUTE, 'm');
  if (milliseconds < 2 * DAY) return `${count(HOUR)}h`;
  if (milliseconds < 8 * DAY) return pair(DAY, 'd', HOUR, 'h');
  if (milliseconds < 2 * YEAR) return `${count(DAY)}d`;
  if (milliseconds < 8 * YEAR) return pair(YEAR, 'y', DAY, 'd');
  return `${count(YEAR)}y`;
}
