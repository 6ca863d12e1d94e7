/*
 * Packets and verdicts as packages/model/src/records.ts lays them out, and the numbers in them.
 * Built for one family: ADDRESS_WORDS is 1 for IPv4 and 4 for IPv6.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include <stdint.h>

#ifndef ADDRESS_WORDS
#define ADDRESS_WORDS 1
#endif

#if ADDRESS_WORDS == 1
#define PACKET_WORDS 4
#define VERDICT_WORDS 4
#define VERDICT_ADDRESS 1
#else
#define PACKET_WORDS 12
#define VERDICT_WORDS 8
#define VERDICT_ADDRESS 4
#endif

#define PACKET_SOURCE 0
#define PACKET_DESTINATION ADDRESS_WORDS
#define PACKET_PORTS (2 * ADDRESS_WORDS)
#define PACKET_PROTOCOL (2 * ADDRESS_WORDS + 1)

#define VERDICT_OUTCOME 0
#define VERDICT_BACKEND 2
#define VERDICT_FRONTEND 3

enum verdict { NONE, DNAT, REJECT, DROP, ACCEPT };
enum origin { POD, NODE, OUTSIDE };
enum decided_by { NOTHING, BY_FRONTEND, BY_SOURCE_RANGES, BY_CLUSTER_IP, BY_SERVICE_CIDR };

/* Bits of the outcome word. */
#define OUTCOME_MASQUERADE 8u
#define OUTCOME_ORIGIN_SHIFT 4
#define OUTCOME_DECIDED_BY_SHIFT 8
#define OUTCOME_PORT_SHIFT 16

static inline uint32_t outcome(enum verdict verdict, enum decided_by by)
{
	return (uint32_t)verdict | (uint32_t)by << OUTCOME_DECIDED_BY_SHIFT;
}

static inline int same_address(const uint32_t *a, const uint32_t *b)
{
	uint32_t differs = 0;
	for (int word = 0; word < ADDRESS_WORDS; word++)
		differs |= a[word] ^ b[word];
	return differs == 0;
}

/* <0, 0 or >0, as an address is before, at or behind another. */
static inline int compare_addresses(const uint32_t *a, const uint32_t *b)
{
	for (int word = 0; word < ADDRESS_WORDS; word++)
		if (a[word] != b[word])
			return a[word] < b[word] ? -1 : 1;
	return 0;
}

static inline void write_verdict(uint32_t *verdict, uint32_t outcome, const uint32_t *address,
				 uint32_t backend, uint32_t frontend)
{
	verdict[VERDICT_OUTCOME] = outcome;
#if ADDRESS_WORDS == 4
	verdict[1] = 0;
#endif
	for (int word = 0; word < ADDRESS_WORDS; word++)
		verdict[VERDICT_ADDRESS + word] = address[word];
	verdict[VERDICT_BACKEND] = backend;
	verdict[VERDICT_FRONTEND] = frontend;
}

#endif
