/* SPDX-License-Identifier: MIT
 *
 * The default system call filter. seccomp(2).
 */
#ifndef SECCOMP_H
#define SECCOMP_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

struct child;

enum seccomp_limits { SECCOMP_INSTRUCTIONS_MAX = 1024 };

/*
 * Compiles the table of refused calls to BPF, leaving out those that one of capabilities (a set of bits)
 * is there for. Returns how many instructions it took.
 */
size_t seccomp_compile(uint64_t capabilities, struct sock_filter *program);

/* Installs the filter if the plan wants it. */
int seccomp_apply(struct child *child);

#endif
