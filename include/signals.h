/* SPDX-License-Identifier: MIT
 *
 * Which signal means what to us: held from the first instruction on, judged by one matrix, sent on. signal(7).
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

enum signals_limits {
	SIGNALS_REALTIME = 34, /* SIGRTMIN of programs built with glibc, as systemctl(1) and systemd-nspawn(1) are */
};

enum signal_mode {
	SIGNALS_PROGRAM, /* PID 1 of a program */
	SIGNALS_SESSION, /* of a program whose session is its own: a stop is passed on, and ours as well */
	SIGNALS_RELAY,   /* the launcher of a container: everything is for PID 1 inside */
	SIGNALS_TERMINAL, /* the same, with a terminal between us and PID 1 that we look after */
	SIGNALS_PAUSE,   /* there is no program */
	SIGNALS_DRAIN,   /* the program has ended */
	SIGNALS_MACHINE, /* PID 1 of a machine */
	SIGNALS_GUEST,   /* of a container that is like one, which its manager ends with TERM */
	SIGNALS_MODES,
};

enum signal_action {
	SIGNAL_FORWARD,
	SIGNAL_REAP,     /* a child changed state */
	SIGNAL_CONTINUE, /* a stopped job goes on */
	SIGNAL_STOP,     /* the program stops, and we with it */
	SIGNAL_SUSPEND,  /* only we stop */
	SIGNAL_RESUME,   /* and go on */
	SIGNAL_RESIZE,   /* our terminal has another size */
	SIGNAL_HANG_UP,  /* our terminal may be gone */
	SIGNAL_END,      /* end now */
	SIGNAL_POWEROFF, /* the machine's end, in an orderly way */
	SIGNAL_REBOOT,
	SIGNAL_HALT,
	SIGNAL_IGNORE,
};

/* Blocks every signal, real-time ones included, and undoes an inherited SIG_IGN of SIGCHLD. *before is what was blocked. */
void signals_hold(sigset_t *before);

/* What the signal means in this mode to us, whose pid is self. */
enum signal_action signals_action(const siginfo_t *info, enum signal_mode mode, pid_t self);

/* True for the signals that a terminal sends to its whole foreground group. */
bool signals_keyboard(int signal);

/*
 * Sends signal to pid, or to the group -pid, with the value that came with info. 0, or -1; EAGAIN if it was queued to us
 * with sigqueue(3) and the queue of who gets it is full: signal(7).
 */
int signals_send(pid_t pid, int signal, const siginfo_t *info);

/* Takes a signal that is pending and throws it away. True if there was one. */
bool signals_drop(int signal);

/* The same, but only if we sent it to ourselves. */
void signals_drop_own(int signal);

#endif
