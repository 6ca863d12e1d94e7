#define _GNU_SOURCE
#include "dpdk.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>
#include <sched.h>
#include <stdio.h>

#include "words.h"

#define HUGE_PAGE ((size_t)2 << 20)

static int heap_socket;

void start_dpdk(const char *program)
{
	cpu_set_t processors;
	char lcore[16];
	int first = 0;
	if (sched_getaffinity(0, sizeof processors, &processors) != 0)
		fail("sched_getaffinity", "not known which processors there are");
	while (!CPU_ISSET(first, &processors))
		first++;
	snprintf(lcore, sizeof lcore, "%d", first);
	char *arguments[] = { (char *)program,  "--no-huge",         "--no-shconf", "--no-pci",
			      "--no-telemetry", "--log-level=error", "-l",	    lcore,
			      "-m",		"64" };
	if (rte_eal_init(sizeof arguments / sizeof *arguments, arguments) < 0)
		fail("rte_eal_init", rte_strerror(rte_errno));
	/* It has bound this thread to that lcore. The others that take turns with it are not bound, either. */
	sched_setaffinity(0, sizeof processors, &processors);
}

/*
 * Without --no-huge DPDK wants pages that the machine has set aside, and with it takes small ones. A
 * heap of our own memory lets it have the huge pages that the other peers get for the asking.
 */
static int make_heap(const char *name, uint32_t entries, uint32_t key_size)
{
	/* Keys with their data, then buckets and free slots, which are for a power of two entries. */
	size_t size = (size_t)entries * (key_size + 32) + (size_t)entries * 2 * 16 + 8 * HUGE_PAGE;
	size = (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	if (rte_malloc_heap_create(name) != 0 ||
	    rte_malloc_heap_memory_add(name, huge_alloc(size), size, NULL, 0, HUGE_PAGE) != 0)
		fail("rte_malloc_heap_memory_add", rte_strerror(rte_errno));
	return rte_malloc_heap_get_socket(name);
}

size_t hash_bytes(void)
{
	struct rte_malloc_socket_stats statistics;
	return rte_malloc_get_socket_stats(heap_socket, &statistics) == 0 ? statistics.heap_allocsz_bytes : 0;
}

struct rte_hash *make_hash(const char *name, uint32_t entries, uint32_t key_size)
{
	heap_socket = make_heap(name, entries, key_size);
	struct rte_hash_parameters parameters = {
		.name = name,
		.entries = entries,
		.key_len = key_size,
		.hash_func = rte_hash_crc,
		.socket_id = heap_socket,
	};
	struct rte_hash *table = rte_hash_create(&parameters);
	if (table == NULL)
		fail("rte_hash_create", rte_strerror(rte_errno));
	return table;
}
