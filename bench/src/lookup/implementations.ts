import type { Family } from '@shunt/model';
import { evaluator } from './evaluator.js';
import type { Implementation } from './implementation.js';
import { lookupBatch } from './lookup-batch.js';
import { lookupObject } from './lookup-object.js';
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
  lookupBatch(64),
  lookupBatch(4096),
];

/** Those that can do a family. */
export function implementationsFor(family: Family): readonly Implementation[] {
  return IMPLEMENTATIONS.filter(({ families }) => families.includes(family));
}
