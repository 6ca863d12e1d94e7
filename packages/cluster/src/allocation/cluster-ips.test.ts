import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../random.js';
import { ClusterIps } from './cluster-ips.js';

function clusterOf(...cidrs: readonly string[]): ClusterIps {
  const ips = new ClusterIps();
  for (const cidr of cidrs) expect(ips.addCidr(cidr)).toBeNull();
  return ips;
}

const random = seededRandom(1, 'cluster-ips');

describe('the cluster IPs of a cluster', () => {
  it('have the families of the ranges, that of the first one before the other', () => {
    expect(clusterOf('fd00::/108', '10.0.0.0/24').families).toEqual(['IPv6', 'IPv4']);
    expect(clusterOf('10.0.0.0/24', '10.1.0.0/24').families).toEqual(['IPv4']);
    expect(clusterOf('fd00::/108').defaultFamily).toBe('IPv6');
    expect(clusterOf().families).toEqual([]);
  });

  it('tell what is wrong with a range', () => {
    expect(clusterOf().addCidr('10.0.0.0')).toContain('is no CIDR');
  });

  it('go to the next range only when one is full or not ready', () => {
    const ips = clusterOf('10.0.0.0/30', '10.1.0.0/30');
    const next = (): string | null => ips.allocateNext('IPv4', 'a', random).value;
    expect([next(), next()].sort()).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(next()).toMatch(/^10\.1\.0\.[12]$/);
    ips.setReady('10.1.0.0/30', false);
    expect(ips.allocateNext('IPv4', 'a', random).error?.reason).toBe('full');
    ips.setReady('10.0.0.0/30', false);
    expect(ips.allocateNext('IPv4', 'a', random).error?.reason).toBe('notReady');
    expect(ips.allocateNext('IPv6', 'a', random).error?.reason).toBe('notReady');
  });

  it('are ready while one of the ServiceCIDRs with a range is', () => {
    const ips = new ClusterIps();
    ips.addCidr('10.0.0.0/24', 'kubernetes', false);
    ips.addCidr('10.0.0.77/24', 'more');
    expect(ips.ranges).toHaveLength(1);
    expect(ips.allocate('10.0.0.9', 'a')).toBeNull();
    expect(ips.removeCidr('10.0.0.0/24', 'more')).toBe(true);
    expect(ips.removeCidr('10.0.0.0/24', 'more')).toBe(false);
    expect(ips.allocate('10.0.0.10', 'a')?.reason).toBe('notReady');
    expect(ips.release('10.0.0.9')).toBe(true);
    expect(ips.setReady('10.0.0.0/24', true, 'more')).toBe(false);
    expect(ips.setReady('10.0.0.0/24', true)).toBe(true);
    expect(ips.allocate('10.0.0.10', 'a')).toBeNull();
  });

  it('are never given out twice by ranges that overlap', () => {
    const ips = clusterOf('10.0.0.0/28', '10.0.0.0/27');
    const seen = new Set<unknown>();
    for (let i = 0; i < 30; i++) seen.add(ips.allocateNext('IPv4', 'a', random).value);
    expect(seen.size).toBe(30);
    expect(ips.ranges.map(({ free }) => free)).toEqual([0n, 0n]);
    expect(ips.allocate('10.0.0.3', 'b')?.message).toBe('provided IP is already allocated to a');
    ips.release('10.0.0.3');
    expect(ips.ranges.map(({ free }) => free)).toEqual([1n, 1n]);
  });

  it('come from the range in which an address is usable, when it is the edge of another', () => {
    const ips = clusterOf('10.0.0.0/24', '10.0.0.0/16');
    expect(ips.allocate('10.0.0.255', 'a')).toBeNull();
    expect(ips.ranges.map(({ used }) => used)).toEqual([0, 1]);
  });

  it('are told with all ranges of the family to who asks for one outside', () => {
    const ips = clusterOf('10.0.0.0/24', 'fd00::/108', '10.9.0.0/24');
    expect(ips.allocate('10.1.0.1', 'a')?.message).toBe(
      'provided IP is not in the valid range. The range of valid IPs is 10.0.0.0/24, 10.9.0.0/24',
    );
    expect(ips.allocate('web', 'a')?.message).toBe('"web" is no IP address');
  });

  it('are known to a range that is added later, and hold up one that goes', () => {
    const ips = clusterOf('10.0.0.0/24');
    expect(ips.adopt('10.5.0.9', 'a')).toBeNull();
    expect(ips.adopt('10.5.0.9', 'b')?.reason).toBe('allocated');
    ips.addCidr('10.5.0.0/24', 'more');
    expect(ips.allocate('10.5.0.9', 'b')?.reason).toBe('allocated');
    expect(ips.orphansOf('10.5.0.0/24', 'more')).toEqual(['10.5.0.9']);
    ips.addCidr('10.5.0.0/16', 'wide');
    expect(ips.orphansOf('10.5.0.0/24', 'more')).toEqual([]);
    expect(ips.orphansOf('10.7.0.0/24')).toEqual([]);
  });

  it('are one address in any spelling', () => {
    const ips = clusterOf('10.0.0.0/24');
    ips.allocate('010.000.000.009', 'a');
    expect(ips.allocate('::ffff:10.0.0.9', 'b')?.reason).toBe('allocated');
    expect(ips.held()).toEqual([['10.0.0.9', 'a']]);
    expect(ips.release('10.0.0.9', 'b')).toBe(false);
    expect(ips.release('10.0.0.9', 'a')).toBe(true);
    expect([ips.release('10.0.0.9'), ips.release('x'), ips.owner('x')]).toEqual([false, false, null]);
  });

  it('are looked at but not taken by a dry run', () => {
    const ips = clusterOf('10.0.0.0/24');
    ips.allocate('10.0.0.9', 'a');
    expect(ips.allocate('10.0.0.9', 'b', true)).toBeNull();
    expect(ips.allocate('10.0.1.9', 'b', true)?.reason).toBe('notInRange');
    expect(ips.allocateNext('IPv4', 'b', random, true).value).toBe('10.0.0.0');
    expect(ips.held()).toHaveLength(1);
  });

  it('count in every range what a plain map holds, whatever happens', () => {
    const text = fc.integer({ min: 0, max: 63 }).map((n) => `10.0.0.${n}`);
    const cidr = fc.constantFrom('10.0.0.0/27', '10.0.0.16/28', '10.0.0.0/26', '10.0.0.32/29');
    const step = fc.oneof(
      fc.record({ do: fc.constantFrom('allocate', 'adopt', 'release'), text }),
      fc.record({ do: fc.constantFrom('add', 'remove'), text: cidr }),
      fc.record({ do: fc.constant('next'), text }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ips = new ClusterIps();
        const model = new Map<string, string>();
        for (const [i, { do: action, text: value }] of steps.entries()) {
          const owner = `o${i}`;
          if (action === 'add') ips.addCidr(value);
          if (action === 'remove') ips.removeCidr(value);
          if (action === 'release') expect(ips.release(value)).toBe(model.delete(value));
          if (action === 'next') {
            const { value: got } = ips.allocateNext('IPv4', owner, seededRandom(i, 'x'));
            expect(got === null || !model.has(got)).toBe(true);
            if (got !== null) model.set(got, owner);
          }
          if (action === 'allocate' || action === 'adopt') {
            const error = ips[action](value, owner);
            if (model.has(value)) expect(error).not.toBeNull();
            if (error === null) model.set(value, owner);
          }
        }
        expect(new Map(ips.held())).toEqual(model);
        for (const range of ips.ranges) {
          const inside = [...model.keys()].filter((it) => range.contains(addressOf(it)));
          expect(range.used).toBe(inside.length);
        }
      }),
    );
  });
});

function addressOf(text: string): number {
  return 0x0a000000 + Number(text.split('.')[3]);
}
