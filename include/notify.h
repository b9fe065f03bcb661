/* SPDX-License-Identifier: MIT
 *
 * What services say of themselves, sd_notify(3).
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include "loop.h"

/* Makes the socket. Its descriptor, or -1 after a message: then no service can say that it is ready. */
int notify_open(void);

/* The socket is from a former life of PID 1. */
void notify_resume(int fd);

void notify_close(int fd);

/* What NOTIFY_SOCKET is for services. */
const char *notify_path(void);

/* Takes the messages that have come. */
void notify_read(struct loop *loop, short events);

#endif
