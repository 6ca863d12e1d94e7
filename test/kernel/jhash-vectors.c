/*
 * Prints the vectors of packages/model/src/flow-hash.test.ts:
 *
 *   cc -O2 -Wall -o jhash-vectors test/kernel/jhash-vectors.c && ./jhash-vectors 4 && ./jhash-vectors 6
 *
 * The hash is written byte by byte after Bob Jenkins' lookup3.c (hashlittle, public domain), of which
 * the kernel's jhash() in include/linux/jhash.h is a copy with JHASH_INITVAL in the place of 0xdeadbeef.
 * It shares nothing with the TypeScript, which has words where this has bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define JHASH_INITVAL 0xdeadbeefu

static uint32_t rol(uint32_t x, unsigned k) { return (x << k) | (x >> (32 - k)); }

static uint32_t word(const uint8_t *k)
{
	return k[0] | (uint32_t)k[1] << 8 | (uint32_t)k[2] << 16 | (uint32_t)k[3] << 24;
}

static uint32_t jhash(const uint8_t *k, uint32_t length, uint32_t initval)
{
	uint32_t a, b, c;

	a = b = c = JHASH_INITVAL + length + initval;
	while (length > 12) {
		a += word(k);
		b += word(k + 4);
		c += word(k + 8);
		a -= c; a ^= rol(c, 4); c += b;
		b -= a; b ^= rol(a, 6); a += c;
		c -= b; c ^= rol(b, 8); b += a;
		a -= c; a ^= rol(c, 16); c += b;
		b -= a; b ^= rol(a, 19); a += c;
		c -= b; c ^= rol(b, 4); b += a;
		length -= 12;
		k += 12;
	}
	switch (length) { /* every case falls through */
	case 12: c += (uint32_t)k[11] << 24; /* fall through */
	case 11: c += (uint32_t)k[10] << 16; /* fall through */
	case 10: c += (uint32_t)k[9] << 8; /* fall through */
	case 9: c += k[8]; /* fall through */
	case 8: b += (uint32_t)k[7] << 24; /* fall through */
	case 7: b += (uint32_t)k[6] << 16; /* fall through */
	case 6: b += (uint32_t)k[5] << 8; /* fall through */
	case 5: b += k[4]; /* fall through */
	case 4: a += (uint32_t)k[3] << 24; /* fall through */
	case 3: a += (uint32_t)k[2] << 16; /* fall through */
	case 2: a += (uint32_t)k[1] << 8; /* fall through */
	case 1:
		a += k[0];
		c ^= b; c -= rol(b, 14);
		a ^= c; a -= rol(c, 11);
		b ^= a; b -= rol(a, 25);
		c ^= b; c -= rol(b, 16);
		a ^= c; a -= rol(c, 4);
		b ^= a; b -= rol(a, 14);
		c ^= b; c -= rol(b, 24);
	case 0:
		break;
	}
	return c;
}

/* Arbitrary, reproducible words: xorshift32. */
static uint32_t state = 2463534242u;

static uint32_t next(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void vector(int family, const uint32_t *words, uint32_t port, uint32_t seed)
{
	int count = family == 4 ? 1 : 4;
	uint8_t bytes[20] = { 0 };

	for (int i = 0; i < count; i++)
		for (int j = 0; j < 4; j++)
			bytes[4 * i + j] = words[i] >> (24 - 8 * j);
	bytes[4 * count] = port >> 8;
	bytes[4 * count + 1] = port;

	printf("  [");
	for (int i = 0; i < count; i++)
		printf("0x%08x, ", words[i]);
	printf("%u, 0x%08x, 0x%08x],\n", port, seed, jhash(bytes, 4 * count + 4, seed));
}

int main(int argc, char **argv)
{
	static const uint32_t addresses[][4] = {
		{ 0, 0, 0, 0 },
		{ 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu },
		{ 0x7f000001u, 0, 0, 1 },
		{ 0x0a000001u, 0xfd000244u, 0, 1 },
		{ 0x80000000u, 0, 0, 0x80000000u },
	};
	static const uint32_t ports[] = { 0, 1, 255, 256, 65535 };
	static const uint32_t seeds[] = { 0, 1, 0x80000000u, 0xdeadbeefu, 0xffffffffu };
	int family = argc > 1 ? atoi(argv[1]) : 4;

	for (int a = 0; a < 5; a++)
		for (int p = 0; p < 5; p++)
			vector(family, addresses[a], ports[p], seeds[(a + p) % 5]);
	for (int i = 0; i < 25; i++) {
		uint32_t words[4] = { next(), next(), next(), next() };
		vector(family, words, next() & 0xffff, i % 5 == 0 ? 0 : next());
	}
	return 0;
}
