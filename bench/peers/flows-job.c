#include "flows-job.h"

#define JOB_MAGIC 0x464c4f57u /* "FLOW" */

struct flows_job read_flows_job(const char *path)
{
	struct words words = read_words(path);
	struct flows_job job;
	if (take_word(&words) != JOB_MAGIC)
		fail("expected the job of a flow table", path);
	uint32_t backend_count = take_word(&words);
	job.backend_count = backend_count;
	if (backend_count >> (MEMORY_BITS - 1) != 0)
		fail("too many backends", path);
	const uint32_t *backends = take_records(&words, backend_count, 2);
	job.backends = huge_alloc(backend_count * sizeof *job.backends);
	for (uint32_t i = 0; i < backend_count; i++) {
		job.backends[i].address = backends[2 * i];
		job.backends[i].port_bits = backends[2 * i + 1] << OUTCOME_PORT_SHIFT;
	}
	job.flow_count = take_word(&words);
	job.flows = (const struct flow *)take_records(&words, job.flow_count, sizeof(struct flow) / 4);
	return job;
}
