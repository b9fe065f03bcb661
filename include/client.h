/* SPDX-License-Identifier: MIT
 *
 * poweroff, reboot and halt: what asks PID 1 for the machine's end.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <signal.h>

#include "plan.h"

/* Nothing is to be completed. 0. */
int client_complete(struct plan *plan);

/* Sends PID 1 the signal that it takes for plan->end, or with --force ends the machine as it is. The exit status. */
int client_run(const struct plan *plan, const sigset_t *mask);

#endif
