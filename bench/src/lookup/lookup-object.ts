import { emitTable } from '@shunt/compiler';
import { Dataplane, type LookupResult } from '@shunt/dataplane';
import type { Packet } from '@shunt/model';
import type { Implementation } from './implementation.js';

/** `Dataplane.lookup`: one packet object in, one verdict object out. */
export const lookupObject: Implementation = {
  name: 'lookup, an object a packet',
  prepare(ruleset, packets, seed) {
    const dataplane = Dataplane.load(emitTable(ruleset, { seed }).image);
    let last: LookupResult | null = null;
    const run = (first: number, count: number): void => {
      for (let index = first; index < first + count; index++) {
        last = dataplane.lookup(packets.objects[index] as Packet);
      }
    };
    return {
      run,
      answer(index) {
        run(index, 1);
        const { verdict, backend, masquerade } = last as LookupResult;
        return { verdict, address: (backend?.address ?? 0) as number, port: backend?.port ?? 0, masquerade };
      },
    };
  },
};
