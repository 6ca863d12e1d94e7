/*
 * Opens TCP connections one after the other and tells how long each took, from the call of connect() until the
 * answer of the other side was there. Standard input: a line "ADDRESS PORT" for each. Standard output: nanoseconds,
 * a line for each. Ends with 1 when one cannot be opened.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int complain(const char *what, const char *where, unsigned port)
{
	fprintf(stderr, "%s %s:%u: %s\n", what, where, port, strerror(errno));
	return 1;
}

int main(void)
{
	/* A reset at the end leaves no port in TIME_WAIT; a lost packet must not stop everything. */
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	const struct timeval limit = {.tv_sec = 3, .tv_usec = 0};
	char text[64];
	unsigned port;
	while (scanf("%63s %u", text, &port) == 2) {
		struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
		if (inet_pton(AF_INET, text, &to.sin_addr) != 1)
			return complain("no address", text, port);
		const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (file < 0)
			return complain("no socket for", text, port);
		setsockopt(file, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
		const uint64_t start = now_ns();
		if (connect(file, (const struct sockaddr *)&to, sizeof to) != 0)
			return complain("cannot connect to", text, port);
		const uint64_t end = now_ns();
		close(file);
		printf("%" PRIu64 "\n", end - start);
	}
	return 0;
}
