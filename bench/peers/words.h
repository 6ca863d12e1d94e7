/* Word files, as the harness writes them: 32-bit words in the byte order of the machine. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>
#include <stdint.h>

/* A file read one piece after the other. */
struct words {
	const uint32_t *next;
	const uint32_t *end;
};

/* Ends the process with a message on the standard error output, which the harness shows. */
void fail(const char *message, const char *detail) __attribute__((noreturn));

/* Reads a whole file. The memory is never given back: a peer lives as long as its table. */
struct words read_words(const char *path);

uint32_t take_word(struct words *words);

/* The next `count` records of `record_words` words, and the step behind them. */
const uint32_t *take_records(struct words *words, size_t count, size_t record_words);

/* Zeroed memory, aligned to 2 MiB and on huge pages where the kernel has them for the asking. */
void *huge_alloc(size_t size);

#endif
