/* SPDX-License-Identifier: MIT
 *
 * Block devices by what is on them: LABEL=, UUID=, PARTUUID= as in blkid(8), for the file systems and partition tables that
 * machines boot from.
 */
#ifndef BLOCK_H
#define BLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum block_limits {
	BLOCK_NAME_SIZE = 32, /* DISK_NAME_LEN of the kernel */
	BLOCK_PATH_SIZE = 8 + BLOCK_NAME_SIZE,
	BLOCK_LABEL_SIZE = 64,
	BLOCK_UUID_SIZE = 37,
};

/* What is known of a device; an empty text: it has none, or not one that we know. */
struct block {
	char path[BLOCK_PATH_SIZE];
	const char *type; /* of its file system, for mount(2) */
	char label[BLOCK_LABEL_SIZE], uuid[BLOCK_UUID_SIZE], partition[BLOCK_UUID_SIZE];
};

/* Looks at the device at block->path. 0, or -1 with errno. */
int block_probe(struct block *block);

/* Calls visit for each block device until it returns true. Returns whether it did. */
bool block_each(bool (*visit)(const struct block *block, void *argument), void *argument);

/*
 * Finds the device of spec, /dev/NAME or LABEL=, UUID=, PARTUUID=, and waits for it to appear, for wait_ms at most.
 * 0, or -1 with errno.
 */
int block_find(const char *spec, struct block *block, int64_t wait_ms);

/* True for a spec of these kinds, which anything but a device is not. */
bool block_is_device(const char *spec);

#endif
