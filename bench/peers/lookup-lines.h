/*
 * The frontends as cache lines, and what their pools point to. All that does not depend on the packet
 * is worked out when a line is made.
 */
#ifndef LOOKUP_LINES_H
#define LOOKUP_LINES_H

#include "lookup-rules.h"

/*
 * A pool in a line. Slots are packed; slot i has 1 << width bits from bit (i << width) on. They begin at
 * a word, so that the low five bits of the place are free for the width.
 */
struct line_pool {
	uint32_t slots; /* first bit, and the width */
	uint32_t slot_count;
	uint32_t slot_mask;
	uint32_t backends_first;
};

#define SLOTS_WIDTH 31u

/* What a line does for packets of one origin: the low bits of the outcome word, and these. */
#define LINE_OUTCOME 0x073fu
#define LINE_LOCAL_POOL 0x2000u
/* Every packet of the origin is sent to a backend: all that the block passes do by themselves. */
#define LINE_FORWARDS 0x4000u

struct line_head {
	uint32_t address[ADDRESS_WORDS];
	uint32_t port_key;
	uint32_t frontend;
#if ADDRESS_WORDS == 1
	/* Four words are copied at once. */
	uint32_t unused;
#endif
};

struct line {
	struct line_head head;
	uint16_t actions[4]; /* by origin */
	struct line_pool pools[2];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct line) == 64, "a line is a cache line");

/* A backend, its port where the outcome word has it. */
struct line_backend {
	uint32_t port_bits;
	uint32_t address[ADDRESS_WORDS];
};

/* A line's key. */
struct line_key {
	uint32_t address[ADDRESS_WORDS];
	uint32_t port_key;
};

/* What lines point to. Line 0 is none; its pools are zero, and so is backend 0. */
struct lookup_table {
	struct lookup_rules rules;
	struct line *lines;
	const uint8_t *slots;
	const struct line_backend *backends;
	/* By pool: how lines say it. Only for making lines. */
	struct line_pool *line_pools;
	uint32_t line_count;
	uint32_t slot_bytes;
};

/* Reads a job and packs its slots. The lines are the caller's: it says how many there are. */
struct lookup_table make_table(const char *job_path);
void make_lines(struct lookup_table *table, uint32_t line_count);

/* The keys of all lines: a node port has one for each address that it is served on. */
struct line_key *list_keys(const struct lookup_rules *rules, uint32_t *count);

/* What lookups read, but for a search of the peer's own. */
size_t table_bytes(const struct lookup_table *table);

/* Fills in the line of a key. */
void fill_line(struct lookup_table *table, uint32_t index, const struct line_key *key);

#endif
