import { readFileSync } from 'node:fs';
import { check, parseDocuments } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import type {
  AllocationCase,
  AllocationStep,
  PoolExpectation,
  ServiceExpectation,
} from './allocation-case.js';
import { allocationCases } from './allocation-cases.js';

const file = new URL('../../../../test/conformance/control-plane/allocation.yaml', import.meta.url);
const [document] = parseDocuments('allocation.yaml', readFileSync(file, 'utf8')).documents;
const cases = (document?.value ?? []) as readonly AllocationCase[];

function failures(allocationCase: AllocationCase): readonly string[] {
  return allocationCases
    .run(allocationCase)
    .flatMap(({ what, difference }) => (difference === null ? [] : [what]));
}

function shapeProblems(value: unknown): readonly string[] {
  return check(allocationCases.shape, value, { unknownFields: 'error' }).map(({ message }) => message);
}

describe('allocation cases', () => {
  it('are all there', () => {
    expect(cases.length).toBeGreaterThan(110);
  });

  it.each(cases.map((it) => [it.name, it] as const))('%s holds', (_, allocationCase) => {
    expect(shapeProblems(allocationCase)).toEqual([]);
    const checks = allocationCases.run(allocationCase);
    expect(checks.length).toBeGreaterThan(0);
    expect(checks.filter(({ difference }) => difference !== null)).toEqual([]);
  });

  it('refuse a key that no case has', () => {
    const [first] = cases;
    expect(shapeProblems({ ...first, expects: {} })).toHaveLength(1);
    expect(shapeProblems({ ...first, steps: [{ do: 'open', expect: { nodeports: [] } }] })).toHaveLength(1);
  });
});

describe('a case of a range', () => {
  const wrong: [expect: PoolExpectation, what: string][] = [
    [{ free: 3 }, 'expect free'],
    [{ used: '1' }, 'expect used'],
    [{ staticBand: ['10.0.0.1', '10.0.0.2'] }, 'expect staticBand'],
    [{ error: 'full' }, 'expect error'],
  ];
  it.each(wrong)('fails for what is not so: %j', (expectation, what) => {
    const range: AllocationCase = {
      name: 'x',
      kind: 'ipRange',
      cidr: '10.0.0.0/30',
      steps: [{ do: 'open' }],
      expect: expectation,
    };
    expect(failures(range)).toEqual([what]);
  });

  const steps: [step: AllocationStep, what: string][] = [
    [{ do: 'allocate', port: 80 }, 'step 0 error'],
    [{ do: 'allocateNext', times: 3 }, 'step 0 error'],
    [{ do: 'allocateNext', expect: { port: 1 } }, 'step 0 value'],
    [{ do: 'allocateNext', times: 2, expect: { distinct: false } }, 'step 0 distinct'],
    [{ do: 'allocateNext', expect: { allIn: [1, 2] } }, 'step 0 allIn'],
  ];
  it.each(steps)('fails for a step that does something else: %j', (step, what) => {
    expect(failures({ name: 'x', kind: 'portRange', portRange: '30000-30001', steps: [step] })).toEqual([
      what,
    ]);
  });

  it('fails for a range that cannot be had, unless it says why', () => {
    const range = { name: 'x', kind: 'portRange', portRange: '1-', steps: [{ do: 'open' }] } as const;
    expect(failures(range)).toEqual(['open']);
    expect(failures({ ...range, expect: { error: 'no port range' } })).toEqual([]);
  });
});

