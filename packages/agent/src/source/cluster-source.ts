import type { ClusterState, ObjectReference, SourcePosition } from '@shunt/model';

/** Where the objects of a cluster come from. */
export interface ClusterSource {
  /** In words, for the log: `folder /etc/shunt`. */
  readonly name: string;
  /**
   * Begins to keep the state as the source is. Returns at once; problems go to the log, and what can be
   * tried again is.
   * @param state - nobody else writes into it
   * @param synced - called once, when the state holds all that there is
   */
  start(state: ClusterState, synced: () => void): void;
  /** The state changes no more when this is done. */
  stop(): Promise<void>;
  /** Where an object, or a field of it, is written; `null`: in no file. */
  locate?(reference: ObjectReference): SourcePosition | null;
}
