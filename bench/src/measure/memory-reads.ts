import { type Random, shuffle } from '../workload/random.js';
import type { Contestant } from './rounds.js';

const BYTES = 1 << 22;
const WORDS_OF_LINE = 16;
const READS_PER_RUN = 4_096;

/**
 * Reads memory of the size of a large table, each time where the word says that was read before: what a cache miss
 * costs who has to wait for it. A cache that others on the machine share answers in a tenth of the time while it is
 * left to this process, so this tells what times of lookups are to be compared with.
 */
export function memoryReads(random: Random): Contestant {
  const words = circle(random);
  let at = 0;
  return {
    name: 'memory',
    unitsPerRun: READS_PER_RUN,
    run() {
      for (let read = 0; read < READS_PER_RUN; read++) at = words[at] as number;
    },
  };
}

/** A word in each cache line that leads to the next one, all of them in one circle by chance. */
function circle(random: Random): Uint32Array {
  const words = new Uint32Array(BYTES / Uint32Array.BYTES_PER_ELEMENT);
  const lines = Array.from({ length: words.length / WORDS_OF_LINE }, (_, line) => line * WORDS_OF_LINE);
  const order = shuffle(random, lines);
  order.forEach((line, place) => {
    words[line] = order[(place + 1) % order.length] as number;
  });
  return words;
}
