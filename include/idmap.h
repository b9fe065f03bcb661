/* SPDX-License-Identifier: MIT
 *
 * User and group ids of a user namespace. user_namespaces(7).
 */
#ifndef IDMAP_H
#define IDMAP_H

#include <stdbool.h>

struct child;
struct plan;

/* True if the plan has a user namespace in which only one user and one group exist. */
bool idmap_is_single(const struct plan *plan);

/* Maps the plan's uid and gid to our own effective ones, from inside, after denying setgroups. */
int idmap_apply(struct child *child);

#endif
