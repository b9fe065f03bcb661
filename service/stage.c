/* SPDX-License-Identifier: MIT
 *
 * States in which commands run one after the other, and what all states of a service share: how an end is judged, how
 * processes are told to end.
 */
#include "life.h"

#include <signal.h>
#include <sys/wait.h>

#include "command.h"
#include "directive.h"
#include "launch.h"
#include "log.h"
#include "loop.h"
#include "members.h"
#include "service.h"
#include "slice.h"

/* States in which commands of one kind run, one after the other. */
static const struct stage {
	enum command_kind kind;
	bool starting;                       /* TimeoutStartSec counts, else TimeoutStopSec */
	void (*done)(struct unit *unit);     /* the last command has succeeded */
	void (*failed)(struct unit *unit);   /* one has not, unit->result says why */
} stages[UNIT_STATES] = {
	[STATE_CONDITION] = {COMMAND_CONDITION, true, life_enter_start_pre, life_condition_said_no},
	[STATE_START_PRE] = {COMMAND_START_PRE, true, life_enter_start, life_start_failed},
	[STATE_START_POST] = {COMMAND_START_POST, true, life_enter_running, life_start_failed},
	[STATE_RELOAD] = {COMMAND_RELOAD, true, life_enter_running, life_enter_running},
	[STATE_STOP] = {COMMAND_STOP, false, life_enter_term, life_enter_term},
	[STATE_STOP_POST] = {COMMAND_STOP_POST, false, life_enter_final, life_enter_final},
};

void life_set_state(struct unit *unit, enum unit_state state, int64_t timeout_ms)
{
	unit->state = state;
	unit->since_ms = loop_now_ms();
	unit->deadline_ms = timeout_ms >= 0 ? unit->since_ms + timeout_ms : 0;
	log_debug("%s: %s", unit->name, service_state_name(state));
}

/* The first reason of a failure counts. */
void life_note(struct unit *unit, enum unit_result result)
{
	if (unit->result == RESULT_SUCCESS)
		unit->result = result;
}

static bool has_signal(const struct status_set *set, int signal)
{
	return set->signals & UINT64_C(1) << (signal - 1);
}

static bool has_code(const struct status_set *set, int code)
{
	return set->codes[code / 32] & 1U << code % 32;
}

bool life_has_status(const struct status_set *set, int status)
{
	return WIFEXITED(status) ? has_code(set, WEXITSTATUS(status)) : has_signal(set, WTERMSIG(status));
}

/* How a process has ended. A daemon that is told to end by a signal has done so well. */
enum unit_result life_judge(struct unit *unit, int status, bool daemon)
{
	if (life_has_status(&unit->rules.success, status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return RESULT_SUCCESS;
	if (WIFEXITED(status))
		return RESULT_EXIT;
	if (daemon && (WTERMSIG(status) == SIGHUP || WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGPIPE))
		return RESULT_SUCCESS;
	if (WTERMSIG(status) == SIGKILL && slice_lacked_memory(unit))
		return RESULT_OOM;
	return WCOREDUMP(status) ? RESULT_CORE : RESULT_SIGNAL;
}

void life_say_end(const struct unit *unit, const char *what, int status)
{
	log_warning("%s: %s ended with %s %d", unit->name, what, WIFEXITED(status) ? "exit code" : "signal",
	            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

bool life_may_fail(const struct setting *setting)
{
	struct command command;

	return setting && !command_parse(setting, &command) && command.may_fail;
}

/* --- stages of commands --- */

static void run_next(struct unit *unit)
{
	const struct stage *stage = &stages[unit->state];

	while ((unit->command = command_next(unit, stage->kind, unit->command))) {
		unit->control = launch_start(unit, unit->command);
		if (unit->control > 0) {
			members_add(unit, unit->control);
			return;
		}
		unit->control = 0;
		if (life_may_fail(unit->command))
			continue;
		life_note(unit, RESULT_EXIT);
		stage->failed(unit);
		return;
	}
	stage->done(unit);
}

void life_enter_stage(struct unit *unit, enum unit_state state)
{
	life_set_state(unit, state, stages[state].starting ? unit->rules.start_ms : unit->rules.stop_ms);
	unit->command = NULL;
	run_next(unit);
}

void life_command_ended(struct unit *unit)
{
	enum unit_result result = life_judge(unit, unit->control_status, false);

	if (result == RESULT_SUCCESS || life_may_fail(unit->command)) {
		run_next(unit);
		return;
	}
	life_say_end(unit, directives[unit->command->directive].name, unit->control_status);
	if (unit->state != STATE_RELOAD)
		life_note(unit, result);
	stages[unit->state].failed(unit);
}

/* The processes get this signal, those that are in none of its groups when they are found. */
static void send(struct unit *unit, int signal)
{
	enum kill_mode mode = unit->rules.kill_mode;
	bool all = mode == KILL_CONTROL_GROUP || (mode == KILL_MIXED && signal == SIGKILL);

	if (mode == KILL_NONE)
		return;
	members_signal(unit, signal, all);
	if (unit->rules.send_hup && signal != SIGKILL)
		members_signal(unit, SIGHUP, all);
	members_signal(unit, SIGCONT, all); /* a stopped process takes its signal only then */
	unit->signal = all && (!unit->grouped || signal == SIGKILL) ? signal : 0;
}

void life_enter_signal(struct unit *unit, enum unit_state state, int signal)
{
	life_set_state(unit, state, unit->rules.stop_ms);
	send(unit, signal);
	unit->unsure = true;
}

void life_command_timed_out(struct unit *unit)
{
	log_warning("%s: %s takes too long", unit->name, service_state_name(unit->state));
	if (unit->state != STATE_RELOAD) {
		life_note(unit, RESULT_TIMEOUT);
		stages[unit->state].failed(unit);
		return;
	}
	if (unit->control > 0)
		kill(unit->control, SIGKILL);
	life_enter_running(unit);
}
