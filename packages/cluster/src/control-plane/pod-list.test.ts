import type { Pod } from '@shunt/model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PodList } from './pod-list.js';

it('has the Pods that were added and not removed, as they were put last, in the order of their names', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.boolean(), fc.boolean()));
  fc.assert(
    fc.property(steps, (changes) => {
      const list = new PodList();
      const plain = new Map<string, Pod>();
      for (const [number, removes, reads] of changes) {
        const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: `pod-${number}` } };
        const { name } = pod.metadata;
        if (removes) {
          if (plain.delete(name)) list.remove(pod);
        } else {
          if (plain.has(name)) list.replace(pod);
          else list.add(pod);
          plain.set(name, pod);
        }
        if (reads) expect(list.pods).toEqual([...plain.values()].sort(order));
      }
      expect(list.pods).toEqual([...plain.values()].sort(order));
    }),
  );
});

function order(a: Pod, b: Pod): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
