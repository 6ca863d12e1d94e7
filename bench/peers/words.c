#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

void fail(const char *message, const char *detail)
{
	fprintf(stderr, "%s: %s\n", message, detail);
	exit(1);
}

struct words read_words(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		fail("cannot open", path);
	long size = ftell(file);
	if (size < 0 || size % 4 != 0 || fseek(file, 0, SEEK_SET) != 0)
		fail("expected a file of words", path);
	uint32_t *words = huge_alloc((size_t)size);
	if (fread(words, 1, (size_t)size, file) != (size_t)size)
		fail("cannot read", path);
	fclose(file);
	return (struct words){ words, words + size / 4 };
}

uint32_t take_word(struct words *words)
{
	return *take_records(words, 1, 1);
}

const uint32_t *take_records(struct words *words, size_t count, size_t record_words)
{
	const uint32_t *records = words->next;
	if ((size_t)(words->end - records) / record_words < count)
		fail("expected more words", "the file is cut off");
	words->next += count * record_words;
	return records;
}

void *huge_alloc(size_t size)
{
	size_t rounded = (size + HUGE_PAGE) & ~(HUGE_PAGE - 1);
	void *memory = aligned_alloc(HUGE_PAGE, rounded);
	if (memory == NULL)
		fail("cannot allocate", "out of memory");
#ifdef MADV_HUGEPAGE
	madvise(memory, rounded, MADV_HUGEPAGE);
#endif
	memset(memory, 0, rounded);
	return memory;
}
