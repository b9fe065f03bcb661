/* SPDX-License-Identifier: MIT
 *
 * Which devices the processes of a cgroup may use: the devices controller of v1, and in v2 a program of BPF.
 */
#ifndef DEVICES_H
#define DEVICES_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "place.h"

enum devices_limits { DEVICES_MAX = 48, DEVICES_INSTRUCTIONS = 2 + DEVICES_MAX * 9 + 2 };

/* Writes the program that allows these devices and no others. Returns how many instructions it has. */
size_t devices_compile(const struct device *devices, size_t count, struct bpf_insn *program);

/* True if the kernel takes such programs from us. */
bool devices_has_programs(void);

/* Lets the cgroup use these devices and no others. 0, or -1 with errno. */
int devices_apply(const struct place *place, const struct device *devices, size_t count);

#endif
