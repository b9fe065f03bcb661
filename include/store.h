/* SPDX-License-Identifier: MIT
 *
 * Descriptors that services keep here while they start again, sd_notify(3) FDSTORE.
 */
#ifndef STORE_H
#define STORE_H

#include "out.h"
#include "units.h"

enum { STORE_NAME_SIZE = 64 };

/* Keeps as many of the descriptors as FileDescriptorStoreMax and our room let, under the name; closes the others. */
void store_add(const struct unit *unit, const int *fds, size_t count, const char *name);

/* Closes those with the name, or all. */
void store_remove(const struct unit *unit, const char *name);
void store_drop(const struct unit *unit);

/*
 * Adds those of the unit to fds, of which there are count, up to max, and their names to names, a colon between. How many there are then,
 * or -1: they are too many.
 */
int store_collect(const struct unit *unit, int *fds, int count, int max, char *names, size_t size);

/* For state.h: lines of a unit, all descriptors, and "FD NAME" of such a line. */
void store_save(const struct unit *unit, struct out *out);
void store_each(void (*visit)(int fd));
void store_restore(const struct unit *unit, const char *text);

#endif
