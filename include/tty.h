/* SPDX-License-Identifier: MIT
 *
 * The process group, session and terminal of a new process. credentials(7), ioctl_tty(2).
 */
#ifndef TTY_H
#define TTY_H

struct child;

/* Does what child->job says. Every signal must be blocked: SIGTTOU would stop a background caller. */
int tty_job(struct child *child);

/*
 * Makes the program's pseudo-terminal, in the container's own devpts if there is one, pts(4). Its master goes to the launcher, and
 * what we had of the launcher's terminal is /dev/null from now on.
 */
int tty_new(struct child *child);

#endif
