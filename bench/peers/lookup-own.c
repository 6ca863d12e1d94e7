/*
 * The lookup of packets as fast as we can write it in C: what the implementations in TypeScript are
 * measured by. Buckets of sixteen 16-bit tags, compared at once; the line of a tag is at the tag's own
 * place, so that nothing else has to be read. Blocks of 64 packets, in passes.
 *
 *   lookup-own JOB PACKETS
 */
#include <stdio.h>
#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "lookup-passes.h"
#include "serve.h"

#define BUCKET_TAGS 16u
/* So few that hardly a bucket overflows; if one does, there are twice as many. */
#define TAGS_EXPECTED 6u

struct bucket {
	uint16_t tags[BUCKET_TAGS]; /* 0: empty */
} __attribute__((aligned(32)));

static struct lookup_table table;
static struct bucket *buckets;
static uint32_t bucket_shift;
static size_t bucket_bytes;

static inline uint32_t finish(uint32_t sum)
{
	return (sum ^ sum >> 16) * 0xc2b2ae3du;
}

/* The top bits of a key's hash are its bucket, the others its tag. */
static inline uint32_t key_hash(const uint32_t *address, uint32_t port_key)
{
	uint32_t sum = port_key * 0x85ebca77u;
	static const uint32_t odd[4] = { 0x9e3779b1u, 0x27d4eb2fu, 0x165667b1u, 0xd35a2d97u };
	for (int word = 0; word < ADDRESS_WORDS; word++)
		sum += address[word] * odd[word];
	return finish(sum);
}

static inline uint32_t tag_of(uint32_t hash)
{
	return (hash & 0xffff) | 1;
}

/* The line of a tag is at the tag's place, behind line 0, which is none. */
static inline uint32_t line_of(uint32_t bucket, uint32_t at)
{
	return bucket * BUCKET_TAGS + at + 1;
}

/* A bit for each tag that is alike; with SSE2 two bits. */
#if defined(__AVX512BW__) && defined(__AVX512VL__)
#define TAG_BITS 1
static inline uint32_t compare_tags(const struct bucket *bucket, uint32_t tag)
{
	__m256i tags = _mm256_load_si256((const __m256i *)bucket->tags);
	return _mm256_cmpeq_epi16_mask(tags, _mm256_set1_epi16((short)tag));
}
#elif defined(__AVX2__)
#define TAG_BITS 2
static inline uint32_t compare_tags(const struct bucket *bucket, uint32_t tag)
{
	__m256i tags = _mm256_load_si256((const __m256i *)bucket->tags);
	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi16(tags, _mm256_set1_epi16((short)tag)));
}
#elif defined(__SSE2__)
#define TAG_BITS 2
static inline uint32_t compare_tags(const struct bucket *bucket, uint32_t tag)
{
	const __m128i *tags = (const __m128i *)bucket->tags;
	__m128i wanted = _mm_set1_epi16((short)tag);
	uint32_t low = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi16(tags[0], wanted));
	uint32_t high = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi16(tags[1], wanted));
	return low | high << 16;
}
#else
#define TAG_BITS 1
static inline uint32_t compare_tags(const struct bucket *bucket, uint32_t tag)
{
	uint32_t bits = 0;
	for (uint32_t i = 0; i < BUCKET_TAGS; i++)
		bits |= (uint32_t)(bucket->tags[i] == tag) << i;
	return bits;
}
#endif

/* Places all tags and lines, unless a bucket overflows. */
static int place(const struct line_key *keys, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t hash = key_hash(keys[i].address, keys[i].port_key);
		struct bucket *bucket = &buckets[hash >> bucket_shift];
		/* From anywhere on: lines that are used shall not all be of the same few cache sets. */
		uint32_t at = hash % BUCKET_TAGS;
		for (uint32_t tried = 0; bucket->tags[at] != 0; tried++) {
			if (tried == BUCKET_TAGS)
				return 0;
			at = (at + 1) % BUCKET_TAGS;
		}
		bucket->tags[at] = (uint16_t)tag_of(hash);
		fill_line(&table, line_of(hash >> bucket_shift, at), &keys[i]);
	}
	return 1;
}

static void build(const char *job_path)
{
	table = make_table(job_path);
	uint32_t count;
	struct line_key *keys = list_keys(&table.rules, &count);
	uint32_t bits = 1;
	while (TAGS_EXPECTED << bits < count)
		bits++;
	for (;; bits++) {
		if (bits > 24)
			fail("cannot place the frontends", "too many keys of one hash");
		bucket_shift = 32 - bits;
		bucket_bytes = sizeof *buckets << bits;
		buckets = huge_alloc(bucket_bytes);
		make_lines(&table, (BUCKET_TAGS << bits) + 1);
		if (place(keys, count))
			return;
	}
}

static inline void search(struct block *block, uint32_t count)
{
	uint32_t bucket[BLOCK];
	uint32_t tag[BLOCK];
	for (uint32_t k = 0; k < count; k++) {
		uint32_t address[ADDRESS_WORDS];
		for (int word = 0; word < ADDRESS_WORDS; word++)
			address[word] = block->destination[word][k];
		uint32_t hash = key_hash(address, block->port_key[k]);
		bucket[k] = hash >> bucket_shift;
		tag[k] = tag_of(hash);
	}
	for (uint32_t k = 0; k < count; k++)
		__builtin_prefetch(&buckets[bucket[k]]);
	for (uint32_t k = 0; k < count; k++) {
		uint32_t alike = compare_tags(&buckets[bucket[k]], tag[k]);
		/* Without a branch, which one packet in sixteen would mispredict. */
		uint32_t found = -(uint32_t)(alike != 0);
		uint32_t at = (uint32_t)__builtin_ctz(alike | 1u << 31) / TAG_BITS;
		block->line[k] = line_of(bucket[k], at) & found;
		__builtin_prefetch(&table.lines[block->line[k]]);
	}
}

static void answer(const uint32_t *packets, uint32_t *verdicts, uint32_t count)
{
	answer_batch(&table, search, packets, verdicts, count);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		fail("usage", "lookup-own JOB PACKETS");
	build(argv[1]);
	return serve(argv[2], answer, table_bytes(&table) + bucket_bytes);
}
