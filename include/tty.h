/* SPDX-License-Identifier: MIT
 *
 * The process group, session and terminal of a new process. credentials(7), ioctl_tty(2).
 */
#ifndef TTY_H
#define TTY_H

struct child;

/* Does what child->job says. Every signal must be blocked: SIGTTOU would stop a background caller. */
int tty_job(struct child *child);

#endif
