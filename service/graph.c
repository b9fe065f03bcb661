/* SPDX-License-Identifier: MIT
 *
 * What needs what.
 */
#include "graph.h"

#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "foreign.h"
#include "log.h"
#include "out.h"
#include "query.h"
#include "status.h"
#include "units.h"
#include "value.h"

enum {
	DEPTH_MAX = 32,
	INDENT = sizeof "\xe2\x94\x82 ", /* of a level, in bytes */
	SHOWN = 1,                       /* unit->turn: with all below it */
};

static long number(const char *text)
{
	unsigned long value;

	return value_number(text, ~0UL >> 1, &value) < 0 ? -1 : (long)value;
}

static struct unit *named(const char *name)
{
	units_reserve(name);
	return units_find(name);
}

static void take_unit(char *const *fields)
{
	struct unit *unit = named(fields[FIELD_NAME]);

	if (!unit)
		return;
	unit->kind = UNIT_SERVICE;
	unit->description = status_active(fields[FIELD_STATE]);
	unit->file = arena_text(fields[FIELD_SESSIONS], strlen(fields[FIELD_SESSIONS]));
	unit->begun_ms = number(fields[FIELD_BEGUN_MS]);
	unit->up_ms = number(fields[FIELD_READY_MS]);
}

static void take_edge(char *const *fields)
{
	struct unit *unit = named(fields[0]), *other = units_named(fields[2]);
	const long kinds = number(fields[1]);

	for (int kind = 0; unit && other && kinds > 0 && kind <= EDGE_RELOADED_BY; kind++)
		if (kinds & 1L << kind)
			units_relate(unit, other, (enum edge_kind)kind);
}

int graph_load(void)
{
	return query_run(&(struct query){"edges", NULL, NULL, true, take_unit, take_edge});
}

static unsigned direction(void)
{
	return nsctl_options.reverse ? EDGE(REQUIRED_BY) | EDGE(WANTED_BY) | EDGE(BOUND_BY) : EDGES_PULL;
}

/* The next edge of these kinds. */
static const struct edge *follow(const struct edge *edge, unsigned kinds)
{
	while (edge && !(edge->kinds & kinds))
		edge = edge->next;
	return edge;
}

static void print_branch(char *indent, size_t depth, bool last)
{
	if (depth > 0)
		out_print(&nsctl_out, "%s%s", indent, last ? "\xe2\x94\x94\xe2\x94\x80" : "\xe2\x94\x9c\xe2\x94\x80");
}

/* The unit and what is below it, which is said once. */
static void print_tree(struct unit *unit, char *indent, size_t depth, bool last)
{
	const struct edge *edge = follow(unit->edges, direction());
	size_t end = strlen(indent);
	bool again = unit->turn == SHOWN && edge;

	print_branch(indent, depth, last);
	status_print_dot(&nsctl_out, unit->description ? unit->description : "");
	out_print(&nsctl_out, " %s%s\n", unit->name, again ? " (see above)" : "");
	if (again || depth == DEPTH_MAX)
		return;
	unit->turn = SHOWN;
	if (depth > 0)
		strcpy(indent + end, last ? "  " : "\xe2\x94\x82 ");
	if (nsctl_options.processes && unit->file && *unit->file) {
		const size_t tail = strlen(indent);

		strcpy(indent + tail, edge ? "\xe2\x94\x82   " : "    ");
		status_print_processes(&nsctl_out, unit->file, indent, indent);
		indent[tail] = '\0';
	}
	for (const struct edge *next; edge; edge = next) {
		next = follow(edge->next, direction());
		print_tree(edge->other, indent, depth + 1, !next);
	}
	indent[end] = '\0';
}

static void print_names(const char *key, const struct unit *unit, unsigned kinds)
{
	const char *separator = "";

	out_print(&nsctl_out, ",\"%s\":[", key);
	for (const struct edge *edge = follow(unit->edges, kinds); edge; edge = follow(edge->next, kinds)) {
		out_print(&nsctl_out, "%s", separator);
		foreign_json(&nsctl_out, edge->other->name);
		separator = ",";
	}
	out_char(&nsctl_out, ']');
}

static void print_json(const struct unit *unit)
{
	static const char *separator = "";

	out_print(&nsctl_out, "%s{\"active\":\"%s\"", separator, unit->description);
	foreign_json_field(&nsctl_out, "name", unit->name);
	print_names("requires", unit, EDGE(REQUIRES) | EDGE(BINDS_TO) | EDGE(REQUISITE));
	print_names("wants", unit, EDGE(WANTS));
	print_names("required_by", unit, EDGE(REQUIRED_BY) | EDGE(BOUND_BY) | EDGE(REQUISITE_OF));
	print_names("wanted_by", unit, EDGE(WANTED_BY));
	print_names("after", unit, EDGE(AFTER));
	print_names("conflicts", unit, EDGE(CONFLICTS) | EDGE(CONFLICTED_BY));
	out_char(&nsctl_out, '}');
	separator = ",\n";
}

/* Of one unit, or of all that nobody else pulls in. */
int graph_tree(const struct nsctl_verb *verb, const char *name)
{
	char indent[(DEPTH_MAX + 2) * INDENT] = "";
	static bool loaded;
	int status = loaded ? 0 : graph_load();
	unsigned above = nsctl_options.reverse ? EDGES_PULL : EDGE(REQUIRED_BY) | EDGE(WANTED_BY) | EDGE(BOUND_BY);
	struct unit *only = name ? units_find(name) : NULL;

	(void)verb;
	loaded = true;
	if (status == 0 && name && (!only || !only->description)) {
		log_error("%s: PID 1 does not know it", name);
		return NSCTL_NO_SUCH;
	}
	for (struct unit *unit = only ? only : units_first(); unit; unit = only ? NULL : unit->next)
		if (nsctl_options.json)
			print_json(unit);
		else if (only || !follow(unit->edges, above))
			print_tree(unit, indent, 0, true);
	out_flush(&nsctl_out);
	return status;
}
