/* SPDX-License-Identifier: MIT
 *
 * The role boot: PID 1 of a machine, or of a container that is like one.
 */
#ifndef BOOT_H
#define BOOT_H

#include <signal.h>
#include <stdbool.h>

#include "loop.h"
#include "plan.h"

/* How often a boot is interested in what is not a signal. */
enum boot_limits {
	BOOT_WATCHES = LOOP_WATCHES_MAX - LOOP_WATCHES_SERVICES,
	BOOT_PROGRAM = 2, /* where boot_prepare() puts the program */
};

struct boot {
	const struct plan *plan;
	const sigset_t *mask; /* what programs start with */
	int console;          /* of a machine's program, -1: none */
	struct job job;       /* how a program is started */
	struct watch watches[BOOT_WATCHES];
	size_t watch_count;
	bool services;        /* there are some */
	pid_t running;        /* the program, from before an exec; 0: it is started */
	struct loop loop;
};

/* Before the options are read: on a machine they come from the kernel's command line. Returns what is then our argv. */
char **boot_prepare(struct plan *plan, char **argv);

/* --cmdline: as boot_prepare(), with that command line, for --dry-run. */
char **boot_pretend(struct plan *plan);

/* Prints for people what plan_print() does not know: steps, root and end. */
void boot_print(const struct plan *plan);

/* Carries the plan out: to the end of the machine, or in a container to ours, with our exit status. */
int boot_run(const struct plan *plan, const sigset_t *mask);

#endif
