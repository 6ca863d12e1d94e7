import type { ServicePort } from '@shunt/compiler';

/** Deletes tracked flows from the kernel that no live endpoint answers. */
export interface FlowCleaner {
  /**
   * Looks at the UDP flows to the service ports and deletes those that a `ConntrackPlanner` of just these
   * says to delete.
   * @returns how many were deleted
   */
  clean(servicePorts: readonly ServicePort[]): Promise<number>;
}
