/* SPDX-License-Identifier: MIT
 *
 * An interpreter of the few BPF instructions that the filters of system calls consist of.
 */
#ifndef BPF_H
#define BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* What the program returns, SECCOMP_RET_*. One that the kernel would not take fails the test. */
uint32_t bpf_run(const struct sock_filter *program, size_t length, const struct seccomp_data *data);

#endif
