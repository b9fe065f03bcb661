/* SPDX-License-Identifier: MIT
 *
 * When units started and how long that took: a list, the chain that took longest, a picture. A unit's first start counts.
 */
#include "graph.h"

#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "foreign.h"
#include "log.h"
#include "out.h"
#include "units.h"

enum {
	GAP_MS = 10 * 1000, /* what begins so long after all before it were ready is no part of the boot */
	/* of the picture, in pixels */
	WIDTH = 1000, ROW = 20, LEFT = 10, RIGHT = 300, TOP = 30, TICKS = 10,
};

/* Those that have begun, in some order. */
static struct unit **units;
static size_t count;
static int64_t end_ms; /* when the last was ready */

static int64_t took(const struct unit *unit)
{
	return (unit->up_ms < 0 ? end_ms : unit->up_ms) - unit->begun_ms;
}

static bool begins_later(const struct unit *a, const struct unit *b)
{
	return a->begun_ms > b->begun_ms;
}

static bool took_less(const struct unit *a, const struct unit *b)
{
	return took(a) < took(b);
}

/* By insertion, which keeps the order of equals. */
static void sort(bool (*is_behind)(const struct unit *, const struct unit *))
{
	for (size_t i = 1; i < count; i++) {
		struct unit *unit = units[i];
		size_t at = i;

		for (; at > 0 && is_behind(units[at - 1], unit); at--)
			units[at] = units[at - 1];
		units[at] = unit;
	}
}

/* The units of the boot, in the order of their begin. 0, or the exit status after a message. */
static int load(void)
{
	int status = graph_load();

	for (const struct unit *unit = units_first(); unit; unit = unit->next)
		count += unit->kind == UNIT_SERVICE;
	units = arena_take((count + 1) * sizeof(void *));
	count = 0;
	if (!units)
		return 1; /* 64 MiB of services */
	for (struct unit *unit = units_first(); unit; unit = unit->next)
		if (unit->kind == UNIT_SERVICE && unit->begun_ms >= 0)
			units[count++] = unit;
	sort(begins_later);
	for (size_t i = 0; i < count; i++) {
		if (units[i]->begun_ms > end_ms + GAP_MS && i > 0) {
			count = i;
			break;
		}
		end_ms = units[i]->up_ms > end_ms ? units[i]->up_ms : units[i]->begun_ms > end_ms ? units[i]->begun_ms : end_ms;
	}
	return status;
}

static void print_list(void)
{
	if (!nsctl_options.json)
		out_print(&nsctl_out, "All is up after %ld ms.\n", (long)end_ms);
	sort(took_less);
	for (size_t i = 0; i < count; i++) {
		const char *separator = i > 0 ? ",\n" : "";

		if (nsctl_options.json) {
			out_print(&nsctl_out, "%s{\"begun_ms\":%ld,\"ready_ms\":%ld", separator, (long)units[i]->begun_ms, (long)units[i]->up_ms);
			foreign_json_field(&nsctl_out, "name", units[i]->name);
			out_char(&nsctl_out, '}');
		} else {
			out_print(&nsctl_out, "%8ld ms  %s%s\n", (long)took(units[i]), units[i]->name, units[i]->up_ms < 0 ? " (not up)" : "");
		}
	}
}

/* Of those that it waited for, the one that was up last. */
static const struct unit *waited_for(const struct unit *unit)
{
	const struct unit *last = NULL;

	for (const struct edge *edge = unit->edges; edge; edge = edge->next) {
		const struct unit *other = edge->other;

		if (edge->kinds & EDGE(AFTER) && other->kind == UNIT_SERVICE && other->begun_ms >= 0 && other->up_ms >= 0 &&
		    other->up_ms <= unit->begun_ms && (!last || other->up_ms > last->up_ms))
			last = other;
	}
	return last;
}

/* Each begins when the one below it is up. */
static void print_chain(void)
{
	const struct unit *unit = NULL;

	for (size_t i = 0; i < count; i++)
		if (!unit || units[i]->up_ms >= unit->up_ms)
			unit = units[i];
	for (unsigned depth = 0; unit; depth++, unit = waited_for(unit)) {
		for (unsigned i = 1; i < depth; i++)
			out_print(&nsctl_out, "  ");
		out_print(&nsctl_out, "%s%s at %ld ms, +%ld ms\n", depth > 0 ? "\xe2\x94\x94\xe2\x94\x80" : "", unit->name, (long)unit->begun_ms, (long)took(unit));
	}
}

/* Names are letters, digits and what means nothing to XML: units.c takes no others. */
static void print_picture(void)
{
	const long scale = end_ms > 0 ? (long)end_ms : 1, height = TOP + (long)(count + 1) * ROW;

	out_print(&nsctl_out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	          "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%ld\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
	          LEFT + WIDTH + RIGHT, height);
	for (long tick = 0; tick <= TICKS; tick++)
		out_print(&nsctl_out, "<path d=\"M%ld %d V%ld\" stroke=\"#ddd\"/><text x=\"%ld\" y=\"%d\" fill=\"#666\">%ld ms</text>\n",
		          LEFT + WIDTH * tick / TICKS, TOP, height, LEFT + WIDTH * tick / TICKS, TOP - 8, scale * tick / TICKS);
	for (size_t i = 0; i < count; i++) {
		const long x = LEFT + (long)units[i]->begun_ms * WIDTH / scale, y = TOP + (long)i * ROW, width = (long)took(units[i]) * WIDTH / scale;

		out_print(&nsctl_out, "<rect x=\"%ld\" y=\"%ld\" width=\"%ld\" height=\"%d\" fill=\"%s\"/>", x, y + 3, width > 0 ? width : 1, ROW - 6,
		          units[i]->up_ms < 0 ? "#c66" : "#6a6");
		out_print(&nsctl_out, "<text x=\"%ld\" y=\"%ld\">%s, %ld ms</text>\n", x + 4, y + 15, units[i]->name, (long)took(units[i]));
	}
	out_print(&nsctl_out, "</svg>\n");
}

int graph_analyze(const struct nsctl_verb *verb, const char *word)
{
	static const struct {
		const char *word;
		void (*print)(void);
	} ways[] = {{"time", print_list}, {"blame", print_list}, {"critical-chain", print_chain}, {"plot", print_picture}};
	int status;

	(void)verb;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		if (strcmp(word ? word : "time", ways[i].word) != 0)
			continue;
		status = load();
		if (status == 0)
			ways[i].print();
		out_flush(&nsctl_out);
		return status;
	}
	log_error("analyze %s: give nothing, critical-chain or plot", word);
	return 1;
}
