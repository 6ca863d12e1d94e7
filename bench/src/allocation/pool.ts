/** What addresses or ports are given out from. */
export interface Pool {
  /** How many there are. */
  readonly size: number;
  /** Gives any out, as text; `null` when none is left. */
  allocate(owner: string): string | null;
  /** Takes one back. */
  release(text: string, owner: string): void;
}

/** A way to keep such a pool. Pools of the same range make the same picks. */
export interface PoolImplementation {
  readonly name: string;
  open(): Pool;
}
