/* SPDX-License-Identifier: MIT
 *
 * From the initramfs to the root file system that the plan names.
 */
#ifndef SWITCH_H
#define SWITCH_H

#include <stdbool.h>

#include "boot.h"

/* True if the plan has a root and we are still in the initramfs. */
bool switch_wanted(const struct plan *plan);

/*
 * Mounts the root, frees the initramfs and executes the next init there. Comes back with -1 after a message; if it got so far that
 * there is nothing else, in the new root.
 */
int switch_root(struct boot *boot);

#endif
