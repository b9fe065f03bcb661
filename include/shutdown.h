/* SPDX-License-Identifier: MIT
 *
 * The end of a machine.
 */
#ifndef SHUTDOWN_H
#define SHUTDOWN_H

#include "boot.h"

/* What becomes of the machine, in words. */
extern const char *const shutdown_words[ENDS];

/* Ends the program and then the services, as their files say, the last first. loop->status is the program's, or that of the service which is the end. */
void shutdown_services(struct boot *boot);

/* Ends every process, and then what is mounted. What the program left with while it was at it is loop->status. */
void shutdown_run(struct boot *boot);

/* Says the status on the console and where the plan has it, and ends the machine. Comes back in a container only. */
void shutdown_end(const struct boot *boot, int status);

#endif
