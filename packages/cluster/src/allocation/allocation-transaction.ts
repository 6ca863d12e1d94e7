import type { Family } from '@shunt/model';
import type { RandomSource } from '../random.js';
import type { AllocationError, Picked } from './allocation-error.js';
import type { ClusterIps } from './cluster-ips.js';
import type { PortRange } from './port-range.js';

/** What a change of a Service took from the pools and gave back to them. */
export interface AllocationChanges {
  /** As they stand in the Service. */
  readonly allocatedIPs: readonly string[];
  readonly releasedIPs: readonly string[];
  readonly allocatedPorts: readonly number[];
  readonly releasedPorts: readonly number[];
}

export const NO_CHANGES: AllocationChanges = {
  allocatedIPs: [],
  releasedIPs: [],
  allocatedPorts: [],
  releasedPorts: [],
};

/** The pools that Services have their addresses and node ports from. */
export interface ServicePools {
  readonly clusterIPs: ClusterIps;
  readonly nodePorts: PortRange;
}

export interface AllocationOptions {
  /** Who gets what is allocated: `Service default/web`. */
  readonly owner: string;
  readonly random: RandomSource;
  /**
   * Nothing is kept. Of cluster IPs only the range is looked at, and the network address stands for any
   * that would be picked; node ports are taken until the end.
   */
  readonly dryRun: boolean;
}

/**
 * One change of one Service: takes at once, gives back only on commit, so that somebody else cannot get
 * what a refused change still needs. It ends with exactly one of {@link commit} and {@link revert}.
 */
export class AllocationTransaction {
  readonly #pools: ServicePools;
  readonly #options: AllocationOptions;
  readonly #takenIPs: string[] = [];
  readonly #takenPorts: number[] = [];
  readonly #leftIPs: string[] = [];
  readonly #leftPorts: number[] = [];

  constructor(pools: ServicePools, options: AllocationOptions) {
    this.#pools = pools;
    this.#options = options;
  }

  /** @returns `null` when the address is taken */
  allocateIP(text: string): AllocationError | null {
    const { owner, dryRun } = this.#options;
    const error = this.#pools.clusterIPs.allocate(text, owner, dryRun);
    if (error === null && !dryRun) this.#takenIPs.push(text);
    return error;
  }

  allocateNextIP(family: Family): Picked<string> {
    const { owner, random, dryRun } = this.#options;
    const next = this.#pools.clusterIPs.allocateNext(family, owner, random, dryRun);
    if (next.error === null && !dryRun) this.#takenIPs.push(next.value);
    return next;
  }

  /** @returns `null` when the port is taken */
  allocatePort(port: number): AllocationError | null {
    const error = this.#pools.nodePorts.allocate(port, this.#options.owner);
    if (error === null) this.#takenPorts.push(port);
    return error;
  }

  allocateNextPort(): Picked<number> {
    const next = this.#pools.nodePorts.allocateNext(this.#options.owner, this.#options.random);
    if (next.error === null) this.#takenPorts.push(next.value);
    return next;
  }

  releaseIPOnCommit(text: string): void {
    this.#leftIPs.push(text);
  }

  releasePortOnCommit(port: number): void {
    this.#leftPorts.push(port);
  }

  /** Gives back what is to be given back. A dry run ends like a refused change. */
  commit(): AllocationChanges {
    const { owner, dryRun } = this.#options;
    if (dryRun) {
      this.revert();
      return NO_CHANGES;
    }
    const { clusterIPs, nodePorts } = this.#pools;
    return {
      allocatedIPs: this.#takenIPs,
      releasedIPs: this.#leftIPs.filter((text) => clusterIPs.release(text, owner)),
      allocatedPorts: this.#takenPorts,
      releasedPorts: this.#leftPorts.filter((port) => nodePorts.release(port, owner)),
    };
  }

  /** Gives back what was taken. */
  revert(): void {
    for (const text of this.#takenIPs) this.#pools.clusterIPs.release(text, this.#options.owner);
    for (const port of this.#takenPorts) this.#pools.nodePorts.release(port, this.#options.owner);
  }
}
