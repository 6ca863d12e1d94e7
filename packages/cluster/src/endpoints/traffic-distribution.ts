/** Hints for `spec.trafficDistribution` (semantics 10.18). Source: k8s.io/endpointslice/trafficdist. */
import type { Service, SliceEndpoint } from '@shunt/model';

/** Gives endpoints their hints: the same list when all have the right ones. */
export type HintRule = (endpoints: readonly SliceEndpoint[]) => readonly SliceEndpoint[];

const PREFER_SAME_NODE = 'PreferSameNode';
const DISTRIBUTIONS: ReadonlySet<string> = new Set(['PreferClose', 'PreferSameZone', PREFER_SAME_NODE]);

/** What gives a Service's endpoints their hints, if its topology mode does not; without a known wish, none. */
export function trafficHints({ spec }: Service): HintRule {
  const { trafficDistribution = '' } = spec;
  if (!DISTRIBUTIONS.has(trafficDistribution)) return withoutHints;
  return trafficDistribution === PREFER_SAME_NODE ? sameNodeHints : sameZoneHints;
}

export const withoutHints: HintRule = (endpoints) =>
  changed(endpoints, (endpoint) => (endpoint.hints == null ? endpoint : withHints(endpoint, undefined)));

const sameZoneHints: HintRule = (endpoints) => changed(endpoints, (it) => hinted(it, it.zone, undefined));
const sameNodeHints: HintRule = (endpoints) => changed(endpoints, (it) => hinted(it, it.zone, it.nodeName));

/** An endpoint with one hint for a zone, a node, both or none; the endpoint itself if it has them or is not ready. */
export function hinted(
  endpoint: SliceEndpoint,
  zone: string | undefined,
  node: string | undefined,
): SliceEndpoint {
  if (!isReady(endpoint)) return endpoint;
  const { forZones, forNodes } = endpoint.hints ?? {};
  if (namesOnly(forZones, zone) && namesOnly(forNodes, node)) return endpoint;
  if (zone === undefined && node === undefined) return withHints(endpoint, undefined);
  return withHints(endpoint, {
    ...(zone === undefined ? {} : { forZones: [{ name: zone }] }),
    ...(node === undefined ? {} : { forNodes: [{ name: node }] }),
  });
}

export function isReady({ conditions }: SliceEndpoint): boolean {
  return conditions?.ready === true;
}

/** A list with changed items; the list itself when no item is another one than before. */
export function changed(
  endpoints: readonly SliceEndpoint[],
  change: (endpoint: SliceEndpoint, index: number) => SliceEndpoint,
): readonly SliceEndpoint[] {
  let copy: SliceEndpoint[] | null = null;
  for (const [index, endpoint] of endpoints.entries()) {
    const after = change(endpoint, index);
    if (after !== endpoint) (copy ??= [...endpoints])[index] = after;
  }
  return copy ?? endpoints;
}

function namesOnly(hints: readonly { readonly name: string }[] = [], name: string | undefined): boolean {
  return name === undefined ? hints.length === 0 : hints.length === 1 && hints[0]?.name === name;
}

function withHints(endpoint: SliceEndpoint, hints: SliceEndpoint['hints']): SliceEndpoint {
  const { hints: _, ...others } = endpoint;
  return hints === undefined ? others : { ...others, hints };
}
