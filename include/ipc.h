/* SPDX-License-Identifier: MIT
 *
 * What outlives the processes that made it.
 */
#ifndef IPC_H
#define IPC_H

#include <sys/types.h>

/* Removes the user's objects of System V and POSIX: shared memory, semaphores, message queues. */
void ipc_remove(uid_t uid);

#endif
