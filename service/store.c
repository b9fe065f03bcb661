/* SPDX-License-Identifier: MIT
 *
 * One list for all services: few have something to keep.
 */
#include "store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cold.h"
#include "log.h"
#include "value.h"

enum { PLACES = 256 };

COLD static struct stored {
	const struct unit *unit; /* NULL: the place is free */
	int fd;
	char name[STORE_NAME_SIZE];
} stored[PLACES];

/* Whoever puts the same open file in twice has it once. sd_notify(3) */
static bool is_same(int a, int b)
{
	struct stat first, second;

	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino &&
	       (S_ISSOCK(first.st_mode) || S_ISFIFO(first.st_mode));
}

/* A place for it; NULL: there is none, or it is there already. */
static struct stored *find_place(const struct unit *unit, int fd)
{
	struct stored *free = NULL;
	unsigned long own = 0;

	for (struct stored *at = stored; at < stored + PLACES; at++) {
		own += at->unit == unit;
		if (at->unit == unit && is_same(at->fd, fd))
			return NULL;
		if (!at->unit && !free)
			free = at;
	}
	return own < unit->rules.store_max ? free : NULL;
}

static void keep(struct stored *place, const struct unit *unit, int fd, const char *name)
{
	place->unit = unit;
	place->fd = fd;
	place->name[0] = '\0';
	strncat(place->name, *name ? name : "stored", sizeof place->name - 1);
	for (char *c = place->name; *c; c++)
		if (*c <= ' ' || *c == ':' || *c == 0x7f) /* a colon stands between names */
			*c = '_';
}

void store_add(const struct unit *unit, const int *fds, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		struct stored *place = find_place(unit, fds[i]);

		if (place) {
			keep(place, unit, fds[i], name);
			continue;
		}
		log_debug("%s: descriptor %s is there already, or there is no room for it", unit->name, name);
		close(fds[i]);
	}
}

static void remove_those(const struct unit *unit, const char *name)
{
	for (struct stored *at = stored; at < stored + PLACES; at++)
		if (at->unit == unit && (!name || strcmp(at->name, name) == 0)) {
			close(at->fd);
			at->unit = NULL;
		}
}

void store_remove(const struct unit *unit, const char *name)
{
	remove_those(unit, name);
}

void store_drop(const struct unit *unit)
{
	if (unit->rules.store_max > 0)
		remove_those(unit, NULL);
}

int store_collect(const struct unit *unit, int *fds, int count, int max, char *names, size_t size)
{
	for (const struct stored *at = stored; unit->rules.store_max > 0 && at < stored + PLACES; at++) {
		if (at->unit != unit)
			continue;
		if (count == max || strlen(names) + strlen(at->name) + 2 > size)
			return -1;
		if (*names)
			strcat(names, ":");
		strcat(names, at->name);
		fds[count++] = at->fd;
	}
	return count;
}

void store_save(const struct unit *unit, struct out *out)
{
	for (const struct stored *at = stored; unit->rules.store_max > 0 && at < stored + PLACES; at++)
		if (at->unit == unit)
			out_print(out, "store %d %s\n", at->fd, at->name);
}

void store_each(void (*visit)(int fd))
{
	for (const struct stored *at = stored; at < stored + PLACES; at++)
		if (at->unit)
			visit(at->fd);
}

void store_restore(const struct unit *unit, const char *text)
{
	char digits[16];
	const char *name = value_item(text, ' ', digits, sizeof digits);
	struct stored *at = stored;
	unsigned long fd;

	while (at < stored + PLACES && at->unit)
		at++;
	if (!name || value_number(digits, 1 << 20, &fd) < 0)
		return;
	fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	if (at < stored + PLACES && unit->rules.store_max > 0)
		keep(at, unit, (int)fd, name);
	else
		close((int)fd);
}
