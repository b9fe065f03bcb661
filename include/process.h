/* SPDX-License-Identifier: MIT
 *
 * The processes that /proc shows, without memory of our own. proc(5).
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>

struct process {
	pid_t pid, parent;
	char state;
	char name[16]; /* TASK_COMM_LEN */
	char wchan[32]; /* the kernel function it waits in, empty where that is not readable */
};

/* Calls visit for each living descendant of ours. Returns how many there were, -1 without /proc. */
int process_descendants(void (*visit)(const struct process *process, void *argument), void *argument);

#endif
