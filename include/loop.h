/* SPDX-License-Identifier: MIT
 *
 * The loop: waits for signals, children and, in a launcher, reports from inside, until the child has ended.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "plan.h"
#include "signals.h"
#include "spawn.h"

struct loop;
struct relay;

/* A descriptor that is waited for beside signals. Its owner may change it at any time. */
struct watch {
	int fd;       /* -1: none now */
	short events; /* poll(2); 0: none now, not even its end */
	void (*ready)(struct loop *loop, short events);
};

enum { LOOP_WATCHES_MAX = 32, LOOP_WATCHES_SERVICES = 20 }; /* a supervisor has so many of them, the others are the caller's */

struct loop {
	const struct plan *plan;
	enum signal_mode mode;
	pid_t self;
	pid_t child;         /* 0: none */
	bool own_group;      /* the child leads a process group */
	int console;         /* the terminal whose foreground we pass on, -1: none */
	bool given;          /* the foreground is the child's */
	bool stopped;        /* the child is, as a job */
	int reports;         /* launcher: where PID 1 inside reports, -1: nowhere */
	int words;           /* launcher: open until PID 1 inside may go on, -1: it does not wait */
	struct relay *relay; /* launcher: between our terminal and the program's own, NULL: it has none */
	struct watch *watches;
	size_t watch_count;  /* of watches, up to LOOP_WATCHES_MAX */
	int launcher;        /* PID 1 inside: where to report, -1: nobody is interested */
	size_t held, oldest; /* real-time signals that found the program's queue full, in a ring */
	int64_t retry_us;    /* how long until they are tried again */
	struct rlimit queue; /* RLIMIT_SIGPENDING before we lowered ours */
	bool lowered;
	bool delayed;        /* a TERM has waited for --delay once */
	bool leaving;        /* a TERM has come: what ends now ends for good */
	bool again;          /* the program is to start again when it has ended */
	bool ended;          /* the child has, or there is nothing to wait for */
	bool alone;          /* no child is left at all */
	bool asked;          /* a signal or a key asked for the machine's end */
	enum plan_end end;   /* which it then is */
	int status;          /* exit code of the child, 128 + n after signal n */
	int killed;          /* the signal that ended the program, 0: none */
	int sent;            /* what we sent on last */
	const sigset_t *mask; /* what programs start with */
	int64_t deadline_ms; /* CLOCK_MONOTONIC, -1: none */
	void (*expired)(struct loop *loop); /* what happens then */
	/* A supervisor's; NULL: there is none. */
	bool (*reaped)(struct loop *loop, pid_t pid, int status); /* a child that is not ours ended; true: it was the supervisor's */
	void (*settle)(struct loop *loop); /* before each wait */
	int64_t wake_ms;     /* CLOCK_MONOTONIC, when to settle again, 0: when something happens */
	struct fault fault;  /* reported from inside */
};

/* A loop around child, which may be 0. */
struct loop loop_around(const struct plan *plan, enum signal_mode mode, pid_t child, const struct job *job, const sigset_t *mask);

/* The program, which had ended, runs again as child. */
void loop_renew(struct loop *loop, pid_t child);

/* Runs until loop->ended. Nothing in it exits, allocates or waits for anything but the next event. */
void loop_run(struct loop *loop);

/* The machine is to end so. */
void loop_end(struct loop *loop, enum plan_end end);

/* Runs until no child is left, loop->ended is set by a signal, or deadline_ms is over, if it is not -1. */
void loop_drain(struct loop *loop);

/* In ms milliseconds expired() is called, unless another deadline takes the place of this one. */
void loop_set_deadline(struct loop *loop, int64_t ms, void (*expired)(struct loop *loop));

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t loop_now_ms(void);

#endif
