import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diffRulesets, printDiff } from './diff.js';
import { readRuleset } from './read.js';
import { slotsMove } from './slots-move.js';
import type { Pool, Ruleset } from './types.js';

const manual = readFileSync(new URL('../../../../docs/ruleset.md', import.meta.url), 'utf8');
const before = /```ruleset\n(.*?)```/s.exec(manual)?.[1] ?? '';

/** What is printed when each of the texts in `changes` is replaced by the other. */
function diffOf(...changes: [from: string, to: string][]): string[] {
  let after = before;
  for (const [from, to] of changes) {
    expect(after).toContain(from);
    after = after.replaceAll(from, to);
  }
  const read = (text: string): Ruleset => readRuleset(text).ruleset as Ruleset;
  return printDiff(diffRulesets(read(before), read(after)))
    .split('\n')
    .slice(0, -1);
}

const CART = '~ service-port IPv4 shop/cart:http TCP';

describe('a printed diff', () => {
  it('is empty for the same ruleset', () => {
    expect(diffOf()).toEqual([]);
  });

  it('is as docs/ruleset.md shows it', () => {
    const [local] = /^ {2}pool local maglev.*/ms.exec(before) ?? [''];
    const changed = local
      .replace('10.244.1.5:8080', '10.244.1.8:8080')
      .replace(
        /( {4}backend 10.244.1.8.*\n)( {4}backend.*\n)((?: {4}slots.*\n)*)/,
        (_, gone: string, kept: string, slots: string) =>
          kept + gone + slots.replace(/ ([01])(?![\d:])/g, (_slot, index: string) => ` ${1 - Number(index)}`),
      );
    const shown = /```diff\n(.*?)\n```/s.exec(manual)?.[1]?.split('\n');
    expect(diffOf(['local 192.168.0.2', 'local 192.168.0.3'], [local, changed])).toEqual(shown);
  });

  it('shows a service port that came and one that went', () => {
    expect(diffOf(['kube-system/dns:dns UDP', 'kube-system/dns:udp UDP'])).toEqual([
      '- service-port IPv4 kube-system/dns:dns UDP',
      '-   policy internal Local external Cluster',
      '-   has-endpoints',
      '-   clusterIP 10.96.0.53:53 any -> drop',
      '-   pool local even',
      '-   serving 10.244.2.9:53',
      '+ service-port IPv4 kube-system/dns:udp UDP',
      '+   policy internal Local external Cluster',
      '+   has-endpoints',
      '+   clusterIP 10.96.0.53:53 any -> drop',
      '+   pool local even',
      '+   serving 10.244.2.9:53',
    ]);
  });

  it('shows settings, frontends with their sources, and serving endpoints', () => {
    const changes = diffOf(
      ['affinity 10800s', 'affinity 60s'],
      ['    sources 192.168.0.0/24\n', ''],
      ['serving 10.244.2.9:53', 'serving 10.244.2.8:53'],
    );
    const balancer =
      'loadBalancerIP 203.0.113.7:80 pod -> cluster, node -> cluster masquerade, outside -> local';
    expect(changes).toEqual([
      '~ service-port IPv4 kube-system/dns:dns UDP',
      '-   serving 10.244.2.9:53',
      '+   serving 10.244.2.8:53',
      CART,
      '-   affinity 10800s',
      '+   affinity 60s',
      `-   ${balancer} sources 192.168.0.0/24 sources 203.0.113.7/32`,
      `+   ${balancer} sources 203.0.113.7/32`,
    ]);
  });

  it('counts the slots that moved when the backends stay', () => {
    expect(diffOf(['slots 16: 1 0', 'slots 16: 0 1'])).toEqual([
      CART,
      '~   pool local maglev 32 slots',
      '~     2 of 32 slots of pool local moved',
    ]);
  });

  it('shows a strategy that changed, and a backend that is local now', () => {
    expect(
      diffOf(['pool cluster even', 'pool cluster random'], ['10.244.2.7:8080', '10.244.2.7:8080 local']),
    ).toEqual([
      CART,
      '-   pool cluster even',
      '+   pool cluster random',
      '-     backend 10.244.2.7:8080',
      '+     backend 10.244.2.7:8080 local',
    ]);
  });

  it('shows a pool that came', () => {
    expect(
      diffOf(['  pool local even', '  pool cluster even\n  backend 10.0.0.1:53\n  pool local even']),
    ).toEqual([
      '~ service-port IPv4 kube-system/dns:dns UDP',
      '+   pool cluster even',
      '+     backend 10.0.0.1:53',
    ]);
  });
});

describe('slots that moved', () => {
  const pool = (slots: number[], hosts = [1, 2, 3]): Pool => ({
    backends: hosts.map((address) => ({ address, port: 80, local: false, weight: 1 })),
    strategy: 'maglev',
    slots,
  });

  it.each([
    ['none in the same table', pool([0, 1, 2]), pool([0, 1, 2]), 0, 3],
    ['none when indexes shift with the backends', pool([0, 1, 2]), pool([1, 2, 3], [9, 1, 2, 3]), 0, 3],
    ['none in a table twice as large that repeats each slot', pool([0, 1]), pool([0, 0, 1, 1]), 0, 4],
    ['some in a table half as large', pool([0, 1, 1, 1]), pool([0, 1]), 1, 4],
    ['all of a pool that went', pool([0, 1]), null, 2, 2],
    ['none without pools', null, null, 0, 0],
  ])('are counted by backend: %s', (_, old, now, moved, of) => {
    expect(slotsMove(old, now)).toEqual({ moved, of });
  });
});
