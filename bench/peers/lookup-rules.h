/*
 * The rules of a lookup, one after the other and for one packet: what a line cannot say at once.
 */
#ifndef LOOKUP_RULES_H
#define LOOKUP_RULES_H

#include "lookup-job.h"

/* Frontends by address, port key and the space that they are in. */
struct key_map {
	uint32_t mask;
	struct key_entry *entries;
};

/* Addresses, open addressed; an entry of zero is empty, so that zero itself is said apart. */
struct address_set {
	uint32_t mask;
	int has_zero;
	uint32_t (*entries)[ADDRESS_WORDS];
};

struct lookup_rules {
	struct lookup_job job;
	/* Of two frontends with one key, the later one counts. */
	struct key_map frontends;
	struct address_set cluster_ips;
	/* What they take. */
	size_t bytes;
};

enum space { ADDRESS_SPACE, NODE_PORT_SPACE, HEALTH_CHECK_SPACE };

struct lookup_rules make_rules(struct lookup_job job);

/* The frontend of a key, 0 for none. Of ports on the node's own addresses, the address is zero. */
uint32_t find_frontend(const struct lookup_rules *rules, enum space space, const uint32_t *address,
		       uint32_t port_key);

extern const uint32_t no_address[ADDRESS_WORDS];

/* Whether the source ranges of a frontend, if it has any, hold an address. */
int source_is_let_in(const struct lookup_job *job, const struct frontend *frontend, const uint32_t *source);

/* Decides one packet by all the rules. */
void settle(const struct lookup_rules *rules, const uint32_t *packet, uint32_t *verdict, enum origin origin,
	    uint32_t flow_hash);

/* The outcome for a packet to an address that is not the node's and that no frontend takes. */
uint32_t cluster_ip_space(const struct lookup_rules *rules, const uint32_t *destination);

/* Brings into the cache what `cluster_ip_space` reads. */
void prefetch_cluster_ip(const struct lookup_rules *rules, const uint32_t *destination);

/* The port key of a packet. */
static inline uint32_t port_key_of(const uint32_t *packet)
{
	return packet[PACKET_PORTS] << 16 | (packet[PACKET_PROTOCOL] & 0xff);
}

/* (hash * count) >> 32, as the kernel's reciprocal_scale. */
static inline uint32_t scale(uint32_t hash, uint32_t count)
{
	return (uint32_t)((uint64_t)hash * count >> 32);
}

#endif
