import { Evaluator, emitTable, type ServicePort } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  type Address,
  BUCKET_PASSED,
  BUCKET_WORDS,
  type Family,
  ipv6Words,
  keyHash4,
  keyHash6,
  keyTag,
  type Packet,
  packetWords,
  readVerdict,
  structureCount,
  structureOffset,
  verdictWords,
  writePacket,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { poolOf, rulesetWith, servicePortWith } from './small-ruleset.js';

const PORT_KEY = (80 << 16) | 6;
const FRONTENDS = 12;
const BUCKETS = 4;

/** Addresses whose keys share a bucket of `BUCKETS`, and the tag in it. */
function clashing(family: Family, count: number): Address[] {
  const found: Address[] = [];
  for (let i = 1; found.length < count; i++) {
    const address = family === 'IPv4' ? 0x0a600000 + i : (0xfd00n << 112n) + BigInt(i);
    const hash = typeof address === 'number' ? keyHash4(address, PORT_KEY) : hash6(address);
    if (hash >>> 30 === BUCKETS - 1 && keyTag(hash) === 1) found.push(address);
  }
  return found;
}

function hash6(address: bigint): number {
  return keyHash6(...ipv6Words(address), PORT_KEY);
}

describe.each(['IPv4', 'IPv6'] as const)('%s frontends whose keys share a bucket and a tag', (family) => {
  const addresses = clashing(family, 2 * FRONTENDS);
  const actions = { verdict: 'forward', pool: 'cluster', masquerade: 'never' } as const;
  const isIPv4 = family === 'IPv4';
  const servicePorts = addresses.slice(0, FRONTENDS).map((address, i): ServicePort => {
    const pool = poolOf(i + 1, [i]);
    const backends = pool.backends.map((backend) => {
      return isIPv4 ? backend : { ...backend, address: BigInt(backend.address) };
    });
    return servicePortWith({
      name: `cart-${i}`,
      family,
      clusterPool: { ...pool, backends },
      frontends: [
        {
          kind: 'clusterIP',
          address,
          port: 80,
          sourceRanges: null,
          actions: { pod: actions, node: actions, outside: actions },
        },
      ],
    });
  });
  const ruleset = rulesetWith(...servicePorts);
  const { image, directory } = emitTable(ruleset);
  const dataplane = Dataplane.load(image, { directory });
  const packets = addresses.map((destination): Packet => {
    return {
      protocol: 'TCP',
      source: isIPv4 ? 0x0a000009 : 9n,
      sourcePort: 1,
      destination,
      destinationPort: 80,
    };
  });

  it('fill a bucket, and go on in the next one', () => {
    const index = structureOffset(image, isIPv4 ? 'frontendIndex4' : 'frontendIndex6');
    expect(structureCount(image, isIPv4 ? 'frontendIndex4' : 'frontendIndex6')).toBe(BUCKETS);
    const passed = Array.from({ length: BUCKETS }, (_, i) => image[index + i * BUCKET_WORDS + BUCKET_PASSED]);
    expect(passed).toEqual([0, 0, 0, FRONTENDS - 8]);
  });

  it('are found one by one and in a batch, and no others', () => {
    const evaluator = new Evaluator(ruleset);
    const records = new Uint32Array(packets.length * packetWords(family));
    const verdicts = new Uint32Array(packets.length * verdictWords(family));
    packets.forEach((packet, index) => void writePacket(records, index, packet));
    if (isIPv4) dataplane.lookupBatch(records, verdicts, packets.length);
    else dataplane.lookupBatch6(records, verdicts, packets.length);
    packets.forEach((packet, index) => {
      const { servicePort, candidates } = evaluator.evaluate(packet);
      const result = dataplane.lookup(packet);
      expect(result.frontend?.servicePort ?? null).toBe(servicePort);
      expect(result.verdict).toBe(index < FRONTENDS ? 'dnat' : 'none');
      expect(candidates.map((backend) => backend.address)).toEqual(
        result.backend === null ? [] : expect.arrayContaining([result.backend.address]),
      );
      expect({ ...readVerdict(verdicts, index, family), frontend: result.frontend }).toEqual(result);
    });
  });
});
