import { emitTable, printTable, tableToData } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  address,
  flowHash,
  HEADER_CHECKSUM,
  reciprocalScale,
  SECTION_ALIGNMENT_WORDS,
  SECTIONS,
  sectionCount,
  sectionOffset,
  validateMatchTable,
} from '@shunt/model';
import { rulesets } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { poolOf, rulesetWith, servicePortWith, variedRuleset } from './small-ruleset.js';

describe('emitting a match table', () => {
  it('gives the same words for the same ruleset and seed, and other words for another seed', () => {
    const property = fc.property(rulesets(), fc.nat(), (ruleset, seed) => {
      const { image } = emitTable(ruleset, { seed });
      expect(emitTable(structuredClone(ruleset), { seed }).image).toEqual(image);
      expect(emitTable(ruleset, { seed: seed + 1 }).image[HEADER_CHECKSUM]).not.toBe(image[HEADER_CHECKSUM]);
      expect(validateMatchTable(image)).toEqual([]);
    });
    fc.assert(property, { numRuns: 50 });
  });

  it('puts the image into memory that workers share when asked to', () => {
    const ruleset = variedRuleset();
    const { image } = emitTable(ruleset, { shared: true });
    expect(image.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([...image]).toEqual([...emitTable(ruleset).image]);
  });

  it('aligns every section to a cache line', () => {
    const { image } = emitTable(variedRuleset());
    for (const { name } of SECTIONS) expect(sectionOffset(image, name) % SECTION_ALIGNMENT_WORDS).toBe(0);
  });

  it('names every frontend and backend by its index', () => {
    const ruleset = variedRuleset();
    const { image, directory } = emitTable(ruleset);
    const dns = ruleset.servicePorts[1];
    expect(directory.frontends).toHaveLength(sectionCount(image, 'frontends'));
    expect(directory.frontends[0]).toBeNull();
    expect(directory.frontends.at(-1)).toEqual({ servicePort: dns, frontend: dns?.frontends[0] });
    expect(directory.backends.IPv4).toHaveLength(sectionCount(image, 'backends4'));
    const backend = dns?.clusterPool?.backends[0];
    expect(directory.backends.IPv6).toEqual([null, { servicePort: dns, pool: 'cluster', backend }]);
  });

  it('keeps the affinity timeout of each service port', () => {
    const { image } = emitTable(variedRuleset());
    const offset = sectionOffset(image, 'servicePorts');
    expect([...image.subarray(offset, offset + 2)]).toEqual([10_800, 0]);
  });

  it.each([-1, 1.5, 2 ** 32, Number.NaN])('refuses the seed %s', (seed) => {
    const message = `"seed" expected integer 0..4294967295, got ${seed}`;
    expect(() => emitTable(rulesetWith(), { seed })).toThrow(new RangeError(message));
  });

  it('takes an action that forwards to nowhere for a bug', () => {
    const broken = rulesetWith(servicePortWith({ clusterPool: null }));
    expect(() => emitTable(broken)).toThrow('an action forwards to a pool with backends');
  });
});

describe('slots', () => {
  it.each([
    { backends: 2, bits: 4 },
    { backends: 16, bits: 4 },
    { backends: 17, bits: 8 },
    { backends: 256, bits: 8 },
    { backends: 257, bits: 16 },
    { backends: 65_537, bits: 32 },
  ])('of $backends backends take $bits bits, and all are read back', ({ backends, bits }) => {
    const slots = Array.from({ length: 2 * backends + 3 }, (_, i) => (backends - 1 + i * 7) % backends);
    const table = emitTable(rulesetWith(servicePortWith({ clusterPool: poolOf(backends, slots) })));
    expect(tableToData(table).frontends[0]?.clusterPool?.slotBits).toBe(bits);
    const dataplane = Dataplane.load(table.image);
    const [source, destination] = [address('10.0.0.9'), address('10.96.0.10')];
    for (let sourcePort = 0; sourcePort < 1_000; sourcePort++) {
      const { backend } = dataplane.lookup({
        protocol: 'TCP',
        source,
        sourcePort,
        destination,
        destinationPort: 80,
      });
      const slot = slots[reciprocalScale(flowHash(source, sourcePort, 0), slots.length)] as number;
      expect(backend?.address).toBe((address('10.1.0.0') as number) + slot);
    }
  });

  it('take no room where slot i is backend i', () => {
    const { image } = emitTable(rulesetWith(servicePortWith({ clusterPool: poolOf(5, [0, 1, 2, 3, 4]) })));
    expect(sectionCount(image, 'slots')).toBe(0);
  });
});

describe('the text of a match table', () => {
  it('has the header, the sections and a line for each frontend', () => {
    const text = printTable(emitTable(variedRuleset(), { seed: 7 }));
    // Broken up, since a frontend's line is long.
    expect(text.replaceAll(/[:;,] (?!\[)/g, '\n  ')).toMatchInlineSnapshot(`
      "match-table version 1 mode iptables seed 7 bytes 1728 checksum 043d7717
      section podRanges4      at 64 records 1 of 2
      section podRanges6      at 80 records 0 of 8
      section localAddresses4 at 80 records 8 of 2
      section localAddresses6 at 96 records 8 of 8
      section clusterIPs4     at 160 records 8 of 2
      section clusterIPs6     at 176 records 8 of 8
      section serviceRanges4  at 240 records 0 of 2
      section serviceRanges6  at 240 records 0 of 8
      section frontendIndex4  at 240 records 8 of 2
      section frontendIndex6  at 256 records 8 of 2
      section frontends       at 272 records 5 of 16
      section servicePorts    at 352 records 2 of 1
      section sourceRanges4   at 368 records 2 of 2
      section sourceRanges6   at 384 records 0 of 8
      section slots           at 384 records 1 of 1
      section backends4       at 400 records 4 of 2
      section backends6       at 416 records 2 of 8
      frontend 1 IPv4 shop/cart:http TCP clusterIP 10.96.0.10:80/TCP
        pod forward cluster
        node forward cluster masquerade
        outside forward cluster masquerade
        pool cluster slots 4 of 4 bits at 0 backends from 1
        pool local slots 1 backends from 3
      frontend 2 IPv4 shop/cart:http TCP loadBalancerIP 203.0.113.1:80/TCP
        pod forward cluster
        node forward cluster masquerade
        outside forward local
        sources 10.0.0.0-10.0.0.255 198.51.100.0-198.51.100.255
        pool cluster slots 4 of 4 bits at 0 backends from 1
        pool local slots 1 backends from 3
      frontend 3 IPv4 shop/cart:http TCP nodePort 30080/TCP
        pod forward cluster masquerade
        node forward cluster masquerade
        outside reject
        elsewhere reject
        pool cluster slots 4 of 4 bits at 0 backends from 1
        pool local slots 1 backends from 3
      frontend 4 IPv6 kube-system/dns UDP clusterIP [fd00:96::a]:53/UDP
        forward cluster
        pool cluster slots 1 backends from 1 random
      "
    `);
  });

  it('says the same as the plain data', () => {
    const table = emitTable(variedRuleset());
    const { frontends, sections } = tableToData(table);
    const lines = printTable(table).trimEnd().split('\n');
    expect(lines).toHaveLength(1 + sections.length + frontends.length);
    expect(JSON.parse(JSON.stringify(frontends))).toEqual(frontends);
  });
});
