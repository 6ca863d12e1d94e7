/*
 * A flow table as fast as we can write it in C. A bucket is one cache line with four flows, word by
 * word: all four are compared at once, and a packet reads one line that no other packet shares, and its
 * backend. A flow that finds its bucket full is in one of the next.
 *
 *   flows-own JOB PACKETS
 */
#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "flows-job.h"
#include "serve.h"

#define BLOCK 64u
#define BUCKET_FLOWS 4u
/* Of a bucket's four; with more of them more flows are not at home. */
#define FLOWS_EXPECTED 2u

struct bucket {
	uint32_t source[BUCKET_FLOWS];
	uint32_t destination[BUCKET_FLOWS];
	uint32_t ports[BUCKET_FLOWS];
	uint32_t entry[BUCKET_FLOWS]; /* memory << 8 | protocol; 0: empty */
} __attribute__((aligned(64)));

static struct flows_job job;
static struct bucket *buckets;
static uint32_t bucket_count;

static inline uint32_t mix(uint32_t hash)
{
	hash = (hash ^ hash >> 15) * 0x85ebca77u;
	return hash ^ hash >> 13;
}

static inline uint32_t home_of(uint32_t source, uint32_t destination, uint32_t ports, uint32_t protocol)
{
	uint32_t hash = mix(mix(source * 0x9e3779b1u + ports) + destination * 0xc2b2ae3du + protocol);
	return (uint32_t)((uint64_t)(hash * 0x27d4eb2fu) * bucket_count >> 32);
}

/* A bit for each flow of the bucket that has a packet's key. */
#if defined(__AVX512F__)
static inline uint32_t compare_flows(const struct bucket *bucket, const uint32_t *packet)
{
	const __m512i spread = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
	const __m512i mask = _mm512_set_epi32(0xff, 0xff, 0xff, 0xff, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
					      -1, -1);
	__m512i key = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)packet));
	__m512i differs = _mm512_xor_si512(_mm512_permutexvar_epi32(spread, key), _mm512_load_si512(bucket));
	uint32_t alike = _mm512_testn_epi32_mask(differs, mask);
	alike &= alike >> 8;
	return alike & alike >> 4 & 0xf;
}
#elif defined(__SSE2__)
static inline uint32_t compare_flows(const struct bucket *bucket, const uint32_t *packet)
{
	const __m128i *words = (const __m128i *)bucket;
	__m128i key = _mm_loadu_si128((const __m128i *)packet);
	__m128i differs = _mm_xor_si128(_mm_shuffle_epi32(key, 0xff), words[3]);
	differs = _mm_and_si128(differs, _mm_set1_epi32(0xff));
	differs = _mm_or_si128(differs, _mm_xor_si128(_mm_shuffle_epi32(key, 0x00), words[0]));
	differs = _mm_or_si128(differs, _mm_xor_si128(_mm_shuffle_epi32(key, 0x55), words[1]));
	differs = _mm_or_si128(differs, _mm_xor_si128(_mm_shuffle_epi32(key, 0xaa), words[2]));
	__m128i alike = _mm_cmpeq_epi32(differs, _mm_setzero_si128());
	return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(alike));
}
#else
static inline uint32_t compare_flows(const struct bucket *bucket, const uint32_t *packet)
{
	uint32_t alike = 0;
	for (uint32_t i = 0; i < BUCKET_FLOWS; i++) {
		uint32_t differs = (bucket->source[i] ^ packet[0]) | (bucket->destination[i] ^ packet[1]);
		differs |= (bucket->ports[i] ^ packet[2]) | ((bucket->entry[i] ^ packet[3]) & 0xff);
		alike |= (uint32_t)(differs == 0) << i;
	}
	return alike;
}
#endif

static void insert(const struct flow *flow)
{
	const struct flow_key *key = &flow->key;
	uint32_t at = home_of(key->source, key->destination, key->ports, key->protocol);
	for (;; at = at + 1 == bucket_count ? 0 : at + 1) {
		struct bucket *bucket = &buckets[at];
		for (uint32_t i = 0; i < BUCKET_FLOWS; i++) {
			if (bucket->entry[i] != 0)
				continue;
			bucket->source[i] = key->source;
			bucket->destination[i] = key->destination;
			bucket->ports[i] = key->ports;
			bucket->entry[i] = flow->memory << 8 | key->protocol;
			return;
		}
	}
}

/* What is remembered of a flow that is not in its home, 0 for nothing. Buckets fill from the front. */
static uint32_t search_on(uint32_t at, const uint32_t *packet)
{
	while (buckets[at].entry[BUCKET_FLOWS - 1] != 0) {
		at = at + 1 == bucket_count ? 0 : at + 1;
		uint32_t alike = compare_flows(&buckets[at], packet);
		if (alike != 0)
			return buckets[at].entry[__builtin_ctz(alike)] >> 8;
	}
	return 0;
}

static inline __attribute__((always_inline)) void answer_block(const uint32_t *packets, uint32_t *verdicts,
							       uint32_t count)
{
	uint32_t home[BLOCK];
	uint32_t memory[BLOCK];
	uint32_t elsewhere[BLOCK];
	uint32_t elsewhere_count = 0;
	for (uint32_t k = 0; k < count; k++) {
		const uint32_t *packet = packets + (size_t)k * PACKET_WORDS;
		home[k] = home_of(packet[0], packet[1], packet[2], packet[3] & 0xff);
	}
	for (uint32_t k = 0; k < count; k++)
		__builtin_prefetch(&buckets[home[k]]);
	for (uint32_t k = 0; k < count; k++) {
		const struct bucket *bucket = &buckets[home[k]];
		uint32_t alike = compare_flows(bucket, packets + (size_t)k * PACKET_WORDS);
		uint32_t found = bucket->entry[__builtin_ctz(alike | 1u << (BUCKET_FLOWS - 1))];
		/* Where the last entry is another flow's, it is searched for, and this is overwritten. */
		memory[k] = found >> 8;
		elsewhere[elsewhere_count] = k;
		elsewhere_count += alike == 0;
		__builtin_prefetch(&job.backends[found >> 9]);
	}
	for (uint32_t i = 0; i < elsewhere_count; i++) {
		uint32_t k = elsewhere[i];
		memory[k] = search_on(home[k], packets + (size_t)k * PACKET_WORDS);
	}
	for (uint32_t k = 0; k < count; k++)
		write_remembered(job.backends, memory[k], verdicts + (size_t)k * VERDICT_WORDS);
}

static void answer(const uint32_t *packets, uint32_t *verdicts, uint32_t count)
{
	/* A count that the compiler knows lets it unroll. */
	for (; count >= BLOCK; count -= BLOCK) {
		answer_block(packets, verdicts, BLOCK);
		packets += (size_t)BLOCK * PACKET_WORDS;
		verdicts += (size_t)BLOCK * VERDICT_WORDS;
	}
	if (count > 0)
		answer_block(packets, verdicts, count);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		fail("usage", "flows-own JOB PACKETS");
	job = read_flows_job(argv[1]);
	bucket_count = job.flow_count / FLOWS_EXPECTED + 2;
	buckets = huge_alloc((size_t)bucket_count * sizeof *buckets);
	for (uint32_t i = 0; i < job.flow_count; i++)
		insert(&job.flows[i]);
	size_t backend_bytes = job.backend_count * sizeof *job.backends;
	return serve(argv[2], answer, backend_bytes + (size_t)bucket_count * sizeof *buckets);
}
