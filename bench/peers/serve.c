#include "serve.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "records.h"
#include "words.h"

/* The packets of one call, as many as the implementations in TypeScript get at most. */
#define BATCH 4096u

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

struct server {
	const uint32_t *packets;
	uint32_t count;
	/* Packet that the next round begins with, so that rounds go through all of them. */
	uint32_t next;
	uint32_t *verdicts;
	answer_packets *answer;
};

static void write_answers(struct server *server, const char *path)
{
	FILE *file = fopen(path, "wb");
	if (file == NULL)
		fail("cannot write", path);
	for (uint32_t first = 0; first < server->count; first += BATCH) {
		uint32_t count = least(BATCH, server->count - first);
		server->answer(server->packets + (size_t)first * PACKET_WORDS, server->verdicts, count);
		if (fwrite(server->verdicts, 4 * VERDICT_WORDS, count, file) != count)
			fail("cannot write", path);
	}
	if (fclose(file) != 0)
		fail("cannot write", path);
	puts("done");
}

/*
 * At least one batch, and batches until the time is over: the clock is read once for each. What counts
 * is the time that this process had a processor for, as in bench/src/measure/rounds.ts.
 */
static void run_round(struct server *server, double milliseconds)
{
	uint64_t limit_ns = (uint64_t)(milliseconds * 1e6);
	uint64_t packets = 0;
	uint64_t worked = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t start = now_ns(CLOCK_MONOTONIC);
	uint64_t elapsed;
	do {
		uint32_t count = least(BATCH, server->count - server->next);
		server->answer(server->packets + (size_t)server->next * PACKET_WORDS, server->verdicts, count);
		server->next += count;
		if (server->next == server->count)
			server->next = 0;
		packets += count;
		elapsed = now_ns(CLOCK_MONOTONIC) - start;
	} while (elapsed < limit_ns);
	worked = now_ns(CLOCK_PROCESS_CPUTIME_ID) - worked;
	printf("%" PRIu64 " %" PRIu64 "\n", worked < elapsed ? worked : elapsed, packets);
}

int serve(const char *packets_path, answer_packets *answer, size_t bytes)
{
	struct words words = read_words(packets_path);
	struct server server = {
		.packets = words.next,
		.count = (uint32_t)((words.end - words.next) / PACKET_WORDS),
		.verdicts = huge_alloc((size_t)BATCH * VERDICT_WORDS * 4),
		.answer = answer,
	};
	char line[4096];

	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL) {
		double milliseconds;
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "answers ", 8) == 0)
			write_answers(&server, line + 8);
		else if (sscanf(line, "round %lf", &milliseconds) == 1)
			run_round(&server, milliseconds);
		else if (strcmp(line, "bytes") == 0)
			printf("%zu\n", bytes);
		else
			fail("unknown request", line);
		fflush(stdout);
	}
	return 0;
}
