/** The ids of one service port: which numbers stand for its pools, its affinity group and its splits. */
import type { PoolName } from '../../ruleset/types.js';

export interface PortIds {
  /** Of the pools that frontends forward to. With affinity both have one: that of the group. */
  readonly pools: Readonly<Partial<Record<PoolName, number>>>;
  /** Of the backends of indexed pools, by `endpointKey`; see pool-class.ts. */
  readonly indexes: Readonly<Partial<Record<PoolName, ReadonlyMap<string, number>>>>;
  /** By the text of what the three origins get. */
  readonly splits: ReadonlyMap<string, number>;
  /** `null` without affinity. */
  readonly group: GroupIds | null;
}

/** The backends of an affinity group. */
export interface GroupIds {
  readonly id: number;
  /** By `endpointKey`. */
  readonly indexes: ReadonlyMap<string, number>;
  /**
   * Above it no index was ever given. An endpoint that comes back gets a new one, since clients that were sent to
   * it before may have a record of the old one.
   */
  readonly highestIndex: number;
}

/** Ids to go on with, of tables that are in the kernel already. */
export interface AdoptedIds {
  /** By `servicePortKey`. */
  readonly ports: ReadonlyMap<string, PortIds>;
  /** The numbers of classes, by the class's name. */
  readonly classes: ReadonlyMap<string, number>;
  /** Above it no id is in use. */
  readonly highestId: number;
  /** Those of `ports`. */
  readonly claimed: ReadonlySet<number>;
}

export interface NftablesIds {
  readonly IPv4: AdoptedIds;
  readonly IPv6: AdoptedIds;
}
