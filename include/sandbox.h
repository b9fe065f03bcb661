/* SPDX-License-Identifier: MIT
 *
 * The sandbox of a program that has no container of its own: namespaces for it alone, and another view of the file system.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

struct child;

/* Makes the namespaces of plan->sandbox. */
int sandbox_enter(struct child *child);

/* Mounts plan->mounts, in the order of where they belong. On an error fault.index is the mount. */
int sandbox_mounts(struct child *child);

#endif
