/** What a table holds, as plain data: what the kernel must hold, or what it was read to hold. */

/**
 * One table of one family. Texts are as `nft list` of version 1.0.6 writes them, with one blank between words.
 * Whoever reads them from another version brings them into this form.
 */
export interface NftTable {
  readonly family: 'ip' | 'ip6';
  readonly name: string;
  /** By the name of the map or set: `map` or `set`, then its properties: `map typeof ...; flags ...`. */
  readonly declarations: ReadonlyMap<string, string>;
  /**
   * By the name of the map or set, what it maps: `172.30.0.1 . tcp . 80` to `0:8010`; to '' in a set.
   * Containers that packets fill are not in here.
   */
  readonly elements: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The rules by their chain; those of a base chain begin with its hook: `type nat hook ...; policy accept;`. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
}

/** The map that packets fill; its elements are never compared. */
export const AFFINITY_MAP = 'affinity';
