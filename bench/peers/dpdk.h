/* DPDK without network cards, huge pages or other processes: just its libraries. */
#ifndef DPDK_H
#define DPDK_H

#include <stddef.h>
#include <stdint.h>

struct rte_hash;

/* Starts the environment abstraction layer, or ends the process. */
void start_dpdk(const char *program);

/* A hash table for one thread, hashing by CRC32 with the processor's instructions, as is the default. */
struct rte_hash *make_hash(const char *name, uint32_t entries, uint32_t key_size);

/* What that table takes. */
size_t hash_bytes(void);

#endif
