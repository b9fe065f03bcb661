/* SPDX-License-Identifier: MIT
 *
 * The sandbox of a program that has no container of its own: namespaces for it alone, and another view of the file system.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

struct child;
struct identity;
struct mount_entry;

/* Makes the namespaces of plan->sandbox. */
int sandbox_enter(struct child *child);

/* Mounts plan->mounts, in the order of where they belong, and changes to plan->sandbox_root. On an error fault.index is the mount. */
int sandbox_mounts(struct child *child);

/* Writes a MOUNT_FILE below root, for the owner alone. 0, or -1 with errno. */
int sandbox_file(int root, const struct mount_entry *entry, const struct identity *owner);

#endif
