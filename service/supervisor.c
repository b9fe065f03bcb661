/* SPDX-License-Identifier: MIT
 *
 * The supervisor: it lends the loop of PID 1 its services. Nothing here allocates, blocks or exits once the loop runs; between events
 * nobody wakes up.
 */
#include "supervisor.h"

#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "control.h"
#include "jobs.h"
#include "kind.h"
#include "launch.h"
#include "log.h"
#include "logs.h"
#include "members.h"
#include "notify.h"
#include "order.h"
#include "private.h"
#include "reexec.h"
#include "service.h"
#include "slice.h"
#include "source.h"
#include "state.h"
#include "tmpfiles.h"
#include "value.h"

#define RUN_DIRECTORY "/run/nsinit"

enum {
	PUT_OFF_MS = 50,
};

enum { WATCH_NOTIFY, WATCH_SLICE, WATCH_SOURCES, WATCH_LOGS, WATCH_CONTROL = WATCH_LOGS + LOGS_WATCHES, WATCHES = WATCH_CONTROL + 1 + CONTROL_CLIENTS };
_Static_assert((int)WATCHES <= (int)LOOP_WATCHES_SERVICES, "the watches of a boot come behind ours");

static struct supervisor {
	struct watch watches[LOOP_WATCHES_MAX]; /* the loop's own are behind ours */
	size_t watch_count;
	struct unit *essential;
	struct loop *loop;
	int64_t origin_ms;
	int64_t put_off_ms; /* since when it has not been looked for processes that are left; 0: it has */
	bool stopping; /* everything is to end */
	bool starting; /* the loop ends when no job is left */
	bool over;     /* a service has ended, and everything with it */
	int notify, control; /* sockets from a former life of PID 1, 0: there was none */
} supervisor;

static const struct state_row rows[] = {
	STATE_ROW("supervisor.origin", struct supervisor, origin_ms, STATE_NUMBER),
	STATE_ROW("supervisor.notify", struct supervisor, notify, STATE_FD), STATE_ROW("supervisor.control", struct supervisor, control, STATE_FD),
};
const struct state_part supervisor_state = {&supervisor, rows, sizeof rows / sizeof rows[0]};

struct loop *supervisor_loop(void)
{
	return supervisor.loop;
}

pid_t supervisor_program(void)
{
	return supervisor.loop ? supervisor.loop->child : 0;
}

int64_t supervisor_origin(void)
{
	return supervisor.origin_ms;
}

int64_t supervisor_boot(void)
{
	return supervisor.loop->plan->machine ? 0 : supervisor.origin_ms;
}

void supervisor_end(enum plan_end end)
{
	loop_end(supervisor.loop, end);
}

bool supervisor_moves(void)
{
	return supervisor.starting || supervisor.stopping;
}

bool supervisor_is_over(void)
{
	return supervisor.over;
}

void supervisor_ended(struct unit *unit)
{
	enum unit_action action = unit->result == RESULT_SUCCESS ? unit->rules.success_action : unit->rules.failure_action;
	int status = unit->result == RESULT_SUCCESS ? unit->rules.success_status : unit->rules.failure_status;

	if (unit->result == RESULT_START_LIMIT && unit->rules.limit_action != ACTION_NONE)
		action = unit->rules.limit_action;
	if (supervisor.stopping)
		return;
	kind_tell(unit, true);
	jobs_want_others(unit, EDGE(BOUND_BY), JOB_STOP);
	if (unit->state == STATE_FAILED)
		jobs_want_others(unit, EDGE(ON_FAILURE), JOB_START);
	if (unit->result == RESULT_CONDITION || (unit != supervisor.essential && action == ACTION_NONE))
		return;
	if (status < 0)
		status = WIFEXITED(unit->status) ? WEXITSTATUS(unit->status) : 128 + WTERMSIG(unit->status);
	if (status == 0 && unit->state == STATE_FAILED)
		status = 1; /* it failed before it had a status */
	log_info("%s has ended, and with it everything: status %d", unit->name, status);
	supervisor.over = true;
	supervisor.loop->status = status;
	supervisor_end(supervisor.loop->plan->end);
}

/* --- processes and times --- */

/* A child has ended. True if it was a service's. */
static bool reaped(struct loop *loop, pid_t pid, int status)
{
	(void)loop;
	if (logs_reaped(pid) || reexec_reaped(pid, status))
		return true;
	for (struct unit *unit = units_first(); unit; unit = unit->next) {
		if (pid == unit->main) {
			unit->main = 0;
			unit->status = status;
			members_forget(unit, pid);
			service_event(unit, EVENT_MAIN);
			return true;
		}
		if (pid == unit->control) {
			unit->control = 0;
			unit->control_status = status;
			members_forget(unit, pid);
			service_event(unit, EVENT_CONTROL);
			return true;
		}
	}
	for (struct unit *unit = units_first(); unit; unit = unit->next)
		if (service_awaits_end(unit)) {
			unit->unsure = true;
			jobs_touch(unit);
		}
	return false;
}

