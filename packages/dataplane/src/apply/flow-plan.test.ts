import { type PatchPlan, TCP_ACK } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { Affinity } from '../affinity/affinity.js';
import { Conntrack } from '../conntrack/conntrack.js';
import { Counters } from '../counters/counters.js';
import { applyFlowPlan } from './flow-plan.js';

const NOTHING: PatchPlan = { drain: [], join: [], sweep: [], retired: [], reset: [] };
const VIP = 0x0a600001;
const UDP = 17;
const TCP = 6;

/** A packet to port 53 of the VIP, and the verdict that sends it to a backend. */
function first(client: number, protocol: number, backend: number) {
  const packet = Uint32Array.of(client, VIP, (40_000 << 16) | 53, protocol);
  const verdict = Uint32Array.of(1 | (8053 << 16), backend, backend & 0xff, protocol === UDP ? 2 : 1);
  return { packet, verdict };
}

function memoryWith(
  flows: readonly (readonly [client: number, protocol: number, backend: number])[],
  countedBackends = 16,
) {
  const options = { family: 'IPv4', flows: 64 } as const;
  const counting = { servicePorts: 4, backends: countedBackends };
  const counters = new Counters(new Uint32Array(Counters.regionWords(counting)), 0, counting);
  const words = new Uint32Array(Conntrack.regionWords(options));
  const conntrack = new Conntrack(words, 0, options, counters);
  const clients = { family: 'IPv4', entries: 16 } as const;
  const affinity = new Affinity(new Uint32Array(Affinity.regionWords(clients)), 0, clients);
  for (const [client, protocol, backend] of flows) {
    const { packet, verdict } = first(client, protocol, backend);
    const servicePort = verdict[3] as number;
    conntrack.begin(packet, 0, verdict, 0, servicePort, packet, 0, 0);
    affinity.remember(servicePort, packet, 0, verdict, 0, 60, 0);
  }
  return { conntrack, affinity, counters };
}

const [ONE, TWO] = [0x0a010001, 0x0a010002];
const FLOWS = [
  [1, TCP, ONE],
  [2, TCP, TWO],
  [3, UDP, ONE],
  [4, UDP, TWO],
] as const;
const at = (address: number) => ({ address, port: 8053 });

