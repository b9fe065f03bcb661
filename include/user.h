/* SPDX-License-Identifier: MIT
 *
 * Users and groups by name, from the passwd(5) and group(5) of a given root.
 */
#ifndef USER_H
#define USER_H

#include "plan.h"

/*
 * Resolves USER[:GROUP], names or numbers, below the directory root. A number needs no entry; its group is
 * the entry's, else 0. Sets identity and *home, the entry's home directory or NULL; it stays until the next call. 0, or -1 after a message.
 */
int user_resolve(const char *root, const char *spec, struct identity *identity, const char **home);

/* True if the user has an entry, or is a number. */
bool user_exists(const char *root, const char *name);

/* Adds a group, by name or number, to those of the identity. 0, or -1 after a message. */
int user_add_group(const char *root, const char *name, struct identity *identity);

/*
 * Fills an automatic map in: the caller's id is 0 inside, and the first range that path, as subuid(5), gives the
 * caller follows from 1 on. 0, or -1 after a message.
 */
int user_automatic_map(const char *path, unsigned id, struct id_map *map);

#endif
