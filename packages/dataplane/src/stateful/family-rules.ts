/**
 * What the rules say, without memory, for packets of one IP family: a match table, or anything else that
 * answers packets. Numbers of frontends, backends and service ports are its own.
 */
export interface FamilyRules {
  /**
   * Called before the first and behind the last call of the others for some packets: between the two, numbers
   * keep their meaning.
   */
  beginBatch?(): void;
  endBatch?(): void;
  /** Answers packets 0 to `count` - 1 with verdict records. */
  lookup(packets: Uint32Array, verdicts: Uint32Array, count: number): void;
  /** Whom a frontend belongs to. */
  servicePort(frontend: number): number;
  /** The idle timeout of its ClientIP affinity; 0: none. */
  affinitySeconds(frontend: number): number;
  /**
   * Sends a packet to a backend that its client had before, if the packet's action may still pick it: one of
   * the same address and port. Rewrites its verdict then, masquerade of hairpins included.
   * @param verdict - word offset of the packet's verdict, a `dnat`
   * @param backend - the index that it had
   * @param address - where its address is in `words`
   * @returns false, and the verdict is as it was, if the backend cannot be picked any more
   */
  redirect(
    packets: Uint32Array,
    packet: number,
    verdicts: Uint32Array,
    verdict: number,
    backend: number,
    words: Uint32Array,
    address: number,
    port: number,
  ): boolean;
}
