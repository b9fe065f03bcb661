/* SPDX-License-Identifier: MIT
 *
 * What services say to syslog(3).
 */
#ifndef DEVLOG_H
#define DEVLOG_H

#include "loop.h"

/* Makes the socket, unless there is one before. Its descriptor, or -1: somebody else listens, or it cannot be made. */
int devlog_open(int before);

/* Takes the messages that have come, as far as there is room for them. */
void devlog_read(struct loop *loop, short events);

void devlog_close(void);

#endif
