/** What the thread that looks up and the one that patches tell each other, in shared memory. */
import type { DataplaneHandle } from '@shunt/dataplane';

/** A word of the control: phases are numbered on; in odd ones the reader reads, in even ones it rests. */
export const PHASE = 0;
/** The phase that the reader is in. */
export const ARRIVED = 1;
/** Batches of the phase that has just ended. */
export const BATCHES = 2;
export const CONTROL_WORDS = 16;

/** The reader's thread is to end. */
export const PHASE_STOP = -1;

/** What a reader is given. */
export interface ReaderTask {
  readonly table: DataplaneHandle;
  readonly control: Int32Array;
  /** Milliseconds of each batch of a phase, as far as there is room. */
  readonly times: Float64Array;
  /** Records, in the table's memory. */
  readonly packets: Uint32Array;
  /** Room for those of a batch, there as well. */
  readonly verdicts: Uint32Array;
  readonly batchPackets: number;
}
