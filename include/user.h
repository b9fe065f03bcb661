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

#endif
