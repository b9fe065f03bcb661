/* SPDX-License-Identifier: MIT
 *
 * The kinds of units, a row each, and what those share that start others.
 */
#include "kind.h"

#include <string.h>
#include <unistd.h>

#include "listener.h"
#include "log.h"
#include "port.h"
#include "service.h"
#include "timer.h"
#include "unitfile.h"

/* It is reached after all that it starts. systemd.target(5) */
static const char *complete_target(struct unit *unit)
{
	for (struct edge *edge = unit->edges; edge; edge = edge->next)
		if (edge->kinds & EDGES_PULL && !(edge->kinds & EDGE(BEFORE)) && units_relate(unit, edge->other, EDGE_AFTER) < 0)
			return "no memory for it";
	return NULL;
}

const struct kind kind_rows[UNIT_KINDS] = {
	[UNIT_TARGET] = {.suffix = ".target", .up = "active", .complete = complete_target},
	[UNIT_SERVICE] = {.suffix = ".service", .section = SECTION_SERVICE, .complete = unitfile_service},
	[UNIT_SOCKET] = {
		.suffix = ".socket", .up = "listening", .section = SECTION_SOCKET, .size = sizeof(struct listener), .own = &listener_defaults,
		.listed = PORT_SYMLINKS, .check = port_check, .complete = listener_complete, .open = listener_open, .close = listener_close,
		.told = listener_told, .time = listener_time, .again = listener_again, .each_fd = listener_each_fd,
	},
	[UNIT_TIMER] = {
		.suffix = ".timer", .up = "waiting", .section = SECTION_TIMER, .size = sizeof(struct timer), .own = &timer_defaults, .listed = TIMER_ROWS,
		.check = timer_check, .complete = timer_complete, .open = timer_open, .told = timer_told, .time = timer_time,
		.again = timer_again,
	},
};

enum unit_kind kind_of(const char *name)
{
	const char *suffix = strrchr(name, '.');

	for (int kind = UNIT_TARGET; suffix && suffix > name && kind < UNIT_KINDS; kind++)
		if (strcmp(suffix, kind_rows[kind].suffix) == 0)
			return (enum unit_kind)kind;
	return UNIT_NAMED;
}

static const struct edge *triggered(const struct unit *unit)
{
	const struct edge *edge = unit->edges;

	while (edge && !(edge->kinds & EDGE(TRIGGERS)))
		edge = edge->next;
	return edge;
}

const char *kind_triggers(struct unit *unit, bool many)
{
	char name[UNIT_NAME_SIZE];
	struct unit *other;

	unit->rules.type = TYPE_ONESHOT;
	unit->rules.remain = true;
	unit->rules.notify = NOTIFY_NONE;
	if (!many && !triggered(unit)) {
		strcpy(name, unit->name);
		strcpy(strrchr(name, '.'), kind_rows[UNIT_SERVICE].suffix);
		other = units_named(name);
		if (!other || units_relate(unit, other, EDGE_TRIGGERS) < 0)
			return "no memory for it";
	}
	for (struct edge *edge = unit->edges; edge; edge = edge->next)
		if (edge->kinds & EDGE(TRIGGERS) && units_relate(unit, edge->other, EDGE_BEFORE) < 0)
			return "no memory for it";
	return NULL;
}

bool kind_finds_others(const struct unit *unit)
{
	for (const struct edge *edge = unit->edges; edge; edge = edge->next) {
		if (!(edge->kinds & EDGE(TRIGGERS)) || edge->other->kind >= UNIT_TARGET)
			continue;
		log_error("%s: %s is not there; write one, or name another", unit->name, edge->other->name);
		return false;
	}
	return true;
}

void kind_tell(struct unit *unit, bool down)
{
	if (down && unit->connection) {
		close(unit->connection);
		unit->connection = 0;
	}
	for (struct edge *edge = unit->edges; edge; edge = edge->next)
		if (edge->kinds & EDGE(TRIGGERED_BY) && edge->other->state == STATE_EXITED)
			kind_rows[edge->other->kind].told(edge->other, unit, down);
}

const char *kind_state_name(const struct unit *unit)
{
	const char *up = unit->state == STATE_EXITED ? kind_rows[unit->kind].up : NULL;

	return up ? up : service_state_name(unit->state);
}
