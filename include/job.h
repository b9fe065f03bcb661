/* SPDX-License-Identifier: MIT
 *
 * The child as a job of a terminal: it stops, and goes on, as a shell's jobs do.
 */
#ifndef JOB_H
#define JOB_H

#include "loop.h"

/* The whole job goes on, in the foreground if that is ours. */
void job_continue(struct loop *loop);

/*
 * The child was stopped. If it only wants the terminal, and we have it, it goes on. Else whoever started us
 * has to know: a launcher by a report, a shell by our stopping as well.
 */
void job_stopped(struct loop *loop, int signal);

#endif
