/* SPDX-License-Identifier: MIT
 *
 * Sockets of ours in the file system, unix(7).
 */
#ifndef LOCAL_H
#define LOCAL_H

#include <sys/types.h>

/* A socket of the type, bound to path for everybody. One that is left of somebody who has ended is replaced. -1 with errno. */
int local_socket(const char *path, int type);

/* Closes it, and removes what is at path if nobody else listens there by now. -1 is no socket. */
void local_close(int fd, const char *path, int type);

enum { LOCAL_FDS_MAX = 16 }; /* that a message may bring; more are not let in by the kernel */

struct local_fds {
	int fds[LOCAL_FDS_MAX];
	size_t count;
};

/*
 * One datagram of a socket with SO_PASSCRED, and who has sent it, as the kernel says; 0: it does not. Descriptors that came along are put
 * into *fds; NULL: closed. -1 with errno: there is none.
 */
ssize_t local_receive(int fd, char *text, size_t size, pid_t *sender, struct local_fds *fds);

#endif
