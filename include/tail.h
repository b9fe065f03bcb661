/* SPDX-License-Identifier: MIT
 *
 * The files that a machine's logger writes, as nsctl reads them.
 */
#ifndef TAIL_H
#define TAIL_H

#include "nsctl.h"

/* Prints the last lines of the service's log, and before them what comes between. False: it has none that we may read. */
bool tail_print(const char *name, unsigned long lines, const char *between);

int tail_logs(const struct nsctl_verb *verb, const char *name);

#endif
