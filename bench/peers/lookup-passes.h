/*
 * A block of packets from hashes to verdicts, in passes: each pass touches what the next one reads,
 * so that the cache misses of a block's packets overlap. No pass branches on a packet, but for those
 * that the rules settle one by one; they are set aside and come last. Functions are in this header so
 * that each peer has them compiled into one loop with its own search.
 */
#ifndef LOOKUP_PASSES_H
#define LOOKUP_PASSES_H

#include <string.h>

#include "lookup-lines.h"

#define BLOCK 64u

/* A block's packets, a column for each field. */
struct block {
	uint32_t source[ADDRESS_WORDS][BLOCK];
	uint32_t destination[ADDRESS_WORDS][BLOCK];
	uint32_t port_key[BLOCK];
	uint32_t flow_hash[BLOCK];
	uint32_t origin[BLOCK];
	/* Index of the line that a search found; it may be that of another key. 0: none. */
	uint32_t line[BLOCK];
	/* What the line says, right or wrong: its head, and what it does for the packet's origin. */
	struct line_head head[BLOCK];
	struct line_pool pool[BLOCK];
	uint32_t action[BLOCK];
	/* Bit of the slot, and the word at its byte. */
	uint32_t slot_bit[BLOCK];
	uint32_t slot_word[BLOCK];
	uint32_t backend[BLOCK];
	struct line_backend backend_record[BLOCK];
	/* Packets set aside: another line's key, or nothing to forward to. Not 0 for those. */
	uint8_t aside[BLOCK] __attribute__((aligned(64)));
};

static inline uint32_t rotate(uint32_t word, int bits)
{
	return word << bits | word >> (32 - bits);
}

/* __jhash_final of include/linux/jhash.h. */
static inline uint32_t jhash_final(uint32_t a, uint32_t b, uint32_t c)
{
	c = (c ^ b) - rotate(b, 14);
	a = (a ^ c) - rotate(c, 11);
	b = (b ^ a) - rotate(a, 25);
	c = (c ^ b) - rotate(b, 16);
	a = (a ^ c) - rotate(c, 4);
	b = (b ^ a) - rotate(a, 14);
	return (c ^ b) - rotate(b, 24);
}

static inline uint32_t swap16(uint32_t port)
{
	return (port & 0xff) << 8 | port >> 8;
}

/* jhash over the source address and the source port, padded with two zero bytes. */
static inline uint32_t flow_hash(const struct block *block, uint32_t k, uint32_t source_port, uint32_t seed)
{
	uint32_t initial = 0xdeadbeefu + 4 * ADDRESS_WORDS + 4 + seed;
#if ADDRESS_WORDS == 1
	return jhash_final(initial + __builtin_bswap32(block->source[0][k]), initial + swap16(source_port),
			   initial);
#else
	uint32_t a = initial + __builtin_bswap32(block->source[0][k]);
	uint32_t b = initial + __builtin_bswap32(block->source[1][k]);
	uint32_t c = initial + __builtin_bswap32(block->source[2][k]);
	a = (a - c) ^ rotate(c, 4), c += b;
	b = (b - a) ^ rotate(a, 6), a += c;
	c = (c - b) ^ rotate(b, 8), b += a;
	a = (a - c) ^ rotate(c, 16), c += b;
	b = (b - a) ^ rotate(a, 19), a += c;
	c = (c - b) ^ rotate(b, 4), b += a;
	return jhash_final(a + __builtin_bswap32(block->source[3][k]), b + swap16(source_port), c);
#endif
}

/* Whether source k is an address, or behind it: word by word, without a branch. */
static inline uint32_t not_before(const struct block *block, uint32_t k, const uint32_t *address)
{
	uint32_t so = 1;
	for (int word = ADDRESS_WORDS - 1; word >= 0; word--) {
		uint32_t own = block->source[word][k];
		so = (own > address[word]) | ((own == address[word]) & so);
	}
	return so;
}

static inline uint32_t is_source(const struct block *block, uint32_t k, const uint32_t *address)
{
	uint32_t differs = 0;
	for (int word = 0; word < ADDRESS_WORDS; word++)
		differs |= block->source[word][k] ^ address[word];
	return differs == 0;
}

static inline uint32_t is_loopback_source(const struct block *block, uint32_t k)
{
#if ADDRESS_WORDS == 1
	return block->source[0][k] >> 24 == 127;
#else
	static const uint32_t loopback[ADDRESS_WORDS] = { 0, 0, 0, 1 };
	return is_source(block, k, loopback);
#endif
}

