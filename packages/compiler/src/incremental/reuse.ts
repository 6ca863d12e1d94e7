import { isSameValue } from '../ruleset/same-value.js';
import type { EndpointAddress, Frontend, ServicePort } from '../ruleset/types.js';

/**
 * A service port that was made again, of what was there before as far as it is equal: the very same
 * object if nothing changed. Pools have been compared already, where they are made.
 */
export function reuseServicePort(before: ServicePort | null, after: ServicePort): ServicePort {
  if (before === null || before === after) return after;
  const servingEndpoints = isSamePlaces(before.servingEndpoints, after.servingEndpoints)
    ? before.servingEndpoints
    : after.servingEndpoints;
  const frontends =
    before.frontends === after.frontends
      ? after.frontends
      : reuseFrontends(before.frontends, after.frontends);
  // Mostly there is nothing to put together: another pool makes another service port.
  const isWhole = frontends === after.frontends && servingEndpoints === after.servingEndpoints;
  if (isWhole && before.clusterPool !== after.clusterPool) return after;
  const merged: ServicePort = isWhole ? after : { ...after, servingEndpoints, frontends };
  const keys = Object.keys(merged) as (keyof ServicePort)[];
  return keys.every((key) => before[key] === merged[key]) ? before : merged;
}

function reuseFrontends(before: readonly Frontend[], after: readonly Frontend[]): readonly Frontend[] {
  const reused = after.map((frontend) => before.find((held) => isSameValue(held, frontend)) ?? frontend);
  const isSame =
    reused.length === before.length && reused.every((frontend, index) => frontend === before[index]);
  return isSame ? before : reused;
}

function isSamePlaces(a: readonly EndpointAddress[], b: readonly EndpointAddress[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ address, port }, index) => address === b[index]?.address && port === b[index]?.port)
  );
}
