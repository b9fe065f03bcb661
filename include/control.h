/* SPDX-License-Identifier: MIT
 *
 * The socket over which nsctl speaks to the supervisor: one packet is a request, words with a NUL behind each; the answer is
 * packets that begin with an enum answer.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "loop.h"
#include "out.h"

#define CONTROL_PATH "/run/nsinit/control"

enum control_limits {
	CONTROL_CLIENTS = 8,
	CONTROL_PACKET = 2048,
};

enum answer {
	ANSWER_UNIT = 'u',  /* the fields of enum answer_field, a tab between them; no text has control characters */
	ANSWER_EDGE = 'd',  /* a unit, a tab, EDGE() bits as a number, a tab, another unit */
	ANSWER_ERROR = 'e', /* what is wrong */
	ANSWER_END = 'q',   /* the exit status, a digit */
};

enum { CONTROL_UNKNOWN = 4 }; /* the status if there is no such unit */

/* Times in ms; -1: not yet. */
enum answer_field {
	FIELD_NAME, FIELD_STATE, FIELD_RESULT, FIELD_JOB, FIELD_PID, FIELD_CONTROL, FIELD_RESTARTS,
	FIELD_SINCE_MS, /* how long the state has lasted */
	FIELD_BEGUN_MS, FIELD_READY_MS, /* the first start: when it began and when it was over, since the start of the supervisor */
	FIELD_STATUS,   /* of the main process, as wait(2) says */
	FIELD_SESSIONS, FIELD_FILE, FIELD_SAID, FIELD_DESCRIPTION,
	ANSWER_FIELDS,
};

/*
 * Makes the socket, unless fd is one. Its watch, and one for each client, are the CONTROL_CLIENTS + 1 that begin at watches. Its
 * descriptor, or -1.
 */
int control_open(struct watch *watches, int fd);

/* Who is connected: each one's descriptor; lines for state.h; and one of those, before control_open(). */
void control_each(void (*visit)(int fd));
void control_save(struct out *out);
void control_restore(const char *text);

/* Says good-bye to everybody. */
void control_close(void);

/* Answers those whose job is done. */
void control_settle(void);

#endif