/* True if nothing is left that the unit has to wait for. */
static bool is_empty(const struct unit *unit)
{
	enum kill_mode mode = unit->rules.kill_mode;
	bool only_own = mode == KILL_PROCESS || mode == KILL_NONE || (mode == KILL_MIXED && unit->state == STATE_STOP_TERM);

	if (unit->main > 0 && mode != KILL_NONE)
		return false;
	return unit->control == 0 && (only_own || unit->members == 0);
}

/* While children still end, one look at the end of it is better than one for each; but it comes, even if they never stop. */
static bool is_put_off(void)
{
	sigset_t pending;

	if (sigpending(&pending) < 0 || !sigismember(&pending, SIGCHLD)) {
		supervisor.put_off_ms = 0;
		return false;
	}
	if (supervisor.put_off_ms == 0)
		supervisor.put_off_ms = loop_now_ms();
	return loop_now_ms() - supervisor.put_off_ms < PUT_OFF_MS;
}

/* Finds out of which units something is left. One look at the processes serves all. */
static bool find_empty(const struct loop *loop)
{
	bool any = false, moved = false;

	for (struct unit *unit = jobs_first(); unit; unit = unit->busy)
		any |= unit->unsure;
	if (!any || is_put_off())
		return false;
	members_look(loop->child);
	for (struct unit *unit = jobs_first(); unit; unit = unit->busy) {
		if (!unit->unsure)
			continue;
		unit->unsure = false;
		if (unit->signal != SIGKILL) /* who has been told is not told again at the next look */
			unit->signal = 0;
		if (!is_empty(unit))
			continue;
		unit->signal = 0;
		service_event(unit, EVENT_EMPTY);
		moved = true;
	}
	return moved;
}

/* Whose time has come. */
static void serve_times(void)
{
	int64_t now = loop_now_ms();

	for (struct unit *unit = jobs_first(); unit; unit = unit->busy) {
		if (unit->deadline_ms && unit->deadline_ms <= now) {
			unit->deadline_ms = 0;
			service_event(unit, EVENT_TIME);
		}
		if (unit->watchdog_at_ms && unit->watchdog_at_ms <= now) {
			unit->watchdog_at_ms = 0;
			service_event(unit, EVENT_WATCHDOG);
		}
	}
}

/* The earliest of all times, 0: there is none. */
static int64_t next_time(void)
{
	int64_t next = 0;

	for (const struct unit *unit = jobs_first(); unit; unit = unit->busy) {
		if (unit->deadline_ms && (!next || unit->deadline_ms < next))
			next = unit->deadline_ms;
		if (unit->watchdog_at_ms && (!next || unit->watchdog_at_ms < next))
			next = unit->watchdog_at_ms;
	}
	return next;
}

/* Everything that follows from what has happened. */
static void settle(struct loop *loop)
{
	unsigned jobs;

	do {
		serve_times();
		jobs = jobs_run();
	} while (find_empty(loop));
	loop->wake_ms = next_time(); /* one that has come meanwhile is served after a look at signals */
	jobs_forget_idle();
	control_settle();
	reexec_settle(loop);
	if (jobs == 0 && (supervisor.starting || supervisor.stopping))
		loop->ended = true;
}

/* --- from the beginning to the end --- */

static void load_one(struct unit *unit)
{
	unit->lazy = false;
	jobs_want(unit, JOB_START);
}

static void load_of_directory(struct unit *unit)
{
	unit->lazy = unit->job == JOB_NONE;
	unit->job = JOB_START;
}

/* What a socket, a timer or a path starts that starts by itself. */
static bool waits_for_trigger(const struct unit *unit)
{
	const struct edge *edge = unit->lazy ? unit->edges : NULL;

	while (edge && !(edge->kinds & EDGE(TRIGGERED_BY) && edge->other->job == JOB_START))
		edge = edge->next;
	return edge;
}

static int load_item(const char *item)
{
	struct unit *unit;

	if (strchr(item, '/')) {
		char *path = arena_text(item, strlen(item));

		return path && units_load_directory(path, load_of_directory) >= 0 ? 0 : -1;
	}
	unit = units_load_short(item);
	if (unit)
		load_one(unit);
	return unit ? 0 : -1;
}

/* Directories are places again, files that are new in them are not loaded: as with systemd somebody has to name them. */
static void resume_places(const char *services)
{
	char item[256];

	for (const char *list = services; list;) {
		list = value_item(list, ',', item, sizeof item);
		if (strchr(item, '/')) {
			const char *path = arena_text(item, strlen(item));

			if (path)
				units_add_place(path);
		}
	}
}

