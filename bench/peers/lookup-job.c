#include "lookup-job.h"

#define JOB_MAGIC 0x4c4f4f4bu /* "LOOK" */

static struct section take_section(struct words *words, size_t record_words)
{
	struct section section;
	section.count = take_word(words);
	section.records = take_records(words, section.count, record_words);
	return section;
}

struct lookup_job read_lookup_job(const char *path)
{
	struct words words = read_words(path);
	struct lookup_job job;
	if (take_word(&words) != JOB_MAGIC || take_word(&words) != ADDRESS_WORDS)
		fail("expected the job of a lookup in this family", path);
	job.seed = take_word(&words);
	job.pod_ranges = take_section(&words, 2 * ADDRESS_WORDS);
	job.local_addresses = take_section(&words, ADDRESS_WORDS);
	job.node_port_addresses = take_section(&words, ADDRESS_WORDS);
	job.node_ports_on_loopback = take_word(&words);
	job.cluster_ips = take_section(&words, ADDRESS_WORDS);
	job.service_ranges = take_section(&words, 2 * ADDRESS_WORDS);
	job.source_ranges = take_section(&words, 2 * ADDRESS_WORDS);

	struct section frontends = take_section(&words, sizeof(struct frontend) / 4);
	job.frontends = (const struct frontend *)frontends.records;
	job.frontend_count = frontends.count;
	struct section pools = take_section(&words, sizeof(struct pool) / 4);
	job.pools = (const struct pool *)pools.records;
	job.pool_count = pools.count;
	struct section slots = take_section(&words, 1);
	job.slots = slots.records;
	job.slot_count = slots.count;
	struct section backends = take_section(&words, sizeof(struct backend) / 4);
	job.backends = (const struct backend *)backends.records;
	job.backend_count = backends.count;
	return job;
}
