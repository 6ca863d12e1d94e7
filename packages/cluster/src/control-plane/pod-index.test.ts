import type { Pod, Service } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selects } from '../endpoints/selector.js';
import { PodIndex } from './pod-index.js';
import { keyOf } from './service-key.js';

type Labels = Readonly<Record<string, string>>;

function pod(
  name: string,
  labels: Labels | undefined,
  rest: { namespace?: string; nodeName?: string } = {},
): Pod {
  const { namespace = 'default', nodeName } = rest;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
    ...(nodeName === undefined ? {} : { spec: { nodeName } }),
  };
}

function service(
  name: string,
  selector: Labels | undefined,
  type: Service['spec']['type'] = 'ClusterIP',
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type, ...(selector === undefined ? {} : { selector }) },
  };
}

function indexOf(services: readonly Service[], pods: readonly Pod[]): PodIndex {
  const index = new PodIndex();
  for (const it of services) index.setService(keyOf(it), it);
  for (const it of pods) index.setPod(undefined, it);
  return index;
}

const namesOf = (index: PodIndex, key: string): string[] =>
  index.podsOf(key).map(({ pod: { metadata } }) => metadata.name);

/** What a Pod that comes and goes at once touches. */
function servicesOf(index: PodIndex, it: Pod): readonly string[] {
  const touched = index.setPod(undefined, it);
  index.setPod(it, undefined);
  return [...touched].sort();
}

describe('the index of Pods', () => {
  it('finds Pods by all pairs of a selector, in the namespace of the Service', () => {
    const index = indexOf(
      [service('web', { app: 'web', tier: 'front' })],
      [
        pod('both', { app: 'web', tier: 'front', more: 'x' }),
        pod('one', { app: 'web' }),
        pod('other', { app: 'web', tier: 'back' }),
        pod('none', undefined),
        pod('elsewhere', { app: 'web', tier: 'front' }, { namespace: 'shop' }),
      ],
    );
    expect(namesOf(index, 'default/web')).toEqual(['both']);
    expect(servicesOf(index, pod('new', { tier: 'front', app: 'web' }))).toEqual(['default/web']);
    expect(servicesOf(index, pod('new', { app: 'web' }))).toEqual([]);
  });

  it('has no Pods for a Service without a selector, with an empty one, or that is only a name', () => {
    const all = [service('a', undefined), service('b', {}), service('c', { app: 'web' }, 'ExternalName')];
    const index = indexOf(all, [pod('web', { app: 'web' })]);
    for (const it of all) expect(namesOf(index, keyOf(it))).toEqual([]);
  });

  it.each([1, 9])('finds the Pods that were there before %i Services', (count) => {
    const index = indexOf([], [pod('web', { app: 'web' }), pod('api', { app: 'api' })]);
    const services = Array.from({ length: count }, (_, i) => service(`s${i}`, { app: 'web' }));
    for (const it of services) index.setService(keyOf(it), it);
    for (const it of services) expect(namesOf(index, keyOf(it))).toEqual(['web']);
  });

  it('follows a selector that changes, and forgets a Service that is gone', () => {
    const index = indexOf(
      [service('s', { app: 'web' })],
      [pod('web', { app: 'web' }), pod('api', { app: 'api' })],
    );
    expect(namesOf(index, 'default/s')).toEqual(['web']);
    index.setService('default/s', service('s', { app: 'api' }));
    expect(namesOf(index, 'default/s')).toEqual(['api']);
    index.setService('default/s', undefined);
    expect(namesOf(index, 'default/s')).toEqual([]);
    expect(servicesOf(index, pod('new', { app: 'api' }))).toEqual([]);
  });

  it('names the Services of the Pods on a node', () => {
    const index = indexOf([service('s', { app: 'web' }), service('t', { app: 'api' })], []);
    const web = pod('web', { app: 'web' }, { nodeName: 'n1' });
    index.setPod(undefined, web);
    expect([...index.servicesOn('n1')]).toEqual(['default/s']);
    index.setPod(web, pod('web', { app: 'api' }, { nodeName: 'n2' }));
    expect([...index.servicesOn('n1')]).toEqual([]);
    expect([...index.servicesOn('n2')]).toEqual(['default/t']);
  });

  it('keeps namespaces apart', () => {
    const index = indexOf([], [pod('a', {}), pod('a', {}, { namespace: 'shop' })]);
    expect([...index.podsIn('shop')]).toHaveLength(1);
    expect([...index.podsIn('default')]).toHaveLength(1);
  });

  it('finds the Pods of other namespaces that have all labels, as they are now', () => {
    const both = { app: 'web', tier: 'front' };
    const away = pod('a', both, { namespace: 'shop' });
    const index = indexOf([], [pod('b', both), away, pod('c', { app: 'web' }, { namespace: 'shop' })]);
    expect(index.matchingOutside('default', both)).toEqual([away]);
    expect(index.matchingOutside('default', { app: 'api' })).toEqual([]);
    expect(index.matchingOutside('default', {})).toEqual([]);
    index.setPod(away, undefined);
    expect(index.matchingOutside('default', both)).toEqual([]);
  });

  it('answers as a search through all Pods and Services would, after any changes', () => {
    const some = fc.constantFrom('a', 'b', 'c');
    const labels = fc.dictionary(fc.constantFrom('app', 'tier', '__proto__'), fc.constantFrom('x', 'y'), {
      maxKeys: 2,
    });
    const step = fc.oneof(
      fc.record({ name: some, labels, nodeName: fc.constantFrom('n1', 'n2') }),
      fc.record({ name: some, selector: labels }),
      fc.record({ gone: fc.constantFrom('pod', 'service'), name: some }),
      fc.constant('asked' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const index = new PodIndex();
        const pods = new Map<string, Pod>();
        const services = new Map<string, Service>();
        for (const does of steps) {
          if (does === 'asked') {
            index.podsOf('default/a');
            index.servicesOn('n1');
          } else if ('labels' in does) {
            const next = pod(does.name, does.labels, does);
            index.setPod(pods.get(does.name), next);
            pods.set(does.name, next);
          } else if ('selector' in does) {
            const next = service(does.name, does.selector);
            index.setService(keyOf(next), next);
            services.set(does.name, next);
          } else if (does.gone === 'pod') {
            if (pods.has(does.name)) index.setPod(pods.get(does.name), undefined);
            pods.delete(does.name);
          } else {
            index.setService(`default/${does.name}`, undefined);
            services.delete(does.name);
          }
        }
        for (const it of services.values()) {
          const selected = [...pods.values()].filter((each) => selects(it, each));
          expect(namesOf(index, keyOf(it))).toEqual(selected.map(({ metadata }) => metadata.name).sort());
        }
        for (const node of ['n1', 'n2']) {
          const on = [...pods.values()].filter(({ spec }) => spec?.nodeName === node);
          const touched = on.flatMap((it) => [...services.values()].filter((each) => selects(each, it)));
          expect(index.servicesOn(node)).toEqual(new Set(touched.map(keyOf)));
        }
        for (const it of pods.values()) {
          const selecting = [...services.values()].filter((each) => selects(each, it));
          expect([...new Set(index.setPod(it, it))].sort()).toEqual(selecting.map(keyOf).sort());
        }
      }),
      { numRuns: 500 },
    );
  });
});
