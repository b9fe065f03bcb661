/* SPDX-License-Identifier: MIT
 *
 * The logger of a machine: a process beside PID 1 which may wait for a disk.
 */
#ifndef LOGGER_H
#define LOGGER_H

#include <sys/types.h>

#define LOGGER_DIRECTORY "/var/log/nsinit/"

/*
 * Starts a process that puts lines of "NAME: text" from the pipe into LOGGER_DIRECTORY NAME.log, until the pipe has no writer. Its pid, or -1.
 * What it has not written is in the pipe.
 */
pid_t logger_start(int pipe);

#endif
