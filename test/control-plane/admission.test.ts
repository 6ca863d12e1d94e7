import { type ControlPlane, withoutNulls } from '@shunt/cluster';
import { checkStructure, referenceTo, type Service } from '@shunt/model';
import { brokenObjects, manifests, writtenServices } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dump, faultsOf, planeOver } from './planes.js';

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const byName = {
  selector: ({ metadata }: Service) => `${metadata.namespace}/${metadata.name}`,
  maxLength: 8,
};
const contenders = fc.uniqueArray(writtenServices({ names }), byName);
const modest = fc.uniqueArray(writtenServices({ names, asks: false }), byName);

const keyOf = ({ metadata }: Service): string => `${metadata.namespace}/${metadata.name}`;
const specsOf = ({ state }: ControlPlane): object =>
  Object.fromEntries(state.list('Service').map((service) => [keyOf(service), service.spec]));

/** What was picked for a Service: its addresses and ports. */
function picksOf({ spec }: Service): string[] {
  const ports = (spec.ports ?? []).map(({ nodePort }) => nodePort);
  return [...(spec.clusterIPs ?? []), ...new Set([...ports, spec.healthCheckNodePort])].flatMap((it) =>
    it && it !== 'None' ? [String(it)] : [],
  );
}

/**
 * Whether a manifest, sent again, asks for something else than it got, as an API server sees it: to give
 * the second family up that the cluster added, or for a node port apart from the one that a port shares.
 */
function asksForLess(service: Service, { state }: ControlPlane): boolean {
  const stored = state.service(service.metadata.namespace ?? '', service.metadata.name);
  const ports = (stored?.spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []);
  const isShared = new Set(ports).size < ports.length;
  const isNamed = service.spec.ports?.some(({ nodePort }) => nodePort !== undefined) ?? false;
  const losesFamily = service.spec.ipFamilies?.length === 1 && stored?.spec.ipFamilies?.length === 2;
  return losesFamily || (isShared && isNamed);
}

describe('a Service as people write it', () => {
  it('is admitted by a cluster of both families', () => {
    fc.assert(
      fc.property(writtenServices(), (service) => {
        expect(planeOver().apply(service)).toMatchObject({ object: { kind: 'Service' } });
      }),
      { numRuns: 300 },
    );
  });

  it('is refused or not, and when refused changes nothing, not even what is picked next', () => {
    let refused = 0;
    fc.assert(
      fc.property(contenders, writtenServices({ names: ['z'], asks: false }), (services, next) => {
        const plane = planeOver();
        for (const service of services) {
          const before = dump(plane);
          if (plane.apply(service).object !== null) continue;
          refused++;
          expect(dump(plane)).toBe(before);
        }
        const other = planeOver();
        for (const service of services) {
          if (plane.state.service(service.metadata.namespace ?? '', service.metadata.name) !== undefined) {
            other.apply(service);
          }
        }
        expect(plane.apply(next)).toEqual(other.apply(next));
      }),
      { numRuns: 200 },
    );
    expect(refused).toBeGreaterThan(10);
  });

  it('is valid as it is stored, and no address or port is held twice', () => {
    fc.assert(
      fc.property(contenders, contenders, (services, others) => {
        const plane = planeOver();
        for (const service of [...services, ...others]) plane.apply(service);
        expect(faultsOf(plane)).toEqual([]);
        plane.reconcile();
        expect(faultsOf(plane)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('is taken again as it is stored, and as it was written, and nothing of it changes', () => {
    fc.assert(
      fc.property(contenders, (services) => {
        const plane = planeOver();
        const admitted = services.filter((service) => plane.apply(service).object !== null);
        const before = specsOf(plane);
        const whole = admitted.filter((service) => !asksForLess(service, plane));
        for (const service of [...plane.state.list('Service'), ...whole]) {
          const { object, diagnostics } = plane.apply(service);
          expect(object, JSON.stringify([service, diagnostics])).not.toBeNull();
        }
        expect(specsOf(plane)).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });
});

describe('Services in any order', () => {
  it('end valid', () => {
    const shuffled = contenders.chain((services) =>
      fc.shuffledSubarray(services, { minLength: services.length }),
    );
    fc.assert(
      fc.property(shuffled, (services) => {
        const plane = planeOver();
        for (const service of services) plane.apply(service);
        expect(faultsOf(plane)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('get the same when they ask for nothing and their picks differ', () => {
    let same = 0;
    const orders = modest.chain((services) =>
      fc.tuple(fc.constant(services), fc.shuffledSubarray(services, { minLength: services.length })),
    );
    fc.assert(
      fc.property(orders, ([services, shuffled]) => {
        const picks = services.flatMap((service) => picksOf(planeOver().apply(service).object as Service));
        if (new Set(picks).size < picks.length) return;
        same++;
        const [one, other] = [planeOver(), planeOver()];
        for (const service of services) one.apply(service);
        for (const service of shuffled) other.apply(service);
        expect(dump(one)).toBe(dump(other));
      }),
      { numRuns: 200 },
    );
    expect(same).toBeGreaterThan(50);
  });
});

describe('any value', () => {
  function takes(values: readonly unknown[], plane: ControlPlane): void {
    for (const value of values) {
      const before = dump(plane);
      const { object, diagnostics } = plane.apply(value);
      if (object !== null) continue;
      expect(diagnostics).not.toEqual([]);
      expect(dump(plane)).toBe(before);
    }
    plane.reconcile();
    plane.findProblems();
    expect(plane.reconcile().changes).toEqual([]);
  }

  it('of JSON is taken or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 4 }), (values) => takes(values, planeOver())),
      { numRuns: 200 },
    );
  });

  it('that is nearly an object is taken or refused, and so are those around it', () => {
    fc.assert(
      fc.property(manifests(), fc.array(brokenObjects(), { maxLength: 5 }), (cluster, values) =>
        takes([...cluster, ...values], planeOver()),
      ),
      { numRuns: 300 },
    );
  });

  it('that only has the types of an object is taken when it is in the state, whatever it means', () => {
    let taken = 0;
    fc.assert(
      fc.property(manifests(), fc.array(brokenObjects(), { maxLength: 5 }), (cluster, values) => {
        const plane = planeOver(cluster);
        for (const value of values) {
          const object = withoutNulls(checkStructure(value).object);
          // Every Service that is read has a spec.
          if (object === null || (object.kind === 'Service' && !('spec' in object))) continue;
          taken++;
          plane.state.upsert(object);
        }
        plane.reconcile();
        plane.findProblems();
        for (const service of plane.state.list('Service')) plane.apply(service);
        plane.reconcile();
        expect(plane.reconcile().changes).toEqual([]);
        for (const object of [...plane.state]) plane.delete(referenceTo(object));
        plane.reconcile();
      }),
      { numRuns: 300 },
    );
    expect(taken).toBeGreaterThan(50);
  });
});
