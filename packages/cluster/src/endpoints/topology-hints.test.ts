import type { Node, SliceEndpoint } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { topologyHints } from './topology-hints.js';
import { zoneShares } from './zone-shares.js';

function node(
  zone: string,
  cpu: string | number,
  more: Partial<Node> & { ready?: string; role?: string } = {},
): Node {
  const { ready = 'True', role } = more;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'n',
      labels: {
        ...(zone === '' ? {} : { 'topology.kubernetes.io/zone': zone }),
        ...(role === undefined ? {} : { [`node-role.kubernetes.io/${role}`]: '' }),
      },
    },
    status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready }] },
  };
}

/** Ready endpoints, a letter each for the zone; `-` is not ready, `?` has no zone; hints behind a colon. */
function endpoints(zones: string, hints = ''): SliceEndpoint[] {
  return [...zones].map((zone, index): SliceEndpoint => {
    const hint = hints[index];
    return {
      addresses: [`10.0.0.${index}`],
      conditions: { ready: zone !== '-' },
      ...(zone === '?' || zone === '-' ? {} : { zone }),
      ...(hint === undefined || hint === '.' ? {} : { hints: { forZones: [{ name: hint }] } }),
    };
  });
}

function hintsOf(list: readonly SliceEndpoint[] = []): string {
  return list.map(({ hints }) => hints?.forZones?.[0]?.name ?? '.').join('');
}

const EQUAL = new Map([
  ['a', 1 / 3],
  ['b', 1 / 3],
  ['c', 1 / 3],
]);

describe('the shares of zones', () => {
  it('are those of their CPUs', () => {
    const shares = zoneShares([node('b', '3'), node('a', '500m'), node('a', 0.5)]);
    expect([...(shares ?? [])]).toEqual([
      ['a', 0.25],
      ['b', 0.75],
    ]);
  });

  it('leave out nodes that are not ready or of the control plane', () => {
    const ignored = [
      node('', 1, { role: 'control-plane' }),
      node('', 1, { role: 'master' }),
      node('c', 1, { ready: 'False' }),
    ];
    expect([...(zoneShares([node('a', 1), ...ignored, node('b', 1)]) ?? [])]).toEqual([
      ['a', 0.5],
      ['b', 0.5],
    ]);
  });

  it.each([
    ['there are no nodes', []],
    ['there is one zone', [node('a', 1), node('a', 1)]],
    ['a node has no zone', [node('a', 1), node('b', 1), node('', 1)]],
    ['a node has no CPUs', [node('a', 1), node('b', '0')]],
    ['a node tells its CPUs badly', [node('a', 1), node('b', 'many')]],
  ])('are not known when %s', (_, nodes) => {
    expect(zoneShares(nodes)).toBeNull();
  });
});

describe('topology hints', () => {
  it('are for the own zone where zones have what they should', () => {
    const { written, disabled } = topologyHints(
      { written: [endpoints('abc'), endpoints('cba-')], unchanged: [] },
      EQUAL,
    );
    expect(written.map(hintsOf)).toEqual(['abc', 'cba.']);
    expect(disabled).toBeNull();
  });

  it('move from zones that have too many to zones that lack some, the greatest lack first', () => {
    const { written } = topologyHints({ written: [endpoints('aaaaaabbc')], unchanged: [] }, EQUAL);
    expect(hintsOf(written[0])).toBe('ccbaaabbc');
  });

  it('stay with their zones when less than half an endpoint is lacking', () => {
    const shares = new Map([
      ['a', 0.45],
      ['b', 0.55],
    ]);
    const { written } = topologyHints({ written: [endpoints('aaabbb')], unchanged: [] }, shares);
    expect(hintsOf(written[0])).toBe('aaabbb');
  });

  it('stay with their zones when no zone lacks half an endpoint, though one has too many', () => {
    const shares = new Map([
      ['a', 0.19],
      ['b', 0.27],
      ['c', 0.27],
      ['d', 0.27],
    ]);
    const { written } = topologyHints({ written: [endpoints('abcd'.repeat(5))], unchanged: [] }, shares);
    expect(hintsOf(written[0])).toBe('abcd'.repeat(5));
  });

  it('may be for the own zone of an endpoint in a zone without nodes that count', () => {
    const { written } = topologyHints({ written: [endpoints('abcabcd')], unchanged: [] }, EQUAL);
    expect(hintsOf(written[0])).toBe('abcabcd');
  });

  it('stay in slices that need not be written, which count', () => {
    const before = endpoints('aab', 'aab');
    const { written, unchanged } = topologyHints({ written: [endpoints('abc')], unchanged: [before] }, EQUAL);
    expect(unchanged[0]).toBe(before);
    expect(hintsOf(written[0])).toBe('cbc');
  });

  it.each([
    ['an endpoint has none', 'abc', 'ab.'],
    ['one is for a zone that does not count any more', 'abc', 'abz'],
    ['a zone would get more than what leaves enough for the others', 'abc', 'aaa'],
  ])('are given anew to a slice where %s', (_, zones, hints) => {
    const { unchanged } = topologyHints({ written: [], unchanged: [endpoints(zones, hints)] }, EQUAL);
    expect(hintsOf(unchanged[0])).toBe('abc');
  });

  it.each([
    [
      'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
      'abc',
      null,
    ],
    ['Insufficient number of endpoints (2 endpoints, 3 zones)', 'ab-', EQUAL],
    ['One or more endpoints do not have a zone specified', 'abcab?', EQUAL],
    [
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 3 zones)',
      'abc',
      new Map([
        ['a', 0.9],
        ['b', 0.05],
        ['c', 0.05],
      ]),
    ],
  ])('are taken from all: %s', (reason, zones, shares) => {
    const slices = { written: [endpoints(zones, 'a')], unchanged: [endpoints('', ''), endpoints('-', 'b')] };
    const { written, unchanged, disabled } = topologyHints(slices, shares);
    expect([written, unchanged].map((lists) => lists.map(hintsOf).join(''))).toEqual([
      '.'.repeat(zones.length),
      '.',
    ]);
    expect(unchanged[0]).toBe(slices.unchanged[0]);
    expect(disabled).toBe(reason);
  });
});
