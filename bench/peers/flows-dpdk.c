/*
 * The same flow table with DPDK's hash library: `rte_hash_lookup_bulk_data`, 64 keys a call, what is
 * remembered of a flow in the place of the pointer to its data.
 *
 *   flows-dpdk JOB PACKETS
 */
#include <rte_hash.h>

#include "dpdk.h"
#include "flows-job.h"
#include "serve.h"

#define BLOCK 64u

static struct flows_job job;
static struct rte_hash *hash_table;

static inline __attribute__((always_inline)) void answer_block(const uint32_t *packets, uint32_t *verdicts,
							       uint32_t count)
{
	struct flow_key keys[BLOCK] __attribute__((aligned(16)));
	const void *pointers[BLOCK];
	void *data[BLOCK];
	uint64_t hits = 0;
	uint32_t memory[BLOCK];
	for (uint32_t k = 0; k < count; k++) {
		const uint32_t *packet = packets + (size_t)k * PACKET_WORDS;
		keys[k] = (struct flow_key){ packet[0], packet[1], packet[2], packet[3] & 0xff };
		pointers[k] = &keys[k];
	}
	rte_hash_lookup_bulk_data(hash_table, pointers, count, &hits, data);
	for (uint32_t k = 0; k < count; k++) {
		memory[k] = (hits >> k & 1) != 0 ? (uint32_t)(uintptr_t)data[k] : 0;
		__builtin_prefetch(&job.backends[memory[k] >> 1]);
	}
	for (uint32_t k = 0; k < count; k++)
		write_remembered(job.backends, memory[k], verdicts + (size_t)k * VERDICT_WORDS);
}

static void answer(const uint32_t *packets, uint32_t *verdicts, uint32_t count)
{
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
		fail("usage", "flows-dpdk JOB PACKETS");
	start_dpdk(argv[0]);
	job = read_flows_job(argv[1]);
	/* Cuckoo hashing fills up to nine in ten, and what is smaller has more of it in the cache. */
	hash_table = make_hash("flows", job.flow_count + job.flow_count / 8 + 8, sizeof(struct flow_key));
	for (uint32_t i = 0; i < job.flow_count; i++) {
		const struct flow *flow = &job.flows[i];
		if (rte_hash_add_key_data(hash_table, &flow->key, (void *)(uintptr_t)flow->memory) != 0)
			fail("rte_hash_add_key_data", "the table is full");
	}
	return serve(argv[2], answer, job.backend_count * sizeof *job.backends + hash_bytes());
}