/* Origins by comparing with every range and address, where there are few, as is the rule. */
static inline void compare_origins(const struct lookup_job *job, struct block *block, uint32_t count)
{
	for (uint32_t k = 0; k < count; k++)
		block->origin[k] = is_loopback_source(block, k) ? NODE : OUTSIDE;
	for (uint32_t i = 0; i < job->local_addresses.count; i++) {
		const uint32_t *address = job->local_addresses.records + (size_t)i * ADDRESS_WORDS;
		for (uint32_t k = 0; k < count; k++)
			block->origin[k] = is_source(block, k, address) ? NODE : block->origin[k];
	}
	/* Pods last: the detector's range stands before the node's own addresses. */
	for (uint32_t i = 0; i < job->pod_ranges.count; i++) {
		const uint32_t *first = job->pod_ranges.records + (size_t)i * 2 * ADDRESS_WORDS;
		const uint32_t *last = first + ADDRESS_WORDS;
		for (uint32_t k = 0; k < count; k++) {
			uint32_t behind = not_before(block, k, last) & !is_source(block, k, last);
			uint32_t inside = not_before(block, k, first) & !behind;
			block->origin[k] = inside ? POD : block->origin[k];
		}
	}
}

static inline void find_origins(const struct lookup_job *job, struct block *block, uint32_t count)
{
	if (job->pod_ranges.count <= 2 && job->local_addresses.count <= 8) {
		compare_origins(job, block, count);
		return;
	}
	for (uint32_t k = 0; k < count; k++) {
		uint32_t source[ADDRESS_WORDS];
		for (int word = 0; word < ADDRESS_WORDS; word++)
			source[word] = block->source[word][k];
		block->origin[k] = is_local(job, source) ? NODE : OUTSIDE;
		if (contains(job->pod_ranges, source))
			block->origin[k] = POD;
	}
}

/* Fills the columns up to the origin. */
static inline void read_block(const struct lookup_table *table, const uint32_t *packets, struct block *block,
			      uint32_t count)
{
	for (uint32_t k = 0; k < count; k++) {
		const uint32_t *packet = packets + (size_t)k * PACKET_WORDS;
		for (int word = 0; word < ADDRESS_WORDS; word++) {
			block->source[word][k] = packet[PACKET_SOURCE + word];
			block->destination[word][k] = packet[PACKET_DESTINATION + word];
		}
		block->port_key[k] = port_key_of(packet);
		block->flow_hash[k] = packet[PACKET_PORTS] >> 16;
	}
	for (uint32_t k = 0; k < count; k++)
		block->flow_hash[k] = flow_hash(block, k, block->flow_hash[k], table->rules.job.seed);
	find_origins(&table->rules.job, block, count);
}

static inline int has_key(const struct line *line, const uint32_t *packet)
{
	return line->head.port_key == port_key_of(packet) &&
	       same_address(line->head.address, packet + PACKET_DESTINATION);
}

/* A packet that was set aside. */
static inline void settle_aside(const struct lookup_table *table, const uint32_t *packet, uint32_t *verdict,
				const struct block *block, uint32_t k)
{
	const struct lookup_rules *rules = &table->rules;
	const struct line *line = &table->lines[block->line[k]];
	uint32_t frontend = line->head.frontend;
	const uint32_t *destination = packet + PACKET_DESTINATION;
	uint32_t origin_bits = block->origin[k] << OUTCOME_ORIGIN_SHIFT;
	uint32_t action = block->action[k];
	uint32_t what = action & ACTION_VERDICT;

	if (block->line[k] == 0 && !is_of_node(&rules->job, destination)) {
		write_verdict(verdict, cluster_ip_space(rules, destination) | origin_bits, no_address, 0, 0);
	} else if (!has_key(line, packet)) {
		settle(rules, packet, verdict, block->origin[k], block->flow_hash[k]);
	} else if (!source_is_let_in(&rules->job, &rules->job.frontends[frontend], packet + PACKET_SOURCE)) {
		uint32_t bits = outcome(DROP, BY_SOURCE_RANGES) | origin_bits;
		write_verdict(verdict, bits, no_address, 0, frontend);
	} else if (what != DNAT) {
		if (what == NONE || is_of_node(&rules->job, destination))
			settle(rules, packet, verdict, block->origin[k], block->flow_hash[k]);
		else
			write_verdict(verdict, action & LINE_OUTCOME, no_address, 0, frontend);
	}
}

/* Copies what the passes need of each packet's line. */
static inline void read_lines(const struct lookup_table *table, struct block *block, uint32_t count)
{
	for (uint32_t k = 0; k < count; k++) {
		const struct line *line = &table->lines[block->line[k]];
		uint32_t action = line->actions[block->origin[k]];
		block->head[k] = line->head;
		block->pool[k] = line->pools[(action & LINE_LOCAL_POOL) != 0];
		block->action[k] = action;
	}
}

