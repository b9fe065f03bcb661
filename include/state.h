/* SPDX-License-Identifier: MIT
 *
 * What PID 1 knows beyond its files, as text that a later nsinit can read: lines of a name and a value, in a memfd(2) which exec passes
 * on. Who keeps something that must outlive an exec has a row for it.
 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "units.h"

enum state_kind {
	STATE_NUMBER, /* of 1, 4 or 8 bytes, signed */
	STATE_FD,     /* which stays open across the exec */
	STATE_TEXT,
	STATE_OF_UNIT, /* a unit's state and result, by their names */
	STATE_RESULT,
};

struct state_row {
	const char *name;
	uint16_t offset;
	uint8_t size, kind;
};

#define STATE_ROW(name, type, member, kind) {name, offsetof(type, member), sizeof(((type *)0)->member), kind}

/* Rows that are there once. */
struct state_part {
	void *base;
	const struct state_row *rows;
	size_t count;
};

/* logs.c, supervisor.c, slice.c, private.c */
extern const struct state_part logs_state, supervisor_state, slice_state, private_state;

/* The variable that says where the state is. */
#define STATE_VARIABLE "NSINIT_STATE="

enum {
	STATE_GOOD = 87, /* the exit status of who was only to say whether it understands the state */
};

/* Why there is a state. */
enum state_use { STATE_NONE, STATE_CHECK, STATE_RESUME };

/*
 * Looks whether there is a state for us, and takes the variable out of the environment. Says nothing: who is handed something that is no
 * state of ours goes on without.
 */
enum state_use state_open(char **environment);

/* The plan gets what it keeps beside the options, *mask is what programs start with, and the process its name. */
void state_resume_own(struct plan *plan, sigset_t *mask);

/* What state_open() has found. */
enum state_use state_use(void);

/* The role that goes on: a name of role.c. */
const char *state_role(void);

/* The loop as it was. */
void state_resume_loop(struct loop *loop);

/* Loads the units that were there, and makes them what they were. The rest of the state is read too. */
void state_resume_units(void);

/* The state as a file without a name; -1 with errno. */
int state_write(const struct loop *loop, const char *role);

/* Whether the descriptors that belong to the state outlive an exec. */
void state_pass(const struct loop *loop, bool pass);

#endif
