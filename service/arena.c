/* SPDX-License-Identifier: MIT
 *
 * One mapping, reserved whole: a page costs something when it is touched. Not in .bss, where every PID 1 would
 * have to answer for it under strict overcommit.
 */
#include "arena.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum {
	ARENA_SIZE = 64 * 1024 * 1024, /* about 10,000 services */
	ALIGNMENT = 8,
};

static char *region;
static size_t used;

static char *take(size_t size, size_t alignment)
{
	size_t at = (used + alignment - 1) / alignment * alignment;

	if (!region) {
		void *mapping = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (mapping == MAP_FAILED)
			return NULL;
		region = mapping;
	}
	if (size > ARENA_SIZE - at)
		return NULL;
	used = at + size;
	return region + at;
}

void *arena_take(size_t size)
{
	return take(size, ALIGNMENT);
}

char *arena_text(const char *text, size_t length)
{
	char *copy = take(length + 1, 1);

	if (copy && text)
		memcpy(copy, text, length);
	return copy;
}

size_t arena_used(void)
{
	return used;
}
