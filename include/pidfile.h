/* SPDX-License-Identifier: MIT
 *
 * PIDFile of a daemon.
 */
#ifndef PIDFILE_H
#define PIDFILE_H

#include <stdbool.h>
#include <sys/types.h>

/* The process that the file names, if it is alive; 0: there is none, or no file yet. *ours: nobody but our own user can have written it. */
pid_t pidfile_read(const char *path, bool *ours);

#endif
