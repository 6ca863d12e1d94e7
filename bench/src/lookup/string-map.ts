import { PACKET4_WORDS, VERDICT4_WORDS } from '@shunt/model';
import type { Implementation } from './implementation.js';
import { StringMapLookup } from './string-map-lookup.js';
import { answerOfRecord } from './verdict-records.js';

/** The baseline: what one writes first, a JavaScript `Map` with text keys. From and to the same records. */
export const stringMap: Implementation = {
  name: 'Map with string keys',
  prepare(ruleset, packets, seed) {
    const lookup = new StringMapLookup(ruleset, seed);
    const verdicts = new Uint32Array(packets.count * VERDICT4_WORDS);
    return {
      run(first, count) {
        for (let index = first; index < first + count; index++) {
          lookup.answer(packets.records, index * PACKET4_WORDS, verdicts, index * VERDICT4_WORDS);
        }
      },
      answer: (index) => answerOfRecord(verdicts, index),
    };
  },
};
