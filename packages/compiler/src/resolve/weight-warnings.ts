import { type Diagnostic, type EndpointSlice, FAMILIES } from '@shunt/model';
import { MAX_WEIGHT, parseWeight } from '../balance/weight.js';
import { type Endpoint, isAlike } from './endpoint.js';
import type { AttachedEndpoints } from './endpoints.js';
import type { ServiceEndpoints } from './resolve-service.js';
import { slicePortKey } from './slice-ports.js';
import { WEIGHT_ANNOTATION, weightReference } from './slice-weight.js';

/** What is wrong with the weights of a Service's slices: no numbers, and two for one endpoint. */
export function weightWarnings(slices: readonly EndpointSlice[], endpoints: ServiceEndpoints): Diagnostic[] {
  const warnings: Diagnostic[] = [];
  for (const slice of slices) {
    const written = slice.metadata.annotations?.[WEIGHT_ANNOTATION];
    if (written === undefined || parseWeight(written) !== null) continue;
    const message = `expected an integer 0..${MAX_WEIGHT}, got ${JSON.stringify(written)}; 1 is used`;
    warnings.push(warning(slice, message));
  }
  for (const family of FAMILIES) {
    if (hasEndpointsAlike(endpoints[family])) warnings.push(...conflicts(endpoints[family]));
  }
  return warnings;
}

/** An endpoint of a slice with another weight than the one that counts. */
interface Conflict {
  readonly endpoint: Endpoint;
  readonly used: Endpoint;
  /** Of the slice's ports. */
  readonly portIndex: number;
}

function hasEndpointsAlike({ byPort }: AttachedEndpoints): boolean {
  for (const { attached, distinct } of byPort.values()) if (attached !== distinct) return true;
  return false;
}

// One endpoint in two slices has the weight of the entry that counts. One warning for each other slice,
// about its first endpoint.
function conflicts({ slices, byPort }: AttachedEndpoints): Diagnostic[] {
  const first = new Map<EndpointSlice, Conflict>();
  for (const [key, { attached, distinct }] of byPort) {
    if (attached === distinct) continue;
    let place = 0;
    for (const endpoint of attached) {
      if (!isAlike(endpoint, distinct[place])) place++;
      const used = distinct[place] as Endpoint;
      if (used.weight === endpoint.weight) continue;
      const conflict = { endpoint, used, portIndex: portIndexOf(endpoint, key) };
      const held = first.get(endpoint.slice);
      if (held === undefined || comesBefore(conflict, held)) first.set(endpoint.slice, conflict);
    }
  }
  return slices.flatMap((slice) => {
    const conflict = first.get(slice);
    if (conflict === undefined) return [];
    const { endpoint, used } = conflict;
    const message = `${used.key} is listed by ${used.slice.metadata.name} too, with weight ${used.weight}, which is used; here it is ${endpoint.weight}`;
    return [warning(slice, message)];
  });
}

function portIndexOf({ slice, port }: Endpoint, key: string): number {
  return (slice.ports ?? []).findIndex((it) => it.port === port && slicePortKey(it) === key);
}

function comesBefore(a: Conflict, b: Conflict): boolean {
  return a.portIndex < b.portIndex || (a.portIndex === b.portIndex && a.endpoint.index < b.endpoint.index);
}

function warning(slice: EndpointSlice, message: string): Diagnostic {
  return { severity: 'warning', code: 'value', message, object: weightReference(slice) };
}
