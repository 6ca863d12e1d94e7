import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReadPod } from '../endpoints/read-pod.js';
import { SelectedPods } from './pod-list.js';

const nameOf = ({ pod }: ReadPod): string => pod.metadata.name;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function readPod(number: number, podIP: string): ReadPod {
  const metadata = { name: `pod-${number}` };
  return new ReadPod({ apiVersion: 'v1', kind: 'Pod', metadata, status: { podIP } });
}

it.each([0, 40])('selected Pods are in order of names and, beside %i others, of addresses', (others) => {
  const address = fc.constantFrom('10.0.0.9', '10.0.0.10', '10.0.0.11', '');
  const changes = fc.array(fc.tuple(fc.nat(9), address, fc.boolean(), fc.boolean()));
  fc.assert(
    fc.property(changes, (steps) => {
      const selected = new SelectedPods();
      const plain = new Map<string, ReadPod>();
      const put = (read: ReadPod, isGone: boolean): void => {
        selected.change(plain.get(nameOf(read)) ?? null, isGone ? null : read);
        if (isGone) plain.delete(nameOf(read));
        else plain.set(nameOf(read), read);
      };
      for (let i = 0; i < others; i++) put(readPod(100 + i, `10.1.0.${i}`), false);
      for (const [number, podIP, isGone, asks] of steps) {
        put(readPod(number, podIP), isGone);
        if (!asks) continue;
        const byName = [...plain.values()].sort((a, b) => compare(nameOf(a), nameOf(b)));
        expect(selected.byName).toEqual(byName);
        const byAddress = byName.toSorted((a, b) => compare(a.firstAddress, b.firstAddress));
        expect(selected.byAddress).toEqual(others === 0 ? byName : byAddress);
      }
    }),
  );
});
