import type { Node, Pod, Service } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findEndpointProblems } from './endpoint-problems.js';
import { explainMembership } from './membership.js';
import { membershipReasons } from './membership-reasons.js';
import { reconcileSlices } from './reconcile-slices.js';
import { selects } from './selector.js';

function nodeOf(name: string): Node | undefined {
  return name === 'node-a' ? { apiVersion: 'v1', kind: 'Node', metadata: { name } } : undefined;
}

function some<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined });
}

const text = fc.constantFrom('', 'web', 'wep', 'front', 'x', 'node-a', '__proto__');
const anyLabels = fc.dictionary(fc.constantFrom('app', 'tier', 'teir', 'constructor'), text, { maxKeys: 2 });
const labels = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom({ app: 'web' }, { app: 'web', tier: 'front' }) },
  { weight: 1, arbitrary: some(anyLabels) },
);
const protocol = fc.constantFrom(undefined, 'TCP', 'UDP', 'x');
const containerPorts = fc.array(fc.record({ name: some(text), containerPort: fc.integer(), protocol }), {
  maxLength: 2,
});
const restartPolicy = fc.constantFrom(undefined, 'Always', 'Never');
const containers = some(
  fc.array(fc.record({ ports: some(containerPorts), restartPolicy }), { maxLength: 2 }),
);
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1', '010.0.0.1', 'x', '');
const condition = fc.record({
  type: fc.constantFrom('Ready', 'Ready', 'PodScheduled', ''),
  status: fc.constantFrom('True', 'True', 'False', 'Unknown', ''),
  message: some(text),
});

/** Of the right structure; the strings hold what the types do not know, as a manifest may. */
const pods = fc.uniqueArray(
  fc.record({
    kind: fc.constant('Pod'),
    metadata: fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      namespace: fc.constantFrom('shop', 'shop', 'default', undefined),
      labels,
      deletionTimestamp: some(text),
    }),
    spec: some(
      fc.record({
        nodeName: fc.constantFrom('node-a', 'node-a', 'node-a', 'x', ''),
        containers,
        initContainers: containers,
      }),
    ),
    status: some(
      fc.record({
        phase: fc.constantFrom(undefined, 'Running', 'Pending', 'Failed', 'x'),
        podIP: some(address),
        podIPs: some(fc.array(fc.record({ ip: some(address) }), { maxLength: 2 })),
        conditions: some(fc.array(condition, { maxLength: 2 })),
      }),
    ),
  }),
  { maxLength: 5, selector: ({ metadata: { name, namespace } }) => `${namespace ?? 'default'}/${name}` },
) as unknown as fc.Arbitrary<Pod[]>;

const services = fc.record({
  kind: fc.constant('Service'),
  metadata: fc.record({ name: fc.constant('web'), namespace: fc.constantFrom('shop', undefined) }),
  spec: fc.record({
    type: fc.constantFrom(undefined, 'ClusterIP', 'NodePort', 'ExternalName', 'x'),
    selector: labels,
    clusterIP: fc.constantFrom(undefined, '', 'None', '10.96.0.1', 'fd00::1', 'x'),
    ipFamilies: some(fc.array(fc.constantFrom('IPv4', 'IPv6', 'x'), { maxLength: 2 })),
    publishNotReadyAddresses: some(fc.boolean()),
    ports: some(
      fc.array(fc.record({ port: fc.integer(), targetPort: fc.oneof(text, fc.integer()), protocol }), {
        maxLength: 2,
      }),
    ),
  }),
}) as unknown as fc.Arbitrary<Service>;

describe('any Service and any Pods', () => {
  it('are explained and searched for problems without a throw', () => {
    fc.assert(
      fc.property(services, pods, (service, all) => {
        const reasons = membershipReasons(service, { pods: all, otherPods: all, nodeOf });
        expect(reasons.every((it) => !it.text.endsWith(': '))).toBe(true);
        const matching = all.filter((pod) => selects(service, pod));
        const problems = findEndpointProblems(service, {
          matching,
          namespacePods: () => all,
          otherPods: () => all,
          nodeOf,
          hasNodes: true,
        });
        expect(problems.every(({ message }) => !message.includes('undefined'))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('are explained as the controller lists them', () => {
    fc.assert(
      fc.property(services, pods, (service, all) => {
        const matching = all.filter((pod) => selects(service, pod));
        const { changes } = reconcileSlices({
          service,
          pods: matching,
          nodeOf,
          nodes: () => [],
          existing: [],
          newName: (prefix) => `${prefix}1`,
        });
        const listed = new Map<string, boolean>();
        for (const { targetRef, conditions } of changes.create.flatMap((it) => it.endpoints ?? [])) {
          listed.set(targetRef?.name ?? '', conditions?.ready === true);
        }
        const members = explainMembership(service, { pods: all, nodeOf }).pods;
        const explained = members
          .filter((it) => it.in)
          .map((it) => [it.pod.metadata.name, it.ready] as const);
        expect(new Map(explained)).toEqual(listed);
        if (changes.create.length > 0) expect(members.length).toBe(matching.length);
        const outside = members.filter((it) => !it.in);
        expect(outside.filter((it) => it.ready || it.partial || it.text === '')).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});
