/** Places of a cluster that change: endpoints that go, come or flip, and Services. */
import { emitTable, resolve } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  address,
  type ChangeEvent,
  ClusterState,
  type EndpointSlice,
  type KubernetesObject,
  PACKET4_WORDS,
  type Packet,
  referenceTo,
  type Service,
  type SliceEndpoint,
  VERDICT4_ADDRESS,
  VERDICT4_WORDS,
  writePacket,
} from '@shunt/model';
import { OUTSIDE_BASE } from '../workload/cluster.js';
import { type Random, SEEDS, shuffle } from '../workload/random.js';
import type { Objects } from './live-table.js';

/** What changes about a site: one endpoint is gone, or not ready, or its whole Service is gone. */
export type Kind = 'endpoint' | 'readiness' | 'service';

/** An endpoint, with a packet that it answers while all is there. */
export interface Site {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  /** With the endpoint first, and without others that change. */
  readonly slice: EndpointSlice;
  /** A record. */
  readonly packet: Uint32Array;
  /** Of the endpoint. */
  readonly address: number;
}

/** Takes away what a site has of a kind, or puts it back. */
export interface SiteChange {
  take(state: ClusterState): ChangeEvent[];
  put(state: ClusterState): ChangeEvent[];
}

/** How many packets to a Service are tried in one go for one that an endpoint answers. */
const TRIED = 128;
const MOST_TRIES = 8_192;

/** The first IPv4 endpoint of each slice, in an order by chance. */
export function sitesOf(input: Objects, random: Random): Site[] {
  const { objects, node, config } = input;
  const state = new ClusterState(objects);
  const { ruleset } = resolve({ state, node, config });
  const dataplane = Dataplane.load(emitTable(ruleset, { seed: SEEDS.flowHash }).image);
  const room = new Uint32Array(TRIED * VERDICT4_WORDS);
  const packets = new Uint32Array(TRIED * PACKET4_WORDS);
  const find = (service: Service, endpoint: number): Uint32Array => {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      for (let index = 0; index < TRIED; index++)
        writePacket(packets, index, packetTo(service, tries, index));
      dataplane.lookupBatch(packets, room, TRIED);
      for (let index = 0; index < TRIED; index++) {
        if (room[index * VERDICT4_WORDS + VERDICT4_ADDRESS] !== endpoint) continue;
        return packets.slice(index * PACKET4_WORDS, (index + 1) * PACKET4_WORDS);
      }
    }
    throw new Error(`${service.metadata.name} has an endpoint that no packet comes to`);
  };
  const sites = state.list('Service').flatMap((service): Site[] => {
    const slices = state.slicesOf(service.metadata.namespace ?? 'default', service.metadata.name);
    const ipv4 = slices.filter(({ addressType }) => addressType === 'IPv4');
    return ipv4.map((slice) => {
      const own = address(firstEndpoint(slice).addresses?.[0] as string) as number;
      return { service, slices, slice, address: own, packet: find(service, own) };
    });
  });
  return shuffle(random, sites);
}

function packetTo({ spec }: Service, tries: number, index: number): Packet {
  return {
    protocol: spec.ports?.[0]?.protocol ?? 'TCP',
    source: OUTSIDE_BASE + tries,
    sourcePort: 1_024 + index,
    destination: address(spec.clusterIP as string),
    destinationPort: spec.ports?.[0]?.port ?? 0,
  };
}

function firstEndpoint({ endpoints }: EndpointSlice): SliceEndpoint {
  return endpoints?.[0] as SliceEndpoint;
}

/** The change of one kind at a site. Objects are made before, so that only their way in is timed. */
export function changeAt({ service, slices, slice }: Site, kind: Kind): SiteChange {
  if (kind === 'service') {
    const all: readonly KubernetesObject[] = [service, ...slices];
    const references = all.map((object) => referenceTo(object));
    return {
      take: (state) => references.map((reference) => state.delete(reference)).filter((it) => it !== null),
      put: (state) => all.map((object) => state.upsert(object)),
    };
  }
  const [first, ...others] = slice.endpoints as readonly SliceEndpoint[];
  const unready = {
    ...(first as SliceEndpoint),
    conditions: { ready: false, serving: false, terminating: false },
  };
  const less = { ...slice, endpoints: kind === 'endpoint' ? others : [unready, ...others] };
  return { take: (state) => [state.upsert(less)], put: (state) => [state.upsert(slice)] };
}

/**
 * Changes at one site after the other, again and again. What is done is undone half of the sites later, so
 * that neither is done where something has just been.
 */
export class Turns {
  readonly #sites: readonly Site[];
  readonly #changes: readonly SiteChange[];
  readonly #isTaken: boolean;
  readonly #window: number;
  #next = 0;

  /** @param what - whether it is what goes, or what comes, that {@link next} tells of */
  constructor(sites: readonly Site[], kind: Kind, what: 'goes' | 'comes') {
    if (sites.length < 2) throw new RangeError(`"sites" expected two at least, got ${sites.length}`);
    this.#sites = sites;
    this.#changes = sites.map((site) => changeAt(site, kind));
    this.#isTaken = what === 'goes';
    this.#window = sites.length >> 1;
  }

  /** Undoes an earlier change, and tells the next one to do. */
  next(state: ClusterState): { undone: ChangeEvent[]; site: Site; run: () => ChangeEvent[] } {
    const turn = this.#next++;
    const count = this.#sites.length;
    const change = this.#changes[turn % count] as SiteChange;
    const other = (by: number): SiteChange => this.#changes[(turn + by + count) % count] as SiteChange;
    const site = this.#sites[turn % count] as Site;
    if (this.#isTaken) {
      const undone = turn < this.#window ? [] : other(-this.#window).put(state);
      return { undone, site, run: () => change.take(state) };
    }
    const undone: ChangeEvent[] = [];
    if (turn === 0)
      for (let ahead = 0; ahead < this.#window; ahead++) undone.push(...other(ahead).take(state));
    undone.push(...other(this.#window).take(state));
    return { undone, site, run: () => change.put(state) };
  }
}
