/* SPDX-License-Identifier: MIT
 *
 * What a PID 1 does with the machine itself: its file systems of the kernel, its devices as they appear, its end.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mount.h"
#include "plan.h"

/*
 * The kernel's file systems, in order; the first is /proc. MOUNT_ROOTFS: not in a container, whose manager may have put
 * something in there. mount_row.mount is not used.
 */
extern const struct mount_row machine_rows[];
extern const size_t machine_row_count;

/*
 * True if we are PID 1 of a machine and not of a container. Then /proc is mounted, for the command line, and the keys
 * Ctrl-Alt-Del are a signal. Descriptors 0 to 2 are open afterwards, as nothing at all where the kernel found no console.
 */
bool machine_is_ours(void);

/* Mounts the row below the working directory, unless something is mounted there. 0, or -1 with errno. */
int machine_mount(const struct mount_row *row);

/* What a /dev of any kind should have: links, and in a tmpfs that stands in for devtmpfs the nodes. */
int machine_nodes(void);

/* A socket that becomes readable when a device appears. */
int machine_devices(void);

/* Waits for a device, for at most ms. 0, or -1: there was none. */
int machine_device(int devices, int64_t ms);

/*
 * Opens a device that may be about to appear: the kernel makes it some time after its module is in, and opens it some time
 * after that. -1 with errno after wait_ms.
 */
int machine_open(const char *path, int flags, int64_t wait_ms);

/* Ends the machine; comes back only when the kernel will not. */
void machine_end(enum plan_end end);

/* Makes a terminal what it should be for a person: a serial line comes as the firmware left it. -1: it is none. */
int machine_make_sane(int fd);

#endif