describe('a plan for flows', () => {
  it('drains backends of one service port, until they join it again', () => {
    const memory = memoryWith(FLOWS);
    const draining = () =>
      [...memory.conntrack.flows(0)].flatMap((flow) => (flow.draining ? flow.source : []));
    const group = { family: 'IPv4', servicePort: 1, backends: [at(ONE)] } as const;
    expect(applyFlowPlan({ ...NOTHING, drain: [group] }, memory)).toMatchObject({ keep: 3, drain: 1 });
    expect(draining()).toEqual([1]);
    expect(
      applyFlowPlan(
        { ...NOTHING, sweep: [{ family: 'IPv6', servicePort: 0, places: [], serving: [] }] },
        memory,
      ).drain,
    ).toBe(1);
    expect(applyFlowPlan({ ...NOTHING, join: [group] }, memory)).toMatchObject({ keep: 4, drain: 0 });
    expect(draining()).toEqual([]);
  });

  it('lets the clients of a backend go that drains, and of no other', () => {
    const { affinity, conntrack } = memoryWith(FLOWS);
    const isKnown = (client: number, servicePort: number): boolean =>
      affinity.find(servicePort, first(client, TCP, ONE).packet, 0, 60, 0) !== 0;
    const drain = [{ family: 'IPv4', servicePort: 1, backends: [at(ONE)] }] as const;
    applyFlowPlan({ ...NOTHING, drain: [{ ...drain[0], family: 'IPv6' }] }, { affinity, conntrack });
    expect(isKnown(1, 1)).toBe(true);
    applyFlowPlan({ ...NOTHING, drain }, { affinity });
    expect([isKnown(1, 1), isKnown(2, 1), isKnown(3, 2), isKnown(4, 2)]).toEqual([false, true, true, true]);
  });

  it.each([
    ['its address', { address: VIP, port: 53 }],
    ['its node port', { address: null, port: 53 }],
  ])('deletes UDP to %s that no serving endpoint answers', (_, place) => {
    const memory = memoryWith(FLOWS);
    const sweep = [{ family: 'IPv4', servicePort: 0, places: [place], serving: [at(TWO)] }] as const;
    expect(applyFlowPlan({ ...NOTHING, sweep }, memory)).toMatchObject({ keep: 3, delete: 1 });
    expect([...memory.conntrack.flows(0)].map(({ source }) => source).sort()).toEqual([1, 2, 4]);
  });

  it('leaves UDP alone where nothing serves, or another place is meant', () => {
    const memory = memoryWith(FLOWS);
    const sweep = [
      { family: 'IPv4', servicePort: 0, places: [{ address: VIP, port: 53 }], serving: [] },
      { family: 'IPv4', servicePort: 0, places: [{ address: VIP, port: 54 }], serving: [at(TWO)] },
      { family: 'IPv6', servicePort: 0, places: [{ address: null, port: 53 }], serving: [at(TWO)] },
    ] as const;
    expect(applyFlowPlan({ ...NOTHING, sweep }, memory)).toMatchObject({ keep: 4, delete: 0 });
  });

  it.each(['retired', 'reset'] as const)('forgets a number that is %s', (kind) => {
    const memory = memoryWith(FLOWS);
    const { conntrack, affinity, counters } = memory;
    const { counts, backends } = applyFlowPlan({ ...NOTHING, [kind]: [1] }, memory);
    const none = { packets: 0, replies: 0, refused: 0 };
    expect(backends).toEqual(
      [ONE, TWO].map((it) => ({ servicePort: 1, ...at(it), counts: { flows: 1, ...none } })),
    );
    expect(counts).toEqual(new Map([[1, { flows: 2, packets: 0, replies: 0, refused: 0 }]]));
    const { packet } = first(1, (TCP_ACK << 8) | TCP, ONE);
    expect(affinity.find(1, packet, 0, 60, 0)).toBe(0);
    expect(affinity.find(2, first(3, UDP, ONE).packet, 0, 60, 0)).not.toBe(0);
    // What is left of it goes on, and counts for nobody.
    expect(conntrack.follow(packet, 0, 0)).not.toBe(0);
    expect([...conntrack.flows(0)].map(({ servicePort }) => servicePort).sort()).toEqual([0, 0, 2, 2]);
    // Who has the number now counts from 0.
    const next = first(9, TCP, ONE);
    conntrack.begin(next.packet, 0, next.verdict, 0, 1, next.packet, 0, 0);
    conntrack.collect();
    expect(counters.servicePort(1).flows).toBe(1);
    expect(counters.servicePort(2).flows).toBe(2);
    expect([...counters.backends(new Set([1]))].map(({ counts: { flows } }) => flows)).toEqual([1]);
    expect(counters.backend(2, TWO, 8053)?.flows).toBe(1);
  });

  it('lets backends that drained, or were swept, give way in the counters when they have no flows', () => {
    // One of TCP and one of UDP, and room for no more.
    const memory = memoryWith(FLOWS.slice(1, 3), 2);
    const { conntrack, counters } = memory;
    const begin = (client: number, address: number) => {
      const { packet, verdict } = first(client, TCP, address);
      conntrack.begin(packet, 0, verdict, 0, 3, packet, 0, 900);
    };
    const counted = () => [...counters.backends()].map(({ servicePort, address }) => [servicePort, address]);
    const drain = [{ family: 'IPv4', servicePort: 1, backends: [at(TWO)] }] as const;
    const sweep = [{ family: 'IPv4', servicePort: 2, places: [], serving: [at(TWO)] }] as const;
    applyFlowPlan({ ...NOTHING, drain, sweep }, memory);
    begin(5, ONE);
    expect(counted()).toEqual([
      [1, TWO],
      [2, ONE],
    ]);
    // The one of UDP is over.
    conntrack.expire(500, conntrack.bucketCount);
    begin(6, TWO);
    expect(counted()).toEqual([
      [1, TWO],
      [3, TWO],
    ]);
    // What has found no room before has some when it is collected next.
    conntrack.expire(1e6, conntrack.bucketCount);
    conntrack.collect();
    const flows = [...counters.backends()].reduce((sum, it) => sum + it.counts.flows, 0);
    expect(flows + counters.otherBackends.flows).toBe(4);
  });

  it('lets a backend that joins stay in the counters', () => {
    const memory = memoryWith(FLOWS.slice(1, 2), 1);
    const group = { family: 'IPv4', servicePort: 1, backends: [at(TWO)] } as const;
    for (const change of ['drain', 'join'] as const) applyFlowPlan({ ...NOTHING, [change]: [group] }, memory);
    memory.conntrack.expire(1e6, memory.conntrack.bucketCount);
    const { packet, verdict } = first(9, TCP, ONE);
    memory.conntrack.begin(packet, 0, verdict, 0, 1, packet, 0, 1e6);
    expect(memory.counters.backend(1, TWO, 8053)?.flows).toBe(1);
    expect(memory.counters.backend(1, ONE, 8053)).toBe(null);
  });

  it('works with any part of a memory', () => {
    const change = {
      ...NOTHING,
      retired: [1],
      drain: [{ family: 'IPv4', servicePort: 1, backends: [] }],
    } as const;
    expect(applyFlowPlan(change, {})).toEqual({
      keep: 0,
      drain: 0,
      delete: 0,
      counts: new Map(),
      backends: [],
    });
  });
});
