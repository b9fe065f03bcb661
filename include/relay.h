/* SPDX-License-Identifier: MIT
 *
 * What a launcher does for a program with a terminal of its own: it carries bytes and sizes between ours and the
 * program's, pty(7), and looks after the modes of ours.
 */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "loop.h"

enum {
	/* What a pipe takes without making us wait once poll(2) has said that it takes something (PIPE_BUF), and what a terminal gives at once. */
	RELAY_BUFFER = 4096,
};

/* One direction. It is read only when empty, so a side that takes nothing stops the other. */
struct stream {
	int from, to;
	size_t begin, end; /* what is still to be written, in data */
	bool ended;        /* nothing more is read */
	char data[RELAY_BUFFER];
};

enum relay_watch { RELAY_MASTER, RELAY_INPUT, RELAY_OUTPUT, RELAY_WATCHES };

struct relay {
	int terminal;      /* ours; -1: there is none, only standard input and output */
	int master;        /* of the program's; -1: not yet, or no longer */
	int slave;         /* keeps the master from reporting a hang-up whenever the program has its terminal closed */
	bool raw;          /* we have changed the modes of ours, from these: */
	struct termios modes;
	bool away;         /* we are in the background: ours is not ours to read */
	bool gone;         /* ours has hung up */
	bool line_open;    /* what was typed last was no newline */
	bool ending;       /* the program has ended */
	int left;          /* ending: reads until there can be nothing more */
	struct stream in, out;
	struct watch watches[RELAY_WATCHES];
};

/* Opens our side: the terminal among 0 to 2, which is console if that is the same; else standard input and output. */
void relay_open(struct relay *relay, int console);

/* The program's terminal is there: from now on ours is its. */
void relay_start(struct relay *relay, int master);

/* Gives our terminal back, stops ourselves as signal would, and goes on as relay_resume. */
void relay_suspend(struct relay *relay, int signal);

/* Takes our terminal again; in the background it stops us, as any job that wants to read. */
void relay_resume(struct relay *relay);

/* The program's terminal gets the size of ours. */
void relay_resize(struct relay *relay);

/* Our terminal is gone: so is the program's, which gets HUP. */
void relay_hang_up(struct relay *relay);

/* The program has ended: passes on what it wrote last. A signal cuts that short. */
void relay_drain(struct loop *loop);

/* Gives our terminal back and closes everything. */
void relay_close(struct relay *relay);

#endif
