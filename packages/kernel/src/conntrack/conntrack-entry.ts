/** Entries of the kernel's connection tracking, as far as the cleanup of UDP flows looks at them. */
import type { TrackedFlow } from '@shunt/compiler';
import type { Address, Family } from '@shunt/model';

/** One UDP flow that the kernel remembers. */
export interface ConntrackEntry {
  readonly family: Family;
  readonly source: Address;
  readonly sourcePort: number;
  /** Where the client sent it. */
  readonly destination: Address;
  readonly destinationPort: number;
  /** Who answers. */
  readonly replySource: Address;
  readonly replySourcePort: number;
  /** 0 but for flows that some rule put into a zone. */
  readonly zone: number;
}

/** The UDP flows of one network namespace. */
export interface ConntrackTable {
  /**
   * @param isWanted - asked once for each entry
   * @throws {DriverError} if they cannot be read
   */
  find(family: Family, isWanted: (entry: ConntrackEntry) => boolean): Promise<ConntrackEntry[]>;
  /**
   * Deletes entries that {@link find} gave: all those with a destination and an answerer.
   * @returns how many were there still
   * @throws {DriverError} if that is refused
   */
  delete(entries: readonly ConntrackEntry[]): Promise<number>;
}

export function trackedFlow(entry: ConntrackEntry): TrackedFlow {
  return {
    family: entry.family,
    protocol: 'UDP',
    originalDestination: entry.destination,
    originalDestinationPort: entry.destinationPort,
    replySource: entry.replySource,
    replySourcePort: entry.replySourcePort,
  };
}
