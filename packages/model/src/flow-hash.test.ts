/**
 * The vectors were printed by test/kernel/jhash-vectors.c, a C program that shares nothing with the code
 * under test; test/kernel/jhash.test.ts asks the kernel itself.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { address, ipv6FromWords } from './address.js';
import { flowHash, flowHash4, flowHash6, reciprocalScale } from './flow-hash.js';

/** Address, port, seed, jhash of the 8 bytes. */
// biome-ignore format: one vector a line
const VECTORS_4: readonly (readonly [number, number, number, number])[] = [
  [0x00000000, 0, 0x00000000, 0x58c184bf],
  [0x00000000, 1, 0x00000001, 0xd2191fce],
  [0x00000000, 255, 0x80000000, 0xf831c349],
  [0x00000000, 256, 0xdeadbeef, 0x335d6d57],
  [0x00000000, 65535, 0xffffffff, 0xec33e5e4],
  [0xffffffff, 0, 0x00000001, 0x356aef2b],
  [0xffffffff, 1, 0x80000000, 0x15f81a69],
  [0xffffffff, 255, 0xdeadbeef, 0x9db5e0ba],
  [0xffffffff, 256, 0xffffffff, 0x9444159a],
  [0xffffffff, 65535, 0x00000000, 0x02e7f2d2],
  [0x7f000001, 0, 0x80000000, 0x7f7c2aca],
  [0x7f000001, 1, 0xdeadbeef, 0x1c4ad51f],
  [0x7f000001, 255, 0xffffffff, 0xb6541e1e],
  [0x7f000001, 256, 0x00000000, 0xc32280b1],
  [0x7f000001, 65535, 0x00000001, 0x24d9959d],
  [0x0a000001, 0, 0xdeadbeef, 0xf533099a],
  [0x0a000001, 1, 0xffffffff, 0x610811f8],
  [0x0a000001, 255, 0x00000000, 0x52fda699],
  [0x0a000001, 256, 0x00000001, 0x001f1bf6],
  [0x0a000001, 65535, 0x80000000, 0x077565d9],
  [0x80000000, 0, 0xffffffff, 0x0b710fc7],
  [0x80000000, 1, 0x00000000, 0xc1679e6e],
  [0x80000000, 255, 0x00000001, 0xc9b0b85a],
  [0x80000000, 256, 0x80000000, 0xcd484a8f],
  [0x80000000, 65535, 0xdeadbeef, 0xfab29fc7],
  [0x2b1f4d63, 45281, 0x00000000, 0x334959a3],
  [0x164c87ea, 31597, 0x9e2f3e39, 0x89f2cc90],
  [0xbbb66b0d, 7429, 0x94ba4780, 0xff9cc72b],
  [0x63532c12, 54943, 0xc4b94fde, 0x845c7a2c],
  [0x06076678, 33291, 0x9a164600, 0x32f765b3],
  [0x73011ae6, 41277, 0x00000000, 0x5b651f00],
  [0x726b9fad, 13701, 0xab9b15b3, 0xc5ddbf55],
  [0x4dcd83da, 65303, 0x72456e36, 0x9990a0d5],
  [0x533fd47b, 36716, 0x4650ba62, 0x36599dfc],
  [0xce0085f9, 31421, 0xff86ac1f, 0xabb8bf79],
  [0x1ac88061, 18329, 0x00000000, 0x57fbe4d8],
  [0xae5c4390, 18928, 0xb6e3d198, 0x8ed312e2],
  [0x60f8c78c, 9023, 0x2d71b534, 0xbc884652],
  [0xcfa9c314, 65096, 0x4efb4472, 0x3740f8b0],
  [0xf4c04d27, 4430, 0xea53c934, 0x469eab12],
  [0xa06328b0, 50133, 0x00000000, 0x9b84f545],
  [0x29cb0d83, 63565, 0xe6debd57, 0x0aa82083],
  [0x9e561ed7, 38815, 0x69360c26, 0x20770081],
  [0x0e540356, 24626, 0x14be620d, 0xb524bc06],
  [0xea80d334, 41498, 0xbcc8703d, 0xe862cd09],
  [0xd0c24924, 12427, 0x00000000, 0xfdc613b4],
  [0xa65312d2, 51068, 0xcf603c84, 0x51a93bab],
  [0x6e861fbe, 64375, 0x545974f4, 0x1ec4d8a7],
  [0x575cde3f, 26798, 0xacbcb8bb, 0x2a6d0eeb],
  [0x5b1190ed, 23070, 0x9c46a5a7, 0x5b81edc0],
];

