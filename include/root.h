/* SPDX-License-Identifier: MIT
 *
 * The root of a container, and the one way by which anything under it is opened or made: every path is
 * resolved inside the root, so a link in a hostile rootfs, or one swapped meanwhile, leads nowhere else.
 */
#ifndef ROOT_H
#define ROOT_H

#include <stdbool.h>

struct child;

/* A detached copy of the directory's tree, or the file system in an image. -1 with errno. */
int root_tree(const char *rootfs);

/* Opens the root that stays, or the rootfs: a copy of the directory's tree, or the file system in an image. */
int root_open(struct child *child);

/* Device nodes of the rootfs open nothing, unless privileged: nodev, mount(8). */
int root_no_devices(struct child *child);

/* Makes the rootfs the root of the mount namespace by pivot_root(".", "."), pivot_root(2). The old root is now stacked on it. */
int root_pivot(struct child *child);

/*
 * Lets the old root go. Until then a ".." at the new root, which follows what is mounted on it, leads out: nothing may
 * be resolved in the root before. tests/run/test_hostile.py
 */
int root_detach(struct child *child);

/* --read-only: the root itself, not what is mounted on it. */
int root_read_only(struct child *child);

/* Closes what was open for this, and makes the new root, or where we came from, the working directory. */
int root_leave(struct child *child);

/*
 * Opens path (with or without a leading slash) inside the root as a mount target, O_PATH. A missing directory
 * or file is made, with its parents, if create. A descriptor, or -1 with errno.
 */
int root_target(int root, const char *path, bool directory, bool create);

/* Opens the root of a file system of that magic number, O_PATH, that must be mounted at path. -1, EXDEV: something else is there. */
int root_mounted(int root, const char *path, unsigned long magic);

#endif
