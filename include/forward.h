/* SPDX-License-Identifier: MIT
 *
 * Signals for the program: rewritten, delayed, handed to a hook, sent on, and held while there is no place for them.
 */
#ifndef FORWARD_H
#define FORWARD_H

#include "loop.h"

/* Does with the signal whatever the plan says. */
void forward_signal(struct loop *loop, const siginfo_t *info);

/* Sends it on, rewritten, now or after what is held: no hook, no delay. */
void forward_plainly(struct loop *loop, const siginfo_t *info);

/* True if the plan rewrites the signal, or has a hook for it. */
bool forward_is_changed(const struct loop *loop, int signal);

/* Tries again to send what is held, after loop->retry_us; the next pause is longer. */
void forward_again(struct loop *loop);

/*
 * Our limit of pending signals, which is lowered while many are held, is as it was: what is started now inherits it. The next try
 * to send what is held lowers it again.
 */
void forward_raise(struct loop *loop);

/* No more can be held but the one place for a TERM that --delay holds itself. */
bool forward_is_full(const struct loop *loop);

/* Which signals may be taken: all; when no more can be held only those that need no place, not even as what they are rewritten to. */
void forward_wanted(const struct loop *loop, sigset_t *set);

#endif