/** The address as four words, port, seed, jhash of the 20 bytes. */
// biome-ignore format: one vector a line
const VECTORS_6: readonly (readonly [number, number, number, number, number, number, number])[] = [
  [0x00000000, 0x00000000, 0x00000000, 0x00000000, 0, 0x00000000, 0x690fad70],
  [0x00000000, 0x00000000, 0x00000000, 0x00000000, 1, 0x00000001, 0x2e48a76d],
  [0x00000000, 0x00000000, 0x00000000, 0x00000000, 255, 0x80000000, 0x86d90a22],
  [0x00000000, 0x00000000, 0x00000000, 0x00000000, 256, 0xdeadbeef, 0xdd2b3948],
  [0x00000000, 0x00000000, 0x00000000, 0x00000000, 65535, 0xffffffff, 0x2e242dfe],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0, 0x00000001, 0x5f812f5a],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 1, 0x80000000, 0x8b66ad5e],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 255, 0xdeadbeef, 0xe882bccd],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 256, 0xffffffff, 0x2484cfb2],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 65535, 0x00000000, 0xd4294761],
  [0x7f000001, 0x00000000, 0x00000000, 0x00000001, 0, 0x80000000, 0xad1189f4],
  [0x7f000001, 0x00000000, 0x00000000, 0x00000001, 1, 0xdeadbeef, 0x068109da],
  [0x7f000001, 0x00000000, 0x00000000, 0x00000001, 255, 0xffffffff, 0x76ed5617],
  [0x7f000001, 0x00000000, 0x00000000, 0x00000001, 256, 0x00000000, 0x2ea2d28e],
  [0x7f000001, 0x00000000, 0x00000000, 0x00000001, 65535, 0x00000001, 0xd71665a2],
  [0x0a000001, 0xfd000244, 0x00000000, 0x00000001, 0, 0xdeadbeef, 0x78800987],
  [0x0a000001, 0xfd000244, 0x00000000, 0x00000001, 1, 0xffffffff, 0x1976cb2c],
  [0x0a000001, 0xfd000244, 0x00000000, 0x00000001, 255, 0x00000000, 0x69b84ab5],
  [0x0a000001, 0xfd000244, 0x00000000, 0x00000001, 256, 0x00000001, 0x0fc99892],
  [0x0a000001, 0xfd000244, 0x00000000, 0x00000001, 65535, 0x80000000, 0x36994802],
  [0x80000000, 0x00000000, 0x00000000, 0x80000000, 0, 0xffffffff, 0x4df665be],
  [0x80000000, 0x00000000, 0x00000000, 0x80000000, 1, 0x00000000, 0xad5952b9],
  [0x80000000, 0x00000000, 0x00000000, 0x80000000, 255, 0x00000001, 0x257a1031],
  [0x80000000, 0x00000000, 0x00000000, 0x80000000, 256, 0x80000000, 0xac200a97],
  [0x80000000, 0x00000000, 0x00000000, 0x80000000, 65535, 0xdeadbeef, 0x966d8d42],
  [0x2b1f4d63, 0x94dacb7a, 0x7b0859a0, 0x77b0567e, 45281, 0x00000000, 0x6e1caec8],
  [0x164c87ea, 0x508112f2, 0x2932183d, 0x2c8429c7, 31597, 0x9e2f3e39, 0x74f29e7c],
  [0xbbb66b0d, 0xac29fca6, 0xe413da78, 0x74ce2f16, 7429, 0x94ba4780, 0xa596f709],
  [0x63532c12, 0xdcfc803a, 0xd3872ea7, 0xfc29644e, 54943, 0xc4b94fde, 0x5dd2b351],
  [0x06076678, 0xb3ca709c, 0x46e84070, 0x922a8763, 33291, 0x9a164600, 0x39e8679c],
  [0x73011ae6, 0x5be3abc8, 0xfdcd2c25, 0x517da021, 41277, 0x00000000, 0x8d2841a4],
  [0x726b9fad, 0x3259d322, 0x0f8f70bc, 0xd2888e70, 13701, 0xab9b15b3, 0xd80c156d],
  [0x4dcd83da, 0x4b611d21, 0x70642123, 0x7c475b63, 65303, 0x72456e36, 0x5cf071c5],
  [0x533fd47b, 0x9facf4c3, 0x27a61f79, 0x6d60e6fd, 36716, 0x4650ba62, 0xa4e446d0],
  [0xce0085f9, 0x09469e66, 0x8bcc5743, 0x25a2cdf1, 31421, 0xff86ac1f, 0x18763c0e],
  [0x1ac88061, 0x52500563, 0x0d75cfbd, 0x24c48a7c, 18329, 0x00000000, 0x0a744aed],
  [0xae5c4390, 0xe3e44067, 0x16fa27f3, 0x1289b0d1, 18928, 0xb6e3d198, 0xb0b8ed4f],
  [0x60f8c78c, 0x79260a88, 0xb69d80d3, 0xd67b9190, 9023, 0x2d71b534, 0xd059e9a0],
  [0xcfa9c314, 0x0eac26d1, 0xc4be3eaa, 0x6e049cff, 65096, 0x4efb4472, 0x0af7a03d],
  [0xf4c04d27, 0x51fea135, 0x3ed038f9, 0x002f87de, 4430, 0xea53c934, 0x662eb8da],
  [0xa06328b0, 0x6bdc0b4a, 0xbc12fc10, 0x918136d8, 50133, 0x00000000, 0x98b58f79],
  [0x29cb0d83, 0x47127e7e, 0x136af810, 0xc1731aa4, 63565, 0xe6debd57, 0x1d87809f],
  [0x9e561ed7, 0xec16d231, 0xfc4dca39, 0xe453df3c, 38815, 0x69360c26, 0xa0f1562f],
  [0x0e540356, 0x49ee0d69, 0x802e4048, 0x4ccbef3b, 24626, 0x14be620d, 0x6221b4ea],
  [0xea80d334, 0xec2343a7, 0x0eabd00c, 0xe1e72179, 41498, 0xbcc8703d, 0xef66413a],
  [0xd0c24924, 0xa5363f37, 0x38cd25bf, 0x132bfbc2, 12427, 0x00000000, 0x76afcb49],
  [0xa65312d2, 0x452f2a16, 0xaddafe20, 0xb1ce62cf, 51068, 0xcf603c84, 0x81e41de8],
  [0x6e861fbe, 0x0340a9c6, 0xd9743dba, 0x86a909bb, 64375, 0x545974f4, 0x9018f184],
  [0x575cde3f, 0x5ff05632, 0xf3f1a989, 0x1eddb7c9, 26798, 0xacbcb8bb, 0x0fb52c4f],
  [0x5b1190ed, 0x488c890b, 0xec1d3e7d, 0x3185c914, 23070, 0x9c46a5a7, 0x0e0c510b],
];

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const port = fc.integer({ min: 0, max: 65535 });

