#include "lookup-rules.h"

#include <string.h>

struct key_entry {
	uint32_t address[ADDRESS_WORDS];
	uint32_t port_key;
	uint32_t space;
	uint32_t frontend; /* 0: empty */
};

const uint32_t no_address[ADDRESS_WORDS];

static uint32_t hash_key(const uint32_t *address, uint32_t port_key, uint32_t space)
{
	uint32_t hash = port_key * 0x85ebca77u + space;
	for (int word = 0; word < ADDRESS_WORDS; word++)
		hash = (hash ^ address[word]) * 0x9e3779b1u ^ hash >> 15;
	hash ^= hash >> 16;
	return hash * 0xc2b2ae3du >> 4;
}

static uint32_t capacity_for(uint32_t count)
{
	uint32_t capacity = 8;
	while (capacity < 2 * (uint64_t)count)
		capacity *= 2;
	return capacity;
}

/* The entry of a key, or the empty one where it would go. */
static struct key_entry *entry_of(const struct key_map *map, enum space space, const uint32_t *address,
				  uint32_t port_key)
{
	uint32_t at = hash_key(address, port_key, space) & map->mask;
	for (;; at = (at + 1) & map->mask) {
		struct key_entry *entry = &map->entries[at];
		if (entry->frontend == 0 || (entry->port_key == port_key && entry->space == space &&
					  same_address(entry->address, address)))
			return entry;
	}
}

static enum space space_of(const struct frontend *frontend)
{
	if (frontend->kind == NODE_PORT)
		return NODE_PORT_SPACE;
	return frontend->kind == HEALTH_CHECK ? HEALTH_CHECK_SPACE : ADDRESS_SPACE;
}

static struct key_map map_frontends(const struct lookup_job *job)
{
	uint32_t capacity = capacity_for(job->frontend_count);
	struct key_map map = { capacity - 1, huge_alloc(capacity * sizeof(struct key_entry)) };
	for (uint32_t i = 1; i < job->frontend_count; i++) {
		const struct frontend *frontend = &job->frontends[i];
		enum space space = space_of(frontend);
		struct key_entry *entry = entry_of(&map, space, frontend->address, frontend->port_key);
		memcpy(entry->address, frontend->address, sizeof entry->address);
		entry->port_key = frontend->port_key;
		entry->space = space;
		entry->frontend = i;
	}
	return map;
}

static uint32_t address_hash(const uint32_t *address)
{
	uint32_t hash = 0;
	for (int word = 0; word < ADDRESS_WORDS; word++)
		hash = (hash ^ address[word]) * 0x9e3779b1u;
	return hash ^ hash >> 15;
}

/* The entry of an address, or the empty one where it would go. */
static uint32_t *address_entry(const struct address_set *set, const uint32_t *address)
{
	uint32_t at = address_hash(address) & set->mask;
	while (!same_address(set->entries[at], address) && !same_address(set->entries[at], no_address))
		at = (at + 1) & set->mask;
	return set->entries[at];
}

static struct address_set collect_addresses(struct section addresses)
{
	uint32_t capacity = 2 * capacity_for(addresses.count);
	struct address_set set = { capacity - 1, lists(addresses, no_address), huge_alloc(capacity * sizeof *set.entries) };
	for (uint32_t i = 0; i < addresses.count; i++) {
		const uint32_t *address = addresses.records + (size_t)i * ADDRESS_WORDS;
		memcpy(address_entry(&set, address), address, sizeof *set.entries);
	}
	return set;
}

struct lookup_rules make_rules(struct lookup_job job)
{
	struct lookup_rules rules = { job, map_frontends(&job), collect_addresses(job.cluster_ips), 0 };
	rules.bytes = ((size_t)rules.frontends.mask + 1) * sizeof *rules.frontends.entries;
	rules.bytes += ((size_t)rules.cluster_ips.mask + 1) * sizeof *rules.cluster_ips.entries;
	rules.bytes += (size_t)job.frontend_count * sizeof *job.frontends;
	return rules;
}

uint32_t find_frontend(const struct lookup_rules *rules, enum space space, const uint32_t *address,
		       uint32_t port_key)
{
	return entry_of(&rules->frontends, space, address, port_key)->frontend;
}

void prefetch_cluster_ip(const struct lookup_rules *rules, const uint32_t *destination)
{
	__builtin_prefetch(rules->cluster_ips.entries[address_hash(destination) & rules->cluster_ips.mask]);
}

uint32_t cluster_ip_space(const struct lookup_rules *rules, const uint32_t *destination)
{
	int is_cluster_ip = same_address(destination, no_address) ?
				    rules->cluster_ips.has_zero :
				    same_address(address_entry(&rules->cluster_ips, destination), destination);
	uint32_t other = contains(rules->job.service_ranges, destination) ? outcome(DROP, BY_SERVICE_CIDR) : 0;
	return is_cluster_ip ? outcome(REJECT, BY_CLUSTER_IP) : other;
}

