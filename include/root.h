/* SPDX-License-Identifier: MIT
 *
 * The root of a container, and the one way by which anything under it is opened or made: every path is
 * resolved inside the root, so a link in a hostile rootfs, or one swapped meanwhile, leads nowhere else.
 */
#ifndef ROOT_H
#define ROOT_H

#include <stdbool.h>

struct child;

/* Opens the root that stays, or the rootfs: a copy of the directory's tree, or the file system in an image. */
int root_open(struct child *child);

/*
 * Makes the rootfs the root of the mount namespace by pivot_root(".", "."), pivot_root(2). The old root stays stacked
 * until root_detach: a user namespace may mount a new proc or sysfs only while an old one is visible,
 * mount_namespaces(7).
 */
int root_pivot(struct child *child);

/* --read-only: the root itself, not what is mounted on it. */
int root_read_only(struct child *child);

/* Lets the old root go and makes the new one the working directory. */
int root_detach(struct child *child);

/*
 * Opens path (with or without a leading slash) inside the root as a mount target, O_PATH. A missing directory
 * or file is made, with its parents, if create. A descriptor, or -1 with errno.
 */
int root_target(int root, const char *path, bool directory, bool create);

#endif
