/** Ends the UDP flows that a change of the rules left at endpoints that are gone. */
import { ConntrackPlanner, type ServicePort } from '@shunt/compiler';
import { FAMILIES } from '@shunt/model';
import { type ConntrackTable, trackedFlow } from './conntrack-entry.js';

export class ConntrackCleaner {
  readonly #table: ConntrackTable;

  constructor(table: ConntrackTable) {
    this.#table = table;
  }

  /**
   * Deletes the entries that the plan says, and no other. To be called when the new rules are in force: before,
   * the next packet would make the same entry again.
   * @param sweep - `ChangePlan.sweep`; at the first load all service ports, since nobody knows what was missed
   * @returns how many entries were deleted
   * @throws {DriverError} if the kernel refuses
   */
  async clean(sweep: readonly ServicePort[]): Promise<number> {
    const looked = sweep.filter(({ protocol, servingEndpoints }) => {
      return protocol === 'UDP' && servingEndpoints.length > 0;
    });
    const planner = new ConntrackPlanner({ servicePorts: looked });
    let deleted = 0;
    for (const family of FAMILIES) {
      if (!looked.some((port) => port.family === family)) continue;
      const stale = await this.#table.find(family, (entry) => planner.plan(trackedFlow(entry)) === 'delete');
      deleted += await this.#table.delete(stale);
    }
    return deleted;
  }
}
