import { emitTable } from '@shunt/compiler';
import { Dataplane, type LookupResult } from '@shunt/dataplane';
import type { Packet } from '@shunt/model';
import { BOTH_FAMILIES, type Implementation } from './implementation.js';

/** `Dataplane.lookup`: one packet object in, one verdict object out. */
export const lookupObject: Implementation = {
  name: 'lookup, an object a packet',
  families: BOTH_FAMILIES,
  prepare(ruleset, packets, seed) {
    const { image } = emitTable(ruleset, { seed });
    const dataplane = Dataplane.load(image);
    let last: LookupResult | null = null;
    const run = (first: number, count: number): void => {
      for (let index = first; index < first + count; index++) {
        last = dataplane.lookup(packets.objects[index] as Packet);
      }
    };
    return {
      bytes: image.byteLength,
      run,
      answers: () => (index) => {
        run(index, 1);
        const { verdict, backend, masquerade } = last as LookupResult;
        return { verdict, address: backend?.address ?? 0, port: backend?.port ?? 0, masquerade };
      },
    };
  },
};
