import { resolve } from '@shunt/compiler';
import { ClusterState, type Packet } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { generateCluster } from '../workload/cluster.js';
import { generatePackets } from '../workload/packets.js';
import { seededRandom } from '../workload/random.js';
import type { Answer } from './implementation.js';
import { IMPLEMENTATIONS } from './implementations.js';
import { agreedHash, VerdictMismatch, verdictHash } from './verdict-hash.js';

const FLOWS = 5_000;

describe('the implementations of the lookup', () => {
  const cluster = generateCluster(seededRandom(1), { services: 60, endpointsPerService: 4 });
  const state = new ClusterState(cluster.objects);
  const { ruleset } = resolve({ state, node: cluster.node, config: cluster.config });
  const packets = generatePackets(seededRandom(2), cluster, FLOWS, { zipf: 1.05 });
  const answers = new Map(
    IMPLEMENTATIONS.map(({ name, prepare }) => [name, prepare(ruleset, packets, 7).answers()]),
  );

  it('agree on every packet', () => {
    expect(agreedHash(answers, packets.objects)).toMatch(/^[0-9a-f]{8}$/);
  });

  it('are asked for every verdict that a lookup can have here, and for masquerade', () => {
    const [reference] = answers.values();
    const given = packets.objects.map((_, index) => reference?.(index));
    expect(new Set(given.map((answer) => answer?.verdict))).toEqual(
      new Set(['dnat', 'reject', 'drop', 'none']),
    );
    expect(new Set(given.map((answer) => answer?.masquerade)).size).toBe(2);
  });
});

describe('the hash of verdicts', () => {
  const packet: Packet = { protocol: 'TCP', source: 1, sourcePort: 2, destination: 3, destinationPort: 4 };
  const answer: Answer = { verdict: 'dnat', address: 0x0a000001, port: 80, masquerade: false };

  it('is FNV-1a: the offset basis without any word', () => {
    expect(verdictHash(() => answer, 0)).toBe('811c9dc5');
  });

  it('changes with the verdict, the address, the port and the masquerade', () => {
    const changes: Partial<Answer>[] = [
      { verdict: 'drop' },
      { address: 1 },
      { port: 81 },
      { masquerade: true },
    ];
    const hashes = [{}, ...changes].map((change) => verdictHash(() => ({ ...answer, ...change }), 1));
    expect(new Set(hashes).size).toBe(5);
  });

  it('names the first packet on which two differ', () => {
    const wrong = (index: number): Answer => (index < 1 ? answer : { ...answer, port: 81 });
    const answers = new Map([
      ['right', () => answer],
      ['wrong', wrong],
    ]);
    expect(() => agreedHash(answers, [packet, packet, packet])).toThrow(VerdictMismatch);
    expect(() => agreedHash(answers, [packet, packet, packet])).toThrow(
      'wrong disagrees on packet 1, TCP 0.0.0.1:2 > 0.0.0.3:4: ' +
        'right: dnat to 10.0.0.1:80; wrong: dnat to 10.0.0.1:81',
    );
  });
});
