/* SPDX-License-Identifier: MIT
 *
 * The mounts of a container: a table of rows for what every root needs, the plan's own entries, and what
 * is hidden of /proc.
 */
#ifndef MOUNT_H
#define MOUNT_H

#include <linux/mount.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"

#ifndef MNT_DETACH
#define MNT_DETACH 2 /* umount2(2); linux/mount.h leaves it to libc */
#endif

struct child;

enum mount_policy {
	MOUNT_OPTIONAL = 1, /* a kernel that does not have it is no error */
	MOUNT_IN_DEV = 4,   /* its target is in the /dev that an earlier row made, where nobody else has been */
	MOUNT_ROOTFS = 2,   /* only into a rootfs; the others also onto the host's root, if their namespace is new */
};

struct mount_row {
	const char *target; /* inside the root */
	const char *type;
	unsigned long flags; /* MS_* of mount(2) */
	const char *data;
	unsigned long namespace; /* mounted only if this one is new, unless 0 */
	enum mount_policy policy;
	int (*mount)(struct child *child, const struct mount_row *row);
};

extern const struct mount_row mount_rows[];
extern const size_t mount_row_count;

/* True if plan mounts the row. */
bool mount_row_wanted(const struct plan *plan, const struct mount_row *row);

/* Nothing that is mounted here shows outside, and the other way round. mount_namespaces(7). */
int mount_propagation(struct child *child);

/* Opens the source of every bind as a detached tree, while the host's root is there. */
int mount_sources(struct child *child);

/* Mounts a file system on the directory that fd, which may be -1, is open on, and closes it. */
int mount_on(int fd, const char *type, unsigned long flags, const char *data);

/* Attaches a detached tree to target, which may be -1, with attributes. Closes both. */
int mount_attach(int root, int tree, int target, uint64_t attributes, bool recursive);

int mount_rows_apply(struct child *child);

/* The plan's binds and tmpfs, in the order given. */
int mount_entries_apply(struct child *child);

/* Hides the parts of /proc that speak of the host or change it, unless a user namespace guards them. */
int mount_masks(struct child *child);

/*
 * Adds attributes, MOUNT_ATTR_*, to the attached mount whose root directory fd is open on, and to those below it if
 * recursive; these not before Linux 5.12.
 */
int mount_restrict(int fd, uint64_t attributes, bool recursive);

#endif
