import { HEADER_GENERATION, HEADER_HEAP_END, HEAP_START } from '@shunt/model';
import type { Ruleset, ServicePort } from '../../ruleset/types.js';
import { guessWords, imageOf, seal, type TableOptions, type WrittenTable, writeTable } from './emit-table.js';
import { Heap } from './heap.js';
import { ShadowTable } from './shadow-table.js';

/**
 * Emits a ruleset into a shadow.
 * @param room - words behind the heap's end; below 0: minus the words in all
 */
export function shadowOf(
  ruleset: Ruleset,
  options: TableOptions & { readonly generation?: number },
  room: number,
  numberOf?: (servicePort: ServicePort) => number,
): { shadow: ShadowTable; table: WrittenTable } {
  const shadow = new ShadowTable((onTake) => Heap.growing(guessWords(ruleset), onTake));
  const table = writeTable(shadow.heap, ruleset, numberOf);
  const end = shadow.image[HEADER_HEAP_END] as number;
  const capacityWords = room < 0 ? Math.max(0, -room - end) : room;
  const image = imageOf(shadow.image, capacityWords, false);
  image[HEADER_GENERATION] = options.generation ?? 0;
  seal(image, ruleset, options);
  shadow.image.set(image.subarray(0, HEAP_START));
  return { shadow, table };
}
