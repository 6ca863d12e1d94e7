/*
 * The job of a flow table: remember the backend of each flow, and answer its packets by it. As
 * bench/src/peers/flow-job.ts writes it. IPv4.
 */
#ifndef FLOWS_JOB_H
#define FLOWS_JOB_H

#include "records.h"
#include "words.h"

#if ADDRESS_WORDS != 1
#error "flows are of IPv4"
#endif

/* The four words of a packet record. */
struct flow_key {
	uint32_t source;
	uint32_t destination;
	uint32_t ports;
	uint32_t protocol;
};

/* A flow with what is remembered of it: the backend's number << 1, and whether it is masqueraded. */
struct flow {
	struct flow_key key;
	uint32_t memory;
};

#define MEMORY_BITS 24

/* A backend, its port where the outcome word has it. */
struct flow_backend {
	uint32_t port_bits;
	uint32_t address;
};

struct flows_job {
	/* In the order in which to insert them. */
	const struct flow *flows;
	uint32_t flow_count;
	/* Backend 0 is none, and zero. */
	struct flow_backend *backends;
	uint32_t backend_count;
};

struct flows_job read_flows_job(const char *path);

/* The verdict of a packet whose flow is remembered; memory 0 stands for no flow. */
static inline void write_remembered(const struct flow_backend *backends, uint32_t memory, uint32_t *verdict)
{
	const struct flow_backend *backend = &backends[memory >> 1];
	uint32_t bits = memory == 0 ? 0 : outcome(DNAT, BY_FRONTEND);
	bits |= backend->port_bits | (memory & 1) * OUTCOME_MASQUERADE;
	write_verdict(verdict, bits, &backend->address, memory >> 1, 0);
}

#endif