void supervisor_resume(const struct plan *plan, const char *services)
{
	const char *essential = plan->essential;

	if (state_use() == STATE_RESUME)
		slice_allow(plan->machine);
	resume_places(services);
	state_resume_units();
	if (essential)
		supervisor.essential = units_load_short(essential);
	units_load_pulled();
	order_break_cycles();
	if (state_use() == STATE_CHECK)
		_exit(STATE_GOOD);
}

int supervisor_load(const struct plan *plan, const char *services)
{
	const char *essential = plan->essential;
	char item[256];

	slice_allow(plan->machine);
	for (const char *list = services; list;) {
		list = value_item(list, ',', item, sizeof item);
		if (!*item)
			log_error("--services %s: an empty name; give names, or directories, with commas between", services);
		if (!*item || load_item(item) < 0)
			return -1;
	}
	if (essential) {
		supervisor.essential = units_load_short(essential);
		if (!supervisor.essential)
			return -1;
		load_one(supervisor.essential);
	}
	if (!units_first())
		return 0;
	if (getpid() == 1) /* as a subreaper, /run is somebody else's */
		tmpfiles_apply();
	units_load_pulled();
	order_break_cycles();
	for (struct unit *unit = units_first(); unit; unit = unit->next)
		unit->job = waits_for_trigger(unit) ? JOB_NONE : unit->job;
	for (struct unit *unit = units_first(); unit; unit = unit->next)
		if (unit->kind == UNIT_TARGET || unit->job == JOB_START) { /* once more: by now what it pulls in is known */
			unit->job = JOB_NONE;
			jobs_want(unit, JOB_START);
		}
	return 1;
}

/* Where sockets are that may be there already. */
static void open_sockets(void)
{
	if (supervisor.origin_ms == 0)
		supervisor.origin_ms = loop_now_ms();
	if (supervisor.notify > 0) {
		notify_resume(supervisor.notify);
	} else {
		mkdir(RUN_DIRECTORY, 0755);
		supervisor.notify = notify_open();
	}
	supervisor.watches[WATCH_NOTIFY] = (struct watch){.fd = supervisor.notify, .events = POLLIN, .ready = notify_read};
	source_open(supervisor.watches + WATCH_SOURCES);
	for (struct unit *unit = units_first(); unit && state_use() == STATE_RESUME; unit = unit->next)
		if (kind_rows[unit->kind].again)
			kind_rows[unit->kind].again(unit);
	supervisor.control = control_open(supervisor.watches + WATCH_CONTROL, supervisor.control);
}

void supervisor_attach(struct loop *loop)
{
	if (!supervisor.loop) {
		open_sockets();
		supervisor.watches[WATCH_SLICE] = (struct watch){.fd = slice_news(), .events = POLLIN, .ready = slice_read};
		logs_open(supervisor.watches + WATCH_LOGS, loop->plan->machine);
		supervisor.watch_count = WATCHES;
		for (size_t i = 0; i < loop->watch_count; i++)
			supervisor.watches[supervisor.watch_count++] = loop->watches[i];
	}
	launch_within(loop->plan);
	supervisor.loop = loop;
	loop->reaped = reaped;
	loop->settle = settle;
	loop->watches = supervisor.watches;
	loop->watch_count = supervisor.watch_count;
}

int supervisor_start(struct loop *loop)
{
	unsigned left;

	supervisor.starting = true;
	loop_run(loop);
	supervisor.starting = false;
	left = 0;
	for (const struct unit *unit = units_first(); unit; unit = unit->next)
		left += unit->job != JOB_NONE;
	return left > 0 ? -1 : 0;
}

/* Every time-out that a stop has is over. */
static void hurry(void)
{
	for (struct unit *unit = units_first(); unit; unit = unit->next) {
		unit->rules.stop_ms = 0;
		if (unit->state >= STATE_STOP && unit->state <= STATE_FINAL_KILL)
			unit->deadline_ms = loop_now_ms();
	}
}

void supervisor_stop(struct loop *loop)
{
	int status = loop->status;

	supervisor.stopping = true;
	jobs_only_stop();
	for (struct unit *unit = units_first(); unit; unit = unit->next) {
		unit->job = JOB_NONE;
		if (!service_is_down(unit))
			jobs_want(unit, JOB_STOP);
	}
	if (loop->mode < SIGNALS_MACHINE) /* there a second request is of the same kind */
		loop->mode = SIGNALS_PAUSE;
	loop->child = 0;
	loop->ended = false;
	loop_run(loop);
	if (jobs_run() > 0) {
		hurry();
		loop->ended = false;
		loop_run(loop);
	}
	notify_close(supervisor.watches[WATCH_NOTIFY].fd);
	control_close();
	source_close();
	logs_close();
	private_end();
	rmdir(RUN_DIRECTORY);
	loop->settle = NULL;
	loop->reaped = NULL;
	loop->watch_count = 0;
	loop->wake_ms = 0;
	loop->status = status;
}
