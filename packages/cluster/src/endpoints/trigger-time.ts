/** When what a slice tells of happened. Source: k8s.io/endpointslice/util/trigger_time_tracker.go. */
import type { Pod } from '@shunt/model';

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

/** When a Pod became ready, or stopped being it; `undefined` when it does not say. */
export function readinessTime(pod: Pod): string | null | undefined {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
}

/**
 * The earliest of some times.
 * @param times - RFC 3339; what is none is left aside
 * @returns RFC 3339 in UTC, or `null` when no time is known
 */
export function earliestTime(times: Iterable<string | null | undefined>): string | null {
  let earliest = Number.POSITIVE_INFINITY;
  for (const text of times) {
    const time = text != null && RFC3339.test(text) ? Date.parse(text) : Number.NaN;
    if (time < earliest) earliest = time;
  }
  return earliest === Number.POSITIVE_INFINITY
    ? null
    : new Date(earliest).toISOString().replace(/\.?0*Z$/, 'Z');
}
