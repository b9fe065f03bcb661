/* SPDX-License-Identifier: MIT
 *
 * The processes that /proc shows, without memory of our own. proc(5).
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct process {
	pid_t pid, parent;
	char state;
	char name[16]; /* TASK_COMM_LEN */
	char wchan[32]; /* the kernel function it waits in, empty where that is not readable */
};

/* True if the process ignores the signal. */
bool process_ignores(pid_t pid, int signal);

/* Calls visit for each living descendant of ours, until it returns false. Returns how many there were, -1 without /proc. */
int process_descendants(bool (*visit)(const struct process *process, void *argument), void *argument);

#endif
