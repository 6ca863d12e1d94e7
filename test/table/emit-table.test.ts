import { emitTable, printTable, type ServicePort, type TableOptions, tableToData } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  address,
  flowHash,
  HEADER_CHECKSUM,
  HEADER_HEAP_END,
  HEADER_TABLE_ID,
  reciprocalScale,
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

  it('leaves as much room behind the heap as asked for', () => {
    const ruleset = variedRuleset();
    const { image } = emitTable(ruleset);
    const roomy = emitTable(ruleset, { capacityWords: 1_000 }).image;
    const end = image[HEADER_HEAP_END] as number;
    expect(image).toHaveLength(end);
    expect(roomy).toHaveLength(end + 1_000);
    expect(roomy[HEADER_HEAP_END]).toBe(end);
    expect(roomy.subarray(64, end)).toEqual(image.subarray(64));
    expect(roomy.subarray(end).every((word) => word === 0)).toBe(true);
    expect(validateMatchTable(roomy)).toEqual([]);
  });

  it('tells tables apart by what they hold, or as asked to', () => {
    const ruleset = variedRuleset();
    const idOf = (options: TableOptions): number =>
      emitTable(ruleset, options).image[HEADER_TABLE_ID] as number;
    expect(idOf({})).toBe(idOf({}));
    expect(idOf({ seed: 1 })).not.toBe(idOf({}));
    expect(emitTable(rulesetWith()).image[HEADER_TABLE_ID]).not.toBe(idOf({}));
    expect(idOf({ tableId: 7 })).toBe(7);
  });

  it('names every frontend and backend by its number', () => {
    const ruleset = variedRuleset();
    const { image, directory } = emitTable(ruleset);
    const dataplane = Dataplane.load(image, { directory });
    const [cart, dns] = ruleset.servicePorts;
    expect([...directory.frontends.values()]).toMatchObject(
      ruleset.servicePorts.flatMap((servicePort) =>
        servicePort.frontends.map((frontend) => ({ servicePort, frontend })),
      ),
    );
    expect(directory.frontends.has(0)).toBe(false);
    expect(directory.backend('IPv4', 0)).toBeUndefined();
    for (const [servicePort, source, port] of [
      [cart, '10.0.0.9', 80],
      [dns, 'fd00::9', 53],
    ] as const) {
      const { family, clusterPool, protocol } = servicePort as ServicePort;
      const { frontend, backend } = dataplane.lookup({
        protocol,
        source: address(source),
        sourcePort: 1,
        destination: servicePort?.frontends[0]?.address ?? 0,
        destinationPort: port,
      });
      expect(frontend?.servicePort).toBe(servicePort);
      const entry = directory.backend(family, backend?.index ?? 0);
      expect(entry).toMatchObject({ servicePort, pool: 'cluster' });
      expect(clusterPool?.backends).toContain(entry?.backend);
      expect([entry?.backend.address, entry?.backend.port]).toEqual([backend?.address, backend?.port]);
    }
  });

  it('keeps the affinity timeout of each service port', () => {
    const { frontends } = tableToData(emitTable(variedRuleset()));
    expect(
      frontends.map(({ servicePortNumber, affinitySeconds }) => [servicePortNumber, affinitySeconds]),
    ).toEqual([
      [1, 10_800],
      [1, 10_800],
      [1, 10_800],
      [2, 0],
    ]);
  });

  it.each([-1, 1.5, 2 ** 32, Number.NaN])('refuses the seed %s', (seed) => {
    const message = `"seed" expected integer 0..4294967295, got ${seed}`;
    expect(() => emitTable(rulesetWith(), { seed })).toThrow(new RangeError(message));
    expect(() => emitTable(rulesetWith(), { tableId: seed })).toThrow(RangeError);
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
    const table = emitTable(rulesetWith(servicePortWith({ clusterPool: poolOf(5, [0, 1, 2, 3, 4]) })));
    expect(tableToData(table).frontends[0]?.clusterPool).toMatchObject({ slotBits: 0, slotsOffset: 0 });
  });
});

describe('the text of a match table', () => {
  it('has the header, the structures and a line for each frontend', () => {
    const text = printTable(emitTable(variedRuleset(), { seed: 7 }));
    // Broken up, since a frontend's line is long.
    expect(text.replaceAll(/[:;,] (?!\[)/g, '\n  ')).toMatchInlineSnapshot(`
      "match-table version 3 mode iptables seed 7 bytes 1792 checksum 5d06b583
      table f37d9d32 generation 0 heap 1792 bytes
      structure podRanges4      at 164 records 1 of 2
      structure podRanges6      at 0 records 0 of 8
      structure serviceRanges4  at 0 records 0 of 2
      structure serviceRanges6  at 0 records 0 of 8
      structure localAddresses4 at 176 records 16 of 2
      structure localAddresses6 at 208 records 8 of 8
      structure clusterIPs4     at 272 records 8 of 2
      structure clusterIPs6     at 288 records 8 of 8
      structure frontendIndex4  at 352 records 2 of 16
      structure frontendIndex6  at 384 records 2 of 16
      frontend 1 IPv4 shop/cart:http TCP clusterIP 10.96.0.10:80/TCP
        pod forward cluster
        node forward cluster masquerade
        outside forward cluster masquerade
        pool cluster slots 4 of 4 bits at 132 backends from 36
        pool local slots 1 backends from 35
      frontend 2 IPv4 shop/cart:http TCP loadBalancerIP 203.0.113.1:80/TCP
        pod forward cluster
        node forward cluster masquerade
        outside forward local
        sources 10.0.0.0-10.0.0.255 198.51.100.0-198.51.100.255
        pool cluster slots 4 of 4 bits at 132 backends from 36
        pool local slots 1 backends from 35
      frontend 3 IPv4 shop/cart:http TCP nodePort 30080/TCP
        pod forward cluster masquerade
        node forward cluster masquerade
        outside reject
        elsewhere reject
        pool cluster slots 4 of 4 bits at 132 backends from 36
        pool local slots 1 backends from 35
      frontend 5 IPv6 kube-system/dns UDP clusterIP [fd00:96::a]:53/UDP
        forward cluster
        pool cluster slots 1 backends from 13 random
      "
    `);
  });

  it('says the same as the plain data', () => {
    const table = emitTable(variedRuleset());
    const { frontends, structures } = tableToData(table);
    const lines = printTable(table).trimEnd().split('\n');
    expect(lines).toHaveLength(2 + structures.length + frontends.length);
    expect(JSON.parse(JSON.stringify(frontends))).toEqual(frontends);
  });
});
