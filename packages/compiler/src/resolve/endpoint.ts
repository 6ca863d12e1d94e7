import { type Address, type EndpointSlice, formatEndpoint, type SliceEndpoint } from '@shunt/model';
import { compareEndpoints } from '../ruleset/canonical.js';
import type { Backend } from '../ruleset/types.js';

/** The nodes and zones that topology hints name. */
interface Hints {
  readonly nodes: readonly string[];
  readonly zones: readonly string[];
}

const NO_HINTS: Hints = { nodes: [], zones: [] };

/**
 * One address and port of a slice, with what decides whether it is used. A cluster has very many, most of
 * a ruleset's making is to make them, and so they hold no more than is asked of each.
 */
export class Endpoint {
  /** What it is in a pool; one object, so that pools that share it can be compared quickly. */
  readonly backend: Backend;
  readonly slice: EndpointSlice;
  /** Of `slice.endpoints`. */
  readonly index: number;
  /** By its condition, and not of weight 0. */
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly #hints: Hints;
  #key: string | null = null;

  /** @param written - `slice.endpoints[index]` */
  constructor(backend: Backend, slice: EndpointSlice, index: number, written: SliceEndpoint) {
    const { conditions, hints } = written;
    this.backend = backend;
    this.slice = slice;
    this.index = index;
    // Unset ready and serving mean true, and serving is not derived from ready (3.1). With weight 0 the
    // flows that there are go on, as they would to an endpoint that is no longer ready.
    this.ready = conditions?.ready !== false && backend.weight > 0;
    this.serving = conditions?.serving !== false;
    this.terminating = conditions?.terminating === true;
    this.#hints = hints == null ? NO_HINTS : readHints(hints);
  }

  get address(): Address {
    return this.backend.address;
  }

  get port(): number {
    return this.backend.port;
  }

  /** Of its slice: 0 for no new flows. */
  get weight(): number {
    return this.backend.weight;
  }

  /** On this node. */
  get local(): boolean {
    return this.backend.local;
  }

  get nodeHints(): readonly string[] {
    return this.#hints.nodes;
  }

  get zoneHints(): readonly string[] {
    return this.#hints.zones;
  }

  /** `ip:port`: its identity and sort order among the endpoints of a service port (3.3). */
  get key(): string {
    this.#key ??= formatEndpoint(this.address, this.port);
    return this.#key;
  }
}

/** Whether two endpoints of one family have the same key; quicker than comparing the texts. */
export function isAlike(a: Endpoint, b: Endpoint | undefined): boolean {
  return b !== undefined && a.backend.port === b.backend.port && a.backend.address === b.backend.address;
}

/** Orders endpoints of one family by their keys; those alike by slice name and place in the slice. */
export function byKeyAndPlace(a: Endpoint, b: Endpoint): number {
  if (isAlike(a, b)) {
    if (a.slice !== b.slice) return a.slice.metadata.name < b.slice.metadata.name ? -1 : 1;
    return a.index - b.index;
  }
  // The texts of IPv6 addresses take long to make, and are kept.
  if (typeof a.address === 'bigint') return a.key < b.key ? -1 : 1;
  return compareEndpoints(a, b);
}

function readHints({ forNodes, forZones }: NonNullable<SliceEndpoint['hints']>): Hints {
  return {
    nodes: forNodes?.map((node) => node.name) ?? NO_HINTS.nodes,
    zones: forZones?.map((zone) => zone.name) ?? NO_HINTS.zones,
  };
}
