/* SPDX-License-Identifier: MIT
 *
 * fstab(5).
 */
#ifndef FSTAB_H
#define FSTAB_H

#include <stddef.h>

enum fstab_limits { FSTAB_DATA_SIZE = 512 };

/* What the options of a mount say. */
struct fstab_options {
	unsigned long flags; /* MS_* of mount(2) */
	char data[FSTAB_DATA_SIZE]; /* those that are the file system's own */
	int skip;   /* noauto */
	int nofail; /* it need not be there */
};

/* Reads options separated by commas. 0, or -1: they are too long. */
int fstab_options(const char *text, struct fstab_options *options);

/* Mounts what /etc/fstab has, in its order; "/" gets its options. A line that is wrong or fails is a warning. 0, or -1 if one did. */
int fstab_mount(void);

#endif
