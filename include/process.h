/* SPDX-License-Identifier: MIT
 *
 * The processes that /proc shows, without memory of our own. proc(5).
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process {
	pid_t pid, parent, group, session;
	char state;
	char name[16]; /* TASK_COMM_LEN */
	char wchan[32]; /* the kernel function it waits in, empty where that is not readable */
};

/* True if the process ignores the signal. */
bool process_ignores(pid_t pid, int signal);

/* Calls visit for each living descendant of ours, until it returns false. Returns how many there were, -1 without /proc. */
int process_descendants(bool (*visit)(const struct process *process, void *argument), void *argument);

/* Fills in what is known of a process but wchan. False if there is none. */
bool process_read(pid_t pid, struct process *process);

/* Reads /proc/PID/NAME up to size - 1 bytes, with a NUL behind them. How many, or -1. */
ssize_t process_read_file(pid_t pid, const char *name, char *text, size_t size);

/* Calls visit for every process that is not a zombie, until it returns false. Returns how many there were, -1 without /proc. */
int process_all(bool (*visit)(const struct process *process, void *argument), void *argument);


#endif
