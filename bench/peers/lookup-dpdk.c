/*
 * The same lookup with DPDK's hash library for the search: `rte_hash_lookup_bulk`, 64 keys a call, and
 * everything behind it as in lookup-own.c. A key's position in the hash table is the index of its line.
 *
 *   lookup-dpdk JOB PACKETS
 */
#include <rte_hash.h>
#include <rte_hash_crc.h>

#include "dpdk.h"
#include "lookup-passes.h"
#include "serve.h"

static struct lookup_table table;
static struct rte_hash *hash_table;

static void build(const char *job_path)
{
	table = make_table(job_path);
	uint32_t count;
	struct line_key *keys = list_keys(&table.rules, &count);
	/* Half full: it is never the table that is short of room. */
	hash_table = make_hash("frontends", 2 * count + 8, sizeof(struct line_key));
	make_lines(&table, 2 * count + 10);
	for (uint32_t i = 0; i < count; i++) {
		int32_t position = rte_hash_add_key(hash_table, &keys[i]);
		if (position < 0)
			fail("rte_hash_add_key", "the table is full");
		fill_line(&table, (uint32_t)position + 1, &keys[i]);
	}
}

static inline void search(struct block *block, uint32_t count)
{
	struct line_key keys[BLOCK];
	const void *pointers[BLOCK];
	int32_t positions[BLOCK];
	for (uint32_t k = 0; k < count; k++) {
		for (int word = 0; word < ADDRESS_WORDS; word++)
			keys[k].address[word] = block->destination[word][k];
		keys[k].port_key = block->port_key[k];
		pointers[k] = &keys[k];
	}
	rte_hash_lookup_bulk(hash_table, pointers, count, positions);
	for (uint32_t k = 0; k < count; k++) {
		/* -ENOENT for a miss, and line 0 is none. */
		uint32_t line = positions[k] < 0 ? 0 : (uint32_t)positions[k] + 1;
		__builtin_prefetch(&table.lines[line]);
		block->line[k] = line;
	}
}

static void answer(const uint32_t *packets, uint32_t *verdicts, uint32_t count)
{
	answer_batch(&table, search, packets, verdicts, count);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		fail("usage", "lookup-dpdk JOB PACKETS");
	start_dpdk(argv[0]);
	build(argv[1]);
	return serve(argv[2], answer, table_bytes(&table) + hash_bytes());
}