describe('a case of Services', () => {
  const ports = [{ port: 80 }];
  const web: AllocationStep = { do: 'create', name: 'web', spec: { clusterIP: '10.96.0.9', ports } };
  const api: AllocationStep = { do: 'create', name: 'api', spec: { type: 'NodePort', ports } };

  function lifecycle(steps: readonly AllocationStep[], expectation: ServiceExpectation): AllocationCase {
    return { name: 'x', kind: 'lifecycle', steps, expect: expectation };
  }

  it('speaks of several by name, and of symbols that are the same or differ', () => {
    const expectation = {
      clusterIPs: { web: ['10.96.0.9'], api: ['auto:IPv4'] },
      nodePorts: { api: ['auto#1'] },
      allocatedIPs: ['auto:IPv4', '10.96.0.9'],
      portsHeld: ['auto#1'],
      newPortsHeld: ['auto#1'],
    };
    expect(shapeProblems(lifecycle([web, api], expectation))).toEqual([]);
    expect(failures(lifecycle([web, api], expectation))).toEqual([]);
  });

  const wrong: [expect: ServiceExpectation, what: string][] = [
    [{ clusterIPs: ['10.96.0.9'] }, 'expect clusterIPs'],
    [{ clusterIPs: { web: ['auto:IPv6'] } }, 'expect clusterIPs'],
    [{ clusterIPs: { nobody: [] } }, 'expect clusterIPs'],
    [{ ipFamilyPolicy: null }, 'expect ipFamilyPolicy'],
    [{ loadBalancerStatus: 'kept' }, 'expect loadBalancerStatus'],
    [{ allocatedIPs: ['10.96.0.9'] }, 'expect allocatedIPs'],
    [{ allocatedPorts: ['auto#1', 'auto#2'] }, 'expect allocatedPorts'],
    [{ portsHeld: [80] }, 'expect portsHeld'],
    [{ errors: [{ type: 'Invalid', field: 'spec.clusterIPs' }] }, 'expect errors'],
  ];
  it.each(wrong)('fails for what is not so: %j', (expectation, what) => {
    expect(failures(lifecycle([web, api], expectation))).toEqual([what]);
  });

  const taken: AllocationStep = { ...web, name: 'second' };
  const error = { type: 'Invalid', field: 'spec.clusterIPs' };
  it.each([
    [{}, ['expect errors']],
    [{ errors: [error] }, []],
    [{ errors: [{ ...error, step: 1, why: 'allocated' }] }, []],
    [{ errors: [{ ...error, step: 0 }] }, ['expect errors']],
    [{ errors: [{ ...error, why: 'notInRange' }] }, ['expect errors']],
    [{ errors: [error, error] }, ['expect errors']],
  ] as const)('takes a refused step for what it says: %j', (expectation, expected) => {
    expect(failures(lifecycle([web, taken], expectation))).toEqual(expected);
    const own = { ...taken, expect: { errors: [error] } };
    expect(failures(lifecycle([web, own], {}))).toEqual([]);
  });

  it('lets an address go with its Service, but not before its finalizers', () => {
    const withFinalizer = { ...web, metadata: { finalizers: ['example.com/x'] } };
    const steps: AllocationStep[] = [
      withFinalizer,
      { do: 'delete', name: 'web', expect: { releasedIPs: [], ipsHeld: ['10.96.0.9'] } },
      { ...web, do: 'update', expect: { releasedIPs: ['10.96.0.9'] } },
      { ...taken, dryRun: true, expect: { clusterIPs: ['10.96.0.9'], allocatedIPs: [] } },
      taken,
      { do: 'delete', name: 'second', expect: { newIPsHeld: [] } },
    ];
    expect(failures(lifecycle(steps, { releasedIPs: ['10.96.0.9', '10.96.0.9'] }))).toEqual([]);
    expect(failures(lifecycle([{ do: 'delete', name: 'web' }], {}))).toEqual(['step 0']);
  });

  it('has the families of its ranges when it names none', () => {
    const create: AllocationStep = { do: 'create', spec: { ports } };
    const expectation = { ipFamilies: ['IPv6'], clusterIPs: ['auto:IPv6'] };
    expect(failures({ ...lifecycle([create], expectation), cidr: 'fd00::/112,10.0.0.0/24' })).toEqual([]);
  });

  it('cannot ask what only a range has, nor a range what only a Service has', () => {
    const range = { name: 'x', kind: 'portRange', portRange: '80', steps: [] } as const;
    expect(failures({ ...lifecycle([], {}), expect: { free: 3 } })).toEqual(['expect free']);
    expect(failures({ ...range, expect: { errors: [] } })).toEqual(['expect errors']);
  });

  it('knows what somebody else has', () => {
    const hold: AllocationStep = { do: 'hold', ips: ['10.96.0.9'], ports: [30001] };
    expect(
      failures(lifecycle([hold, api], { portsHeld: [30001, 'auto#1'], newPortsHeld: ['auto#1'] })),
    ).toEqual([]);
    expect(failures(lifecycle([hold, web], { errors: [error] }))).toEqual([]);
  });

  it('fails for a step of another kind and for ranges that cannot be had', () => {
    expect(failures(lifecycle([{ do: 'open' }], {}))).toEqual(['step 0']);
    for (const cidr of ['10.0.0.0', 'fd00::/108', '10.0.0.0/24, x']) {
      expect(failures({ ...lifecycle([], {}), clusterFamilies: ['IPv4'], cidr })).toEqual(['open']);
    }
    expect(failures({ ...lifecycle([], {}), portRange: 'x' })).toEqual(['open']);
  });

  it('looks at allocation alone where the case is about it, unless it expects an error', () => {
    const spec = { type: 'ExternalName', ports: [{ port: 80 }] };
    const create: AllocationCase = { name: 'x', kind: 'nodePorts', steps: [{ do: 'create', spec }] };
    expect(failures({ ...create, expect: { nodePorts: [0], newPortsHeld: [] } })).toEqual([]);
    const errors = [{ type: 'Required', field: 'spec.externalName' }];
    expect(failures({ ...create, expect: { errors, portsHeld: [] } })).toEqual([]);
  });
});