/* Picks slots, and says which packets to set aside. */
static inline void pick_slots(const struct lookup_table *table, struct block *block, uint32_t count)
{
	for (uint32_t k = 0; k < count; k++) {
		const struct line_pool *pool = &block->pool[k];
		uint32_t slot = scale(block->flow_hash[k], pool->slot_count);
		block->slot_bit[k] = (pool->slots & ~SLOTS_WIDTH) + (slot << (pool->slots & SLOTS_WIDTH));
	}
	for (uint32_t k = 0; k < count; k++)
		__builtin_prefetch(table->slots + (block->slot_bit[k] >> 3));
	for (uint32_t k = 0; k < count; k++) {
		uint32_t differs = block->head[k].port_key ^ block->port_key[k];
		for (int word = 0; word < ADDRESS_WORDS; word++)
			differs |= block->head[k].address[word] ^ block->destination[word][k];
		block->aside[k] = (differs | (~block->action[k] & LINE_FORWARDS)) != 0;
	}
	memset(block->aside + count, 0, BLOCK - count);
}

/* The backends that slots name. */
static inline void read_slots(const struct lookup_table *table, struct block *block, uint32_t count)
{
	for (uint32_t k = 0; k < count; k++)
		memcpy(&block->slot_word[k], table->slots + (block->slot_bit[k] >> 3), 4);
	for (uint32_t k = 0; k < count; k++) {
		uint32_t index = block->slot_word[k] >> (block->slot_bit[k] & 7) & block->pool[k].slot_mask;
		block->backend[k] = block->pool[k].backends_first + index;
	}
	for (uint32_t k = 0; k < count; k++)
		__builtin_prefetch(&table->backends[block->backend[k]]);
}

/* A translation for every packet, also for those set aside. */
static inline void write_translations(const struct lookup_table *table, uint32_t *verdicts, struct block *block,
				      uint32_t count)
{
	for (uint32_t k = 0; k < count; k++)
		block->backend_record[k] = table->backends[block->backend[k]];
	for (uint32_t k = 0; k < count; k++) {
		const struct line_backend *backend = &block->backend_record[k];
		uint32_t differs = 0;
		for (int word = 0; word < ADDRESS_WORDS; word++)
			differs |= backend->address[word] ^ block->source[word][k];
		uint32_t hairpin = differs == 0 ? OUTCOME_MASQUERADE : 0;
		uint32_t bits = (block->action[k] & LINE_OUTCOME) | hairpin | backend->port_bits;
		write_verdict(verdicts + (size_t)k * VERDICT_WORDS, bits, backend->address, block->backend[k],
			      block->head[k].frontend);
	}
}

/* The numbers of the packets set aside. */
static inline uint32_t list_aside(const struct block *block, uint32_t *numbers)
{
	uint32_t found = 0;
	for (uint32_t first = 0; first < BLOCK; first += 8) {
		uint64_t eight;
		memcpy(&eight, block->aside + first, 8);
		for (; eight != 0; eight &= eight - 1)
			numbers[found++] = first + ((uint32_t)__builtin_ctzll(eight) >> 3);
	}
	return found;
}

static inline void settle_all_aside(const struct lookup_table *table, const uint32_t *packets,
				    uint32_t *verdicts, const struct block *block)
{
	const struct lookup_rules *rules = &table->rules;
	uint32_t numbers[BLOCK];
	uint32_t found = list_aside(block, numbers);
	for (uint32_t i = 0; i < found; i++) {
		uint32_t k = numbers[i];
		prefetch_cluster_ip(rules, packets + (size_t)k * PACKET_WORDS + PACKET_DESTINATION);
		__builtin_prefetch(&rules->job.frontends[block->head[k].frontend]);
	}
	for (uint32_t i = 0; i < found; i++) {
		uint32_t k = numbers[i];
		settle_aside(table, packets + (size_t)k * PACKET_WORDS, verdicts + (size_t)k * VERDICT_WORDS,
			     block, k);
	}
}

/* From the columns up to the line to verdicts. */
static inline void answer_block(const struct lookup_table *table, const uint32_t *packets, uint32_t *verdicts,
				struct block *block, uint32_t count)
{
	read_lines(table, block, count);
	pick_slots(table, block, count);
	read_slots(table, block, count);
	write_translations(table, verdicts, block, count);
	settle_all_aside(table, packets, verdicts, block);
}

/* The search of a peer: fills the column of lines. */
typedef void search_block(struct block *block, uint32_t count);

/* Answers a batch. Inlined with a search that the compiler knows, and with a count, so that it unrolls. */
static inline __attribute__((always_inline)) void answer_batch(const struct lookup_table *table,
							       search_block *search, const uint32_t *packets,
							       uint32_t *verdicts, uint32_t count)
{
	struct block block;
	for (; count >= BLOCK; count -= BLOCK) {
		read_block(table, packets, &block, BLOCK);
		search(&block, BLOCK);
		answer_block(table, packets, verdicts, &block, BLOCK);
		packets += (size_t)BLOCK * PACKET_WORDS;
		verdicts += (size_t)BLOCK * VERDICT_WORDS;
	}
	if (count > 0) {
		read_block(table, packets, &block, count);
		search(&block, count);
		answer_block(table, packets, verdicts, &block, count);
	}
}

#endif
