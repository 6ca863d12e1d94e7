import { type Family, readVerdict, verdictWords } from '@shunt/model';
import type { Answers } from './implementation.js';

/** The answers in verdict records of a family. */
export function answersOfRecords(verdicts: Uint32Array, family: Family): Answers {
  return (index) => {
    const { verdict, backend, masquerade } = readVerdict(verdicts, index, family);
    return { verdict, address: backend?.address ?? 0, port: backend?.port ?? 0, masquerade };
  };
}

/** Room for the verdicts of a call, which every call overwrites, as in a program that works in batches. */
export function verdictRoom(packetCount: number, family: Family): Uint32Array {
  return new Uint32Array(packetCount * verdictWords(family));
}
