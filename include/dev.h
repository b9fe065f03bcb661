/* SPDX-License-Identifier: MIT
 *
 * /dev of a container: a tmpfs with the few nodes that every program expects.
 */
#ifndef DEV_H
#define DEV_H

struct child;
struct mount_row;

/* Opens the host's nodes, while the host's root is there, where none can be made (in a user namespace). */
int dev_sources(struct child *child);

/* Makes what is missing in the directory dev: what a container has, and the console of a machine. */
int dev_fill(int dev);

/* Builds /dev on a detached tmpfs and attaches it whole. mount_row.mount. */
int dev_mount(struct child *child, const struct mount_row *row);

#endif
