import { PACKET4_WORDS, VERDICT4_WORDS } from '@shunt/model';
import type { Implementation } from './implementation.js';
import { StringMapLookup } from './string-map-lookup.js';
import { answersOfRecords, verdictRoom } from './verdict-records.js';

/** As many verdicts as a call of {@link lookupBatch} writes at most. */
const ROOM_PACKETS = 4_096;

/** What one writes first: a JavaScript `Map` with text keys. From and to the same records. */
export const stringMap: Implementation = {
  name: 'Map with string keys',
  families: ['IPv4'],
  prepare(ruleset, { records, count }, seed) {
    const lookup = new StringMapLookup(ruleset, seed);
    const room = verdictRoom(ROOM_PACKETS, 'IPv4');
    return {
      bytes: null,
      run(first, runCount) {
        for (let index = first; index < first + runCount; index++) {
          lookup.answer(records, index * PACKET4_WORDS, room, (index % ROOM_PACKETS) * VERDICT4_WORDS);
        }
      },
      answers() {
        const all = verdictRoom(count, 'IPv4');
        for (let index = 0; index < count; index++) {
          lookup.answer(records, index * PACKET4_WORDS, all, index * VERDICT4_WORDS);
        }
        return answersOfRecords(all, 'IPv4');
      },
    };
  },
};