static void translate(const struct lookup_job *job, uint32_t action, uint32_t index, const uint32_t *packet,
		      uint32_t *verdict, uint32_t origin_bits, uint32_t flow_hash)
{
	const struct pool *pool = &job->pools[job->frontends[index].pools[(action & ACTION_LOCAL_POOL) != 0]];
	uint32_t slot = scale(flow_hash, pool->slot_count);
	uint32_t number = pool->backends_first + job->slots[pool->slots_first + slot];
	const struct backend *backend = &job->backends[number];
	uint32_t bits = outcome(DNAT, BY_FRONTEND) | backend->port << OUTCOME_PORT_SHIFT | origin_bits;
	if ((action & ACTION_MASQUERADE) != 0 || same_address(backend->address, packet + PACKET_SOURCE))
		bits |= OUTCOME_MASQUERADE;
	write_verdict(verdict, bits, backend->address, number, index);
}

/* Sends a packet on, if that is what a frontend does. */
static int frontend_translates(const struct lookup_job *job, uint32_t index, const uint32_t *packet,
			       uint32_t *verdict, enum origin origin, uint32_t flow_hash)
{
	uint32_t action = job->frontends[index].actions[origin];
	if ((action & ACTION_VERDICT) != DNAT)
		return 0;
	uint32_t origin_bits = (uint32_t)origin << OUTCOME_ORIGIN_SHIFT;
	translate(job, action, index, packet, verdict, origin_bits, flow_hash);
	return 1;
}

/* Refuses a packet, if that is what a frontend does. */
static int frontend_refuses(const struct lookup_job *job, uint32_t index, uint32_t *verdict, enum origin origin)
{
	enum verdict what = job->frontends[index].actions[origin] & ACTION_VERDICT;
	if (what == NONE)
		return 0;
	uint32_t bits = outcome(what, BY_FRONTEND) | (uint32_t)origin << OUTCOME_ORIGIN_SHIFT;
	write_verdict(verdict, bits, no_address, 0, index);
	return 1;
}

int source_is_let_in(const struct lookup_job *job, const struct frontend *frontend, const uint32_t *source)
{
	if (frontend->ranges_count == 0)
		return 1;
	struct section ranges = {
		job->source_ranges.records + (size_t)frontend->ranges_first * 2 * ADDRESS_WORDS,
		frontend->ranges_count - 1,
	};
	return contains(ranges, source);
}

static int serves_node_ports(const struct lookup_job *job, const uint32_t *address)
{
	return lists(job->node_port_addresses, address) || (job->node_ports_on_loopback && is_loopback(address));
}

void settle(const struct lookup_rules *rules, const uint32_t *packet, uint32_t *verdict, enum origin origin,
	    uint32_t flow_hash)
{
	const struct lookup_job *job = &rules->job;
	const uint32_t *source = packet + PACKET_SOURCE;
	const uint32_t *destination = packet + PACKET_DESTINATION;
	uint32_t origin_bits = (uint32_t)origin << OUTCOME_ORIGIN_SHIFT;
	uint32_t port_key = port_key_of(packet);
	uint32_t index = find_frontend(rules, ADDRESS_SPACE, destination, port_key);
	const struct frontend *frontend = &job->frontends[index];

	if (!source_is_let_in(job, frontend, source)) {
		write_verdict(verdict, outcome(DROP, BY_SOURCE_RANGES) | origin_bits, no_address, 0, index);
		return;
	}
	if (frontend_translates(job, index, packet, verdict, origin, flow_hash))
		return;
	/* Only a drop that is not of a cluster IP goes before the node ports. */
	enum verdict what = frontend->actions[origin] & ACTION_VERDICT;
	if (what == DROP && frontend->kind != CLUSTER_IP && frontend_refuses(job, index, verdict, origin))
		return;
	uint32_t node_port = 0;
	if (serves_node_ports(job, destination))
		node_port = find_frontend(rules, NODE_PORT_SPACE, no_address, port_key);
	if (frontend_translates(job, node_port, packet, verdict, origin, flow_hash))
		return;
	int is_for_node = is_local(job, destination);
	uint32_t health_check = 0;
	if (is_for_node)
		health_check = find_frontend(rules, HEALTH_CHECK_SPACE, no_address, port_key);
	if (health_check != 0) {
		write_verdict(verdict, outcome(ACCEPT, BY_FRONTEND) | origin_bits, no_address, 0, health_check);
		return;
	}
	if (frontend_refuses(job, node_port, verdict, origin) || frontend_refuses(job, index, verdict, origin))
		return;
	uint32_t bits = is_for_node && !is_local(job, source) ? 0 : cluster_ip_space(rules, destination);
	write_verdict(verdict, bits | origin_bits, no_address, 0, 0);
}
