import type { Pod, Service } from '@shunt/model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { selects } from '../endpoints/selector.js';
import { PodIndex } from './pod-index.js';

const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), { maxKeys: 2 });
const namespace = fc.constantFrom('one', 'two');

const pod: fc.Arbitrary<Pod> = fc
  .record({
    name: fc.constantFrom('p', 'q', 'r'),
    namespace,
    labels,
    nodeName: fc.constantFrom('m', 'n', ''),
  })
  .map(({ nodeName, ...metadata }) => ({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName } }));

const service: fc.Arbitrary<Service> = fc
  .record({ name: fc.constantFrom('s', 't', 'u', 'v', 'w', 'x'), namespace, selector: labels })
  .map(({ name, namespace: own, selector }) => {
    return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: own }, spec: { selector } };
  });

const one: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'any', namespace: 'one' },
  spec: {},
};

const keyOf = ({ metadata }: Pod | Service): string => `${metadata.namespace}/${metadata.name}`;

/** Puts an object into an index and a plain map, or takes the one of its name out. */
const change = fc.record({ object: fc.oneof(pod, service), isGone: fc.boolean(), asks: fc.boolean() });

it('says of every Service and Node what asking each Pod would say, after any changes', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const index = new PodIndex();
      const pods = new Map<string, Pod>();
      const services = new Map<string, Service>();
      const selecting = (it: Pod): string[] =>
        [...services].flatMap(([key, own]) => (selects(own, it) ? [key] : []));
      for (const { object, isGone, asks } of changes) {
        const key = keyOf(object);
        if (object.kind === 'Service') {
          index.setService(key, isGone ? undefined : (object as Service));
          if (isGone) services.delete(key);
          else services.set(key, object as Service);
        } else {
          const previous = pods.get(key);
          const next = isGone ? undefined : (object as Pod);
          const affected = [previous, next].flatMap((it) => (it === undefined ? [] : selecting(it)));
          if (previous !== undefined || next !== undefined) {
            expect(new Set(index.setPod(previous, next))).toEqual(new Set(affected));
          }
          pods.delete(key);
          if (next !== undefined) pods.set(key, next);
        }
        if (!asks) continue;
        for (const own of services.values()) {
          const wanted = [...pods.values()].filter((it) => selects(own, it));
          const found = index.podsOf(keyOf(own)).map((it) => it.pod);
          expect(found).toEqual(wanted.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)));
        }
        for (const node of ['m', 'n']) {
          const on = [...pods.values()].filter(({ spec }) => spec?.nodeName === node);
          expect(index.servicesOn(node)).toEqual(new Set(on.flatMap(selecting)));
        }
        const inOne = [...pods.values()].filter(({ metadata }) => metadata.namespace === 'one');
        expect(new Set(index.podsIn('one'))).toEqual(new Set(inOne));
        for (const { spec } of services.values()) {
          const { selector = {} } = spec;
          const wanted = inOne.filter((it) => selects({ ...one, spec: { selector } }, it));
          expect(new Set(index.matchingOutside('two', selector))).toEqual(new Set(wanted));
        }
      }
    }),
    { numRuns: 300 },
  );
});
