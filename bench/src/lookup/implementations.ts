import { evaluator } from './evaluator.js';
import type { Implementation } from './implementation.js';
import { lookupBatch } from './lookup-batch.js';
import { lookupObject } from './lookup-object.js';
import { stringMap } from './string-map.js';

/** What the others are compared with. */
export const LOOKUP_BASELINE: Implementation = stringMap;

/** Every implementation. The first one's answers are what the others are held to. */
export const IMPLEMENTATIONS: readonly Implementation[] = [
  evaluator,
  stringMap,
  lookupObject,
  lookupBatch(64),
  lookupBatch(4096),
];
