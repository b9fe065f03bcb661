/* SPDX-License-Identifier: MIT
 *
 * What is wanted of a unit is its job. A job waits for those of other units, by their order, and is taken up again whenever something
 * has happened.
 */
#include "jobs.h"

#include "kind.h"
#include "log.h"
#include "service.h"
#include "supervisor.h"

static struct {
	struct unit *first, **last; /* units with a job, a time, or a question: whoever just runs costs nothing */
	bool stopping; /* everything is to end: nothing starts any more */
} list;

struct unit *jobs_first(void)
{
	return list.first;
}

void jobs_only_stop(void)
{
	list.stopping = true;
}

void jobs_touch(struct unit *unit)
{
	if (unit->is_busy)
		return;
	unit->is_busy = true;
	unit->busy = NULL;
	if (!list.last)
		list.last = &list.first;
	*list.last = unit;
	list.last = &unit->busy;
}

/* Takes those out of the list with which nothing is to be done until something happens. */
void jobs_forget_idle(void)
{
	struct unit **link = &list.first;

	while (*link) {
		struct unit *unit = *link;

		if (unit->job != JOB_NONE || unit->unsure || unit->deadline_ms || unit->watchdog_at_ms) {
			link = &unit->busy;
		} else {
			unit->is_busy = false;
			*link = unit->busy;
		}
	}
	list.last = link;
}

static bool exists(const struct unit *unit)
{
	return unit->kind >= UNIT_TARGET;
}

void jobs_want_others(struct unit *unit, unsigned kinds, enum unit_job job)
{
	for (struct edge *edge = unit->edges; edge; edge = edge->next)
		if (edge->kinds & kinds && exists(edge->other) && !(job == JOB_STOP && service_is_down(edge->other)))
			jobs_want(edge->other, job);
}

void jobs_want(struct unit *unit, enum unit_job job)
{
	bool is_done = unit->begun && service_is_down(unit); /* which has only not been seen yet */

	if ((unit->job == job && !is_done) || (list.stopping && job != JOB_STOP))
		return;
	unit->job = job;
	unit->begun = false;
	jobs_touch(unit);
	if (job == JOB_START) {
		jobs_want_others(unit, EDGES_PULL, JOB_START);
		if (unit->kind != UNIT_TARGET) /* targets are no more than names */
			jobs_want_others(unit, EDGE(CONFLICTS) | EDGE(CONFLICTED_BY), JOB_STOP);
	} else {
		jobs_want_others(unit, EDGE(REQUIRED_BY) | EDGE(BOUND_BY) | EDGE(REQUISITE_OF) | EDGE(HAS_PART), job);
	}
}

/* True while the other's job comes first. */
static bool waits(const struct unit *unit, enum unit_job job)
{
	for (const struct edge *edge = unit->edges; edge; edge = edge->next) {
		const struct unit *other = edge->other;
		bool stops = other->job == JOB_STOP || other->job == JOB_RESTART;

		if (job == JOB_START && edge->kinds & EDGE(AFTER) && (other->job == JOB_START || other->job == JOB_RESTART))
			return true;
		if (job == JOB_START && edge->kinds & (EDGE(BEFORE) | EDGE(CONFLICTS) | EDGE(CONFLICTED_BY)) && other->job == JOB_STOP)
			return true;
		if (job == JOB_STOP && edge->kinds & EDGE(BEFORE) && stops && !service_is_down(other))
			return true;
	}
	return false;
}

/* What the unit cannot do without, and has to; NULL: nothing. What is not there and no service is taken for there: systemd's own sockets are not. */
static const struct unit *lacks(const struct unit *unit)
{
	for (const struct edge *edge = unit->edges; edge; edge = edge->next) {
		const struct unit *other = edge->other;

		if (!(edge->kinds & EDGES_NEED))
			continue;
		if (exists(other) ? other->job == JOB_NONE && !service_is_up(other) && other->result != RESULT_CONDITION :
		                    other->kind == UNIT_BROKEN || kind_of(other->name) == UNIT_SERVICE)
			return other;
	}
	return NULL;
}

/* A target is reached, or left, at once. */
static void move(struct unit *unit, enum service_event event)
{
	if (unit->kind == UNIT_TARGET)
		unit->state = event == EVENT_START ? STATE_EXITED : STATE_DEAD;
	else
		service_event(unit, event);
}

static void begin_start(struct unit *unit)
{
	const struct unit *lacking = lacks(unit);

	unit->begun = true;
	if (!lacking) {
		move(unit, EVENT_START);
		return;
	}
	log_error("%s: not started: it needs %s, which %s", unit->name, lacking->name, exists(lacking) ? "does not run" : "is not there");
	unit->result = RESULT_DEPENDENCY;
	unit->state = STATE_FAILED;
	unit->job = JOB_NONE;
	supervisor_ended(unit);
}

/* Takes the unit's job a step further. False if there is nothing to be done now. */
static bool job_step(struct unit *unit)
{
	bool up = unit->state == STATE_RUNNING || unit->state == STATE_EXITED || unit->state == STATE_RELOAD;

	switch (unit->job) {
	case JOB_NONE:
		return false;
	case JOB_START:
		if (up || (unit->begun && (service_is_down(unit) || unit->state == STATE_RESTART))) {
			unit->job = JOB_NONE;
			return true;
		}
		if (unit->begun || waits(unit, JOB_START))
			return false;
		begin_start(unit);
		return true;
	default:
		if (service_is_down(unit)) {
			if (!unit->begun) /* what triggered it was called back */
				kind_tell(unit, true);
			unit->job = unit->job == JOB_RESTART ? JOB_START : JOB_NONE;
			unit->begun = false;
			return true;
		}
		if (unit->begun || waits(unit, JOB_STOP))
			return false;
		unit->begun = true;
		move(unit, EVENT_STOP);
		return true;
	}
}

/* Returns how many jobs are left. */
unsigned jobs_run(void)
{
	unsigned left;
	bool moved;

	do {
		left = 0;
		moved = false;
		for (struct unit *unit = list.first; unit; unit = unit->busy) {
			moved |= job_step(unit);
			left += unit->job != JOB_NONE;
		}
	} while (moved);
	return left;
}
