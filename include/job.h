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

/* The child, or the program inside, was ended by signal. */
void job_killed(struct loop *loop, int signal);

/*
 * The signal that we have to end by as the program has, for a shell that we are the foreground job of: it leaves its loop, and sets the
 * terminal right again. Negative: with our group, which would have had the key too. 0: our status says enough.
 */
int job_ending(const struct loop *loop);

/* Ends by such a signal, if one can. */
void job_end(int ending);

#endif
