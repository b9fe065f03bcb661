/* SPDX-License-Identifier: MIT
 *
 * Sockets of ours in the file system, unix(7).
 */
#ifndef LOCAL_H
#define LOCAL_H

/* A socket of the type, bound to path for everybody. One that is left of somebody who has ended is replaced. -1 with errno. */
int local_socket(const char *path, int type);

#endif
