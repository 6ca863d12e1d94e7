/*
 * Accepts TCP connections on a port of all addresses and closes them. Says "ready" on standard output when it
 * listens, and ends when standard input does.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **words)
{
	const int on = 1;
	const struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)(count > 1 ? atoi(words[1]) : 0)),
	};
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (listener < 0 || bind(listener, (const struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 4096) != 0) {
		perror("cannot listen");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	struct pollfd files[] = {{.fd = listener, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
	while (poll(files, 2, -1) > 0 && files[1].revents == 0) {
		int file;
		while ((file = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
			close(file);
	}
	return 0;
}
