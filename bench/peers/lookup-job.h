/*
 * The job of a stateless lookup: what to look packets up in, as bench/src/peers/lookup-job.ts writes
 * it. Nothing in here is laid out for speed; that is the business of each peer.
 */
#ifndef LOOKUP_JOB_H
#define LOOKUP_JOB_H

#include "records.h"
#include "words.h"

/* Intervals (first and last address), or addresses, or other records. */
struct section {
	const uint32_t *records;
	uint32_t count;
};

enum frontend_kind { CLUSTER_IP, OTHER_ADDRESS, NODE_PORT, HEALTH_CHECK };

/* A frontend's action for one origin. */
#define ACTION_VERDICT 7u
#define ACTION_MASQUERADE 8u
#define ACTION_LOCAL_POOL 16u

/* A record of the file. The address of a port on the node's own addresses is zero. */
struct frontend {
	uint32_t kind;
	uint32_t port_key; /* port << 16 | protocol number */
	uint32_t address[ADDRESS_WORDS];
	uint32_t ranges_first;
	uint32_t ranges_count; /* + 1; 0: every source is let in */
	uint32_t actions[3];   /* by origin */
	uint32_t pools[2];     /* cluster, local; 0: none */
};

/* A record of the file. Backends are counted from 1. */
struct pool {
	uint32_t slots_first;
	uint32_t slot_count;
	uint32_t backends_first;
	uint32_t backend_count;
};

struct backend {
	uint32_t address[ADDRESS_WORDS];
	uint32_t port;
};

struct lookup_job {
	uint32_t seed;
	struct section pod_ranges;
	struct section local_addresses;
	struct section node_port_addresses;
	/* Whether node ports are served on loopback, too. */
	uint32_t node_ports_on_loopback;
	struct section cluster_ips;
	struct section service_ranges;
	struct section source_ranges;
	/* Frontend, pool and backend 0 are none, and all zero. */
	const struct frontend *frontends;
	uint32_t frontend_count;
	const struct pool *pools;
	uint32_t pool_count;
	const uint32_t *slots;
	uint32_t slot_count;
	const struct backend *backends;
	uint32_t backend_count;
};

struct lookup_job read_lookup_job(const char *path);

/* Whether an interval of a section holds an address. */
static inline int contains(struct section ranges, const uint32_t *address)
{
	for (uint32_t i = 0; i < ranges.count; i++) {
		const uint32_t *range = ranges.records + (size_t)i * 2 * ADDRESS_WORDS;
		if (compare_addresses(range, address) <= 0 &&
		    compare_addresses(address, range + ADDRESS_WORDS) <= 0)
			return 1;
	}
	return 0;
}

/* Whether a section lists an address. */
static inline int lists(struct section addresses, const uint32_t *address)
{
	for (uint32_t i = 0; i < addresses.count; i++)
		if (same_address(addresses.records + (size_t)i * ADDRESS_WORDS, address))
			return 1;
	return 0;
}

/* 127.0.0.0/8 or ::1. */
static inline int is_loopback(const uint32_t *address)
{
#if ADDRESS_WORDS == 1
	return address[0] >> 24 == 127;
#else
	return (address[0] | address[1] | address[2]) == 0 && address[3] == 1;
#endif
}

/* Whether an address is the node's own. */
static inline int is_local(const struct lookup_job *job, const uint32_t *address)
{
	return is_loopback(address) || lists(job->local_addresses, address);
}

/* Whether ports of the node may have a say about an address. */
static inline int is_of_node(const struct lookup_job *job, const uint32_t *address)
{
	return is_local(job, address) || lists(job->node_port_addresses, address);
}

#endif