describe('flow hash', () => {
  it('agrees with 50 vectors of jhash over 8 bytes', () => {
    expect(VECTORS_4).toHaveLength(50);
    for (const [source, sourcePort, seed, hash] of VECTORS_4) {
      expect([source, sourcePort, seed, flowHash4(source, sourcePort, seed)]).toEqual([
        source,
        sourcePort,
        seed,
        hash,
      ]);
    }
  });

  it('agrees with 50 vectors of jhash over 20 bytes', () => {
    expect(VECTORS_6).toHaveLength(50);
    for (const [w0, w1, w2, w3, sourcePort, seed, hash] of VECTORS_6) {
      expect([w0, w1, w2, w3, sourcePort, seed, flowHash6(w0, w1, w2, w3, sourcePort, seed)]).toEqual([
        w0,
        w1,
        w2,
        w3,
        sourcePort,
        seed,
        hash,
      ]);
    }
  });

  it('hashes an address by its family', () => {
    expect(flowHash(address('10.0.0.1'), 256, 5)).toBe(flowHash4(0x0a000001, 256, 5));
    fc.assert(
      fc.property(u32, u32, u32, u32, port, u32, (w0, w1, w2, w3, sourcePort, seed) => {
        expect(flowHash(ipv6FromWords(w0, w1, w2, w3), sourcePort, seed)).toBe(
          flowHash6(w0, w1, w2, w3, sourcePort, seed),
        );
      }),
    );
  });

  it('is a u32 for every input', () => {
    fc.assert(
      fc.property(u32, port, u32, (source, sourcePort, seed) => {
        const hash = flowHash4(source, sourcePort, seed);
        expect(hash).toBe(hash >>> 0);
      }),
    );
  });

  it('takes words that were read from an Int32Array for what they are as u32', () => {
    fc.assert(
      fc.property(u32, port, u32, (source, sourcePort, seed) => {
        expect(flowHash4(source | 0, sourcePort, seed | 0)).toBe(flowHash4(source, sourcePort, seed));
        expect(reciprocalScale(source | 0, 1000)).toBe(reciprocalScale(source, 1000));
      }),
    );
  });
});

describe('reciprocal scale', () => {
  it('gives the first slot for the lowest hash and the last for the highest', () => {
    for (const slotCount of [1, 2, 3, 16, 1000, 65537, 131072, 0x200000]) {
      expect(reciprocalScale(0, slotCount)).toBe(0);
      expect(reciprocalScale(0xffffffff, slotCount)).toBe(slotCount - 1);
    }
  });

  it('is exactly (hash * slots) >> 32 in 64-bit arithmetic up to 2^21 slots', () => {
    fc.assert(
      fc.property(u32, fc.integer({ min: 1, max: 0x200000 }), (hash, slotCount) => {
        expect(reciprocalScale(hash, slotCount)).toBe(Number((BigInt(hash) * BigInt(slotCount)) >> 32n));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes the upper bits of the hash where the slots are a power of two', () => {
    expect(reciprocalScale(0x12345678, 65536)).toBe(0x1234);
    expect(reciprocalScale(0xf0000000, 16)).toBe(15);
  });
});
