import { readVerdict } from '@shunt/model';
import type { Answer } from './implementation.js';

/** The answer in the IPv4 verdict record number `index`. */
export function answerOfRecord(verdicts: Uint32Array, index: number): Answer {
  const { verdict, backend, masquerade } = readVerdict(verdicts, index, 'IPv4');
  return { verdict, address: (backend?.address ?? 0) as number, port: backend?.port ?? 0, masquerade };
}
