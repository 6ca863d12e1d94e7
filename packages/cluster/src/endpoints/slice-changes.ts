import type { EndpointSlice } from '@shunt/model';

/** What a controller writes of EndpointSlices: each slice is at most in one of the lists. */
export interface SliceChanges {
  readonly create: readonly EndpointSlice[];
  /** Slices under the names that they have, with new contents. */
  readonly update: readonly EndpointSlice[];
  readonly delete: readonly EndpointSlice[];
}

/** Something that a controller would record as an Event of the object. */
export interface ControllerEvent {
  readonly type: 'Normal' | 'Warning';
  /** `TopologyAwareHintsDisabled`. */
  readonly reason: string;
  readonly message: string;
}
