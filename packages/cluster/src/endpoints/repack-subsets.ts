/** The canonical layout of Endpoints. Source: pkg/api/v1/endpoints/util.go. */
import type { EndpointAddress, EndpointPort, EndpointSubset } from '@shunt/model';

/**
 * Puts subsets into the layout that the API stores: ports that lead to the same addresses share a subset,
 * an address is in it once, and everything has an order that does not depend on the input's (semantics 11.6).
 * An address that is both ready and not ready for a port is not ready.
 * @param subsets - as anyone wrote them: in any order, overlapping, with addresses written twice
 */
export function repackSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const [first] = subsets;
  if (first === undefined) return [];
  if (subsets.length === 1) return sortSubset(first);
  const byPort = new Map<string, { port: EndpointPort | null; subsets: EndpointSubset[] }>();
  for (const subset of subsets) {
    for (const [key, port] of keyedPorts(subset)) {
      const known = byPort.get(key);
      if (known === undefined) byPort.set(key, { port, subsets: [subset] });
      else known.subsets.push(subset);
    }
  }
  const byAddresses = new Map<string, { ports: (EndpointPort | null)[]; offers: readonly Offer[] }>();
  for (const { port, subsets: offering } of byPort.values()) {
    const offers = offersOf(offering);
    const key = offers.map(offerKey).join('\n');
    const known = byAddresses.get(key);
    if (known === undefined) byAddresses.set(key, { ports: [port], offers });
    else known.ports.push(port);
  }
  return [...byAddresses.values()]
    .flatMap(({ ports, offers }) => subsetsOf(ports, offers))
    .sort((a, b) => compareFirstPorts(a.ports?.[0], b.ports?.[0]));
}

// Nearly all Endpoints have one subset, in which no address is twice.
function sortSubset(subset: EndpointSubset): EndpointSubset[] {
  const ports = [...new Map(keyedPorts(subset)).values()];
  const addresses = (subset.addresses ?? []).toSorted(compareAddresses);
  const notReady = (subset.notReadyAddresses ?? []).toSorted(compareAddresses);
  if (!areDistinct(addresses, notReady)) return subsetsOf(ports, offersOf([subset]));
  return subsetIfAny(addresses, notReady, sortedPorts(ports));
}

/** Whether no address is twice in two sorted lists. */
function areDistinct(a: readonly EndpointAddress[], b: readonly EndpointAddress[]): boolean {
  let last: EndpointAddress | undefined;
  for (let [i, j] = [0, 0]; i < a.length || j < b.length; ) {
    const [own, other] = [a[i], b[j]];
    const isOwn = other === undefined || (own !== undefined && compareIdentities(own, other) <= 0);
    const next = (isOwn ? own : other) as EndpointAddress;
    if (last !== undefined && compareIdentities(last, next) === 0) return false;
    last = next;
    if (isOwn) i++;
    else j++;
  }
  return true;
}

/** An address that a subset lists, and in which of its two lists. */
interface Offer {
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

// A subset without ports stands for one port that is none, or its addresses would be lost.
function keyedPorts({ ports }: EndpointSubset): (readonly [string, EndpointPort | null])[] {
  return ports === undefined || ports.length === 0
    ? [['', null]]
    : ports.map((port) => [endpointPortKey(port), port]);
}

/** What two ports have in common that are the same port; no two others have it. */
export function endpointPortKey({ name, protocol, port, appProtocol }: EndpointPort): string {
  return `${name ?? ''}\n${protocol ?? 'TCP'}\n${port}${appProtocol === undefined ? '' : `\n${appProtocol}`}`;
}

// Sorted, and each address once: that of the first target is kept, and what is not ready anywhere is not ready.
function offersOf(subsets: readonly EndpointSubset[]): Offer[] {
  const all: Offer[] = [];
  for (const { addresses = [], notReadyAddresses = [] } of subsets) {
    for (const address of addresses) all.push({ address, ready: true });
    for (const address of notReadyAddresses) all.push({ address, ready: false });
  }
  all.sort((a, b) => compareAddresses(a.address, b.address));
  const offers: Offer[] = [];
  for (const offer of all) {
    const last = offers.at(-1);
    if (last === undefined || compareIdentities(last.address, offer.address) !== 0) offers.push(offer);
    else if (last.ready && !offer.ready) offers[offers.length - 1] = { address: last.address, ready: false };
  }
  return offers;
}

// By IP text, then by the uid of the Pod: two Pods of a node's network share an address.
function compareIdentities(a: EndpointAddress, b: EndpointAddress): number {
  return compareTexts(a.ip, b.ip) || compareTexts(a.targetRef?.uid ?? '', b.targetRef?.uid ?? '');
}

// Pods in a manifest have no uid; which of two with one address is kept must not depend on their order.
function compareAddresses(a: EndpointAddress, b: EndpointAddress): number {
  return compareIdentities(a, b) || compareTexts(a.targetRef?.name ?? '', b.targetRef?.name ?? '');
}

function offerKey({ address, ready }: Offer): string {
  return `${address.ip} ${address.targetRef?.uid ?? ''} ${ready}`;
}

function subsetsOf(ports: readonly (EndpointPort | null)[], offers: readonly Offer[]): EndpointSubset[] {
  const addresses = offers.flatMap(({ address, ready }) => (ready ? [address] : []));
  const notReadyAddresses = offers.flatMap(({ address, ready }) => (ready ? [] : [address]));
  return subsetIfAny(addresses, notReadyAddresses, sortedPorts(ports));
}

function sortedPorts(ports: readonly (EndpointPort | null)[]): EndpointPort[] {
  return ports.filter((port) => port !== null).sort(comparePorts);
}

/** A subset without its empty lists; none at all without addresses, since the API refuses such a one. */
export function subsetIfAny(
  addresses: readonly EndpointAddress[],
  notReadyAddresses: readonly EndpointAddress[],
  ports: readonly EndpointPort[],
): EndpointSubset[] {
  if (addresses.length + notReadyAddresses.length === 0) return [];
  return [
    {
      ...(addresses.length === 0 ? {} : { addresses }),
      ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
      ...(ports.length === 0 ? {} : { ports }),
    },
  ];
}

// A port is in one subset only, so its first port tells a subset from the others; no port comes first.
function compareFirstPorts(a: EndpointPort | undefined, b: EndpointPort | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  return comparePorts(a, b);
}

function comparePorts(a: EndpointPort, b: EndpointPort): number {
  return (
    compareTexts(a.name ?? '', b.name ?? '') ||
    a.port - b.port ||
    compareTexts(endpointPortKey(a), endpointPortKey(b))
  );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
