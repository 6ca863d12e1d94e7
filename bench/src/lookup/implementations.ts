import type { Family } from '@shunt/model';
import { evaluator } from './evaluator.js';
import type { Implementation } from './implementation.js';
import { lookupBatch, usualLookupBatch } from './lookup-batch.js';
import { lookupNumbers, lookupObject, lookupStrings } from './lookup-scalar.js';
import { stringMap } from './string-map.js';

/** What the others are compared with. */
export const LOOKUP_BASELINE: Readonly<Record<Family, Implementation>> = {
  IPv4: stringMap,
  IPv6: lookupObject,
};

/** Every implementation in TypeScript. The first one's answers are what the others are held to. */
export const IMPLEMENTATIONS: readonly Implementation[] = [
  evaluator,
  stringMap,
  lookupObject,
  lookupStrings,
  lookupNumbers,
  lookupBatch({ kernels: 'typescript', batchPackets: 4_096, inPlace: false }),
  lookupBatch({ kernels: 'webassembly', batchPackets: 64, inPlace: false }),
  usualLookupBatch,
  lookupBatch({ kernels: 'webassembly', batchPackets: 4_096, inPlace: true }),
];

/** Those that can do a family. */
export function implementationsFor(family: Family): readonly Implementation[] {
  return IMPLEMENTATIONS.filter(({ families }) => families.includes(family));
}
