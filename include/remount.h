/* SPDX-License-Identifier: MIT
 *
 * Attributes of attached mounts on Linux before 5.12, which has no mount_setattr(2).
 */
#ifndef REMOUNT_H
#define REMOUNT_H

#include <stdint.h>

/* Adds attributes, MOUNT_ATTR_*, to the mount whose root fd is open on. 0, or -1. */
int remount_one(int fd, uint64_t attributes);

/*
 * The same to the mount whose root tree is open on, and to each below it. root is the process's root, with our procfs in it. 0, or -1:
 * EBUSY if one of them cannot be reached, which would stay as it is.
 */
int remount_tree(int root, int tree, uint64_t attributes);

#endif
