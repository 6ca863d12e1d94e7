import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReadPod } from '../endpoints/read-pod.js';
import { PodList } from './pod-list.js';

it('has the Pods that were added and not removed, as they were put last, in the order of their names', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.boolean(), fc.boolean()));
  fc.assert(
    fc.property(steps, (changes) => {
      const list = new PodList();
      const plain = new Map<string, ReadPod>();
      for (const [number, removes, reads] of changes) {
        const name = `pod-${number}`;
        const pod = new ReadPod({ apiVersion: 'v1', kind: 'Pod', metadata: { name } });
        if (removes) {
          if (plain.delete(name)) list.remove(name);
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

function order({ pod: a }: ReadPod, { pod: b }: ReadPod): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
