/* SPDX-License-Identifier: MIT
 *
 * A walk along After, depth first. The way back stands in the units themselves: there may be more of them than the stack
 * of PID 1 should ever hold.
 */
#include "order.h"

#include "log.h"
#include "out.h"
#include "units.h"

/* Where a unit is in the walk: unit->turn. */
enum { NOT_SEEN, ON_THE_WAY, DONE };

/* unit->below is where we came from. Names the way from first back to first, and lets first no longer wait for last. */
static void break_cycle(struct unit *last, struct unit *first)
{
	struct out way = OUT(-1);

	for (const struct unit *unit = last; unit && unit != first; unit = unit->below)
		out_print(&way, "%s, before ", unit->name);
	out_print(&way, "%s, before %s", first->name, last->name);
	way.text[way.length < sizeof way.text ? way.length : sizeof way.text - 1] = '\0';
	log_error("the order is a circle: %s; the last of these is left out", way.text);
	for (struct edge *edge = last->edges; edge; edge = edge->next)
		if (edge->other == first)
			edge->kinds &= ~EDGE(AFTER);
	for (struct edge *edge = first->edges; edge; edge = edge->next)
		if (edge->other == last)
			edge->kinds &= ~EDGE(BEFORE);
}

/* The next unit that this one waits for and that has not been walked through; those on the way close a cycle. */
static struct unit *next_after(struct unit *unit, unsigned *cycles)
{
	for (struct edge *edge = unit->edges; edge; edge = edge->next) {
		if (!(edge->kinds & EDGE(AFTER)) || edge->other->turn == DONE)
			continue;
		if (edge->other->turn == NOT_SEEN)
			return edge->other;
		break_cycle(unit, edge->other);
		(*cycles)++;
	}
	return NULL;
}

unsigned order_break_cycles(void)
{
	unsigned cycles = 0;

	for (struct unit *start = units_first(); start; start = start->next) {
		struct unit *unit = start->turn == DONE ? NULL : start;

		start->below = NULL;
		while (unit) {
			struct unit *next;

			unit->turn = ON_THE_WAY;
			next = next_after(unit, &cycles);
			if (next) {
				next->below = unit;
				unit = next;
				continue;
			}
			unit->turn = DONE;
			unit = unit->below;
		}
	}
	return cycles;
}
