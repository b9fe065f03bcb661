/* SPDX-License-Identifier: MIT
 *
 * The system call filter of a program's own: plan->filter.
 */
#ifndef FILTER_H
#define FILTER_H

#include <linux/filter.h>
#include <stddef.h>

#include "plan.h"

struct child;

enum filter_limits { FILTER_INSTRUCTIONS_MAX = BPF_MAXINSNS };

/* Compiles the filter to BPF. Returns how many instructions it took. */
size_t filter_compile(const struct filter *filter, struct sock_filter *program);

/* Installs it. Who may not without, gets no_new_privs as well: systemd.exec(5). */
int filter_apply(struct child *child);

#endif
