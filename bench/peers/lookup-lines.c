#include "lookup-lines.h"

#include <string.h>

static uint32_t width_of(const struct pool *pool)
{
	if (pool->backend_count <= 16)
		return 2;
	return pool->backend_count <= 256 ? 3 : 4;
}

/* Whether slot i is backend i, so that all such pools can share one piece of slots. */
static int is_identity(const struct lookup_job *job, const struct pool *pool)
{
	for (uint32_t slot = 0; slot < pool->slot_count; slot++)
		if (job->slots[pool->slots_first + slot] != slot)
			return 0;
	return 1;
}

static void put_slot(uint8_t *slots, uint32_t width, uint32_t slot, uint32_t value)
{
	uint32_t bit = slot << width;
	uint32_t word;
	memcpy(&word, slots + (bit >> 3), 4);
	word |= value << (bit & 7);
	memcpy(slots + (bit >> 3), &word, 4);
}

static void pack_slots(struct lookup_table *table)
{
	const struct lookup_job *job = &table->rules.job;
	uint32_t longest = 0;
	for (uint32_t i = 0; i < job->pool_count; i++)
		if (is_identity(job, &job->pools[i]) && job->pools[i].slot_count > longest)
			longest = job->pools[i].slot_count;
	/* Pools begin at a word of their own and have at most 16 bits a slot. */
	size_t size = (size_t)longest * 2 + (size_t)job->slot_count * 2 + (size_t)job->pool_count * 4 + 8;
	uint8_t *slots = huge_alloc(size);
	uint32_t next = (longest * 2 + 3) & ~3u;
	for (uint32_t slot = 0; slot < longest; slot++)
		put_slot(slots, 4, slot, slot);
	table->line_pools = huge_alloc((size_t)job->pool_count * sizeof *table->line_pools);
	for (uint32_t i = 1; i < job->pool_count; i++) {
		const struct pool *pool = &job->pools[i];
		int identity = is_identity(job, pool);
		uint32_t width = identity ? 4 : width_of(pool);
		uint32_t begin = identity ? 0 : next;
		table->line_pools[i].slots = begin * 8 | width;
		table->line_pools[i].slot_count = pool->slot_count;
		table->line_pools[i].slot_mask = (1u << (1u << width)) - 1;
		table->line_pools[i].backends_first = pool->backends_first;
		if (identity)
			continue;
		for (uint32_t slot = 0; slot < pool->slot_count; slot++)
			put_slot(slots + begin, width, slot, job->slots[pool->slots_first + slot]);
		next += (((pool->slot_count << width) + 31) >> 5) * 4;
	}
	table->slots = slots;
	table->slot_bytes = next;
}

static const struct line_backend *copy_backends(const struct lookup_job *job)
{
	struct line_backend *backends = huge_alloc((size_t)job->backend_count * sizeof *backends);
	for (uint32_t i = 0; i < job->backend_count; i++) {
		memcpy(backends[i].address, job->backends[i].address, sizeof backends[i].address);
		backends[i].port_bits = job->backends[i].port << OUTCOME_PORT_SHIFT;
	}
	return backends;
}

struct lookup_table make_table(const char *job_path)
{
	struct lookup_table table = { .rules = make_rules(read_lookup_job(job_path)) };
	table.backends = copy_backends(&table.rules.job);
	pack_slots(&table);
	return table;
}

void make_lines(struct lookup_table *table, uint32_t line_count)
{
	table->lines = huge_alloc((size_t)line_count * sizeof *table->lines);
	table->line_count = line_count;
	for (uint32_t origin = POD; origin <= OUTSIDE; origin++)
		table->lines[0].actions[origin] = (uint16_t)(origin << OUTCOME_ORIGIN_SHIFT);
}

size_t table_bytes(const struct lookup_table *table)
{
	return table->rules.bytes + table->slot_bytes + (size_t)table->line_count * sizeof *table->lines +
	       (size_t)table->rules.job.backend_count * sizeof *table->backends;
}

static struct line_key key_of(const uint32_t *address, uint32_t port_key)
{
	struct line_key key = { .port_key = port_key };
	memcpy(key.address, address, sizeof key.address);
	return key;
}

struct line_key *list_keys(const struct lookup_rules *rules, uint32_t *count)
{
	const struct lookup_job *job = &rules->job;
	size_t most = (size_t)job->frontend_count * (1 + job->node_port_addresses.count);
	struct line_key *keys = huge_alloc(most * sizeof *keys);
	uint32_t next = 0;
	for (uint32_t i = 1; i < job->frontend_count; i++) {
		const struct frontend *frontend = &job->frontends[i];
		if (frontend->kind == HEALTH_CHECK)
			continue;
		if (frontend->kind != NODE_PORT) {
			if (find_frontend(rules, ADDRESS_SPACE, frontend->address, frontend->port_key) == i)
				keys[next++] = key_of(frontend->address, frontend->port_key);
			continue;
		}
		if (find_frontend(rules, NODE_PORT_SPACE, no_address, frontend->port_key) != i)
			continue;
		for (uint32_t a = 0; a < job->node_port_addresses.count; a++) {
			const uint32_t *address =
				job->node_port_addresses.records + (size_t)a * ADDRESS_WORDS;
			if (find_frontend(rules, ADDRESS_SPACE, address, frontend->port_key) == 0)
				keys[next++] = key_of(address, frontend->port_key);
		}
	}
	*count = next;
	return keys;
}

static uint16_t line_action(const struct frontend *frontend, enum origin origin)
{
	uint32_t action = frontend->actions[origin];
	enum verdict verdict = action & ACTION_VERDICT;
	uint32_t bits = (uint32_t)origin << OUTCOME_ORIGIN_SHIFT;
	if (verdict != NONE)
		bits |= outcome(verdict, BY_FRONTEND);
	if ((action & ACTION_MASQUERADE) != 0)
		bits |= OUTCOME_MASQUERADE;
	if ((action & ACTION_LOCAL_POOL) != 0)
		bits |= LINE_LOCAL_POOL;
	if (verdict == DNAT && frontend->ranges_count == 0)
		bits |= LINE_FORWARDS;
	return (uint16_t)bits;
}

void fill_line(struct lookup_table *table, uint32_t index, const struct line_key *key)
{
	const struct lookup_rules *rules = &table->rules;
	const struct lookup_job *job = &rules->job;
	struct line *line = &table->lines[index];
	uint32_t found = find_frontend(rules, ADDRESS_SPACE, key->address, key->port_key);
	if (found == 0)
		found = find_frontend(rules, NODE_PORT_SPACE, no_address, key->port_key);
	const struct frontend *frontend = &job->frontends[found];
	memcpy(line->head.address, key->address, sizeof line->head.address);
	line->head.port_key = key->port_key;
	line->head.frontend = found;
	for (enum origin origin = POD; origin <= OUTSIDE; origin++)
		line->actions[origin] = line_action(frontend, origin);
	for (int which = 0; which < 2; which++)
		line->pools[which] = table->line_pools[frontend->pools[which]];
}
