/* SPDX-License-Identifier: MIT
 *
 * A service that runs: its main process ends, it reloads, it forgets its watchdog.
 */
#include "life.h"

#include <signal.h>
#include <sys/wait.h>

#include "command.h"
#include "kind.h"
#include "log.h"
#include "loop.h"

static bool is_alive(const struct unit *unit)
{
	return unit->main > 0 || (unit->rules.type == TYPE_FORKING && unit->candidate != 0 && !unit->rules.pid_file);
}

void life_enter_running(struct unit *unit)
{
	if (unit->result != RESULT_SUCCESS) {
		life_enter_term(unit);
		return;
	}
	if (!unit->was_up) {
		unit->was_up = true;
		unit->ready_ms = loop_now_ms();
		if (unit->up_ms == 0)
			unit->up_ms = unit->ready_ms;
	}
	if (is_alive(unit)) {
		life_set_state(unit, STATE_RUNNING, unit->rules.run_max_ms);
		if (unit->watchdog_ms > 0 && unit->watchdog_at_ms == 0)
			unit->watchdog_at_ms = loop_now_ms() + unit->watchdog_ms;
	} else if (unit->rules.remain) {
		life_set_state(unit, STATE_EXITED, -1);
		life_time(unit);
	} else {
		life_enter_stage(unit, STATE_STOP);
	}
}

/* Its main process has ended. While a command runs, that command comes to its end first. */
void life_main_ended(struct unit *unit)
{
	const struct setting *start = command_next(unit, COMMAND_START, NULL);
	enum unit_result result = life_may_fail(start) ? RESULT_SUCCESS : life_judge(unit, unit->status, unit->rules.type != TYPE_ONESHOT);

	unit->watchdog_at_ms = 0;
	life_note(unit, result);
	if (result != RESULT_SUCCESS)
		life_say_end(unit, "main process", unit->status);
	if (unit->state == STATE_RUNNING || (unit->state == STATE_RELOAD && unit->control == 0))
		life_enter_running(unit);
}

/* A daemon without a known main process, of which nothing is left. */
void life_all_gone(struct unit *unit)
{
	unit->candidate = 0;
	life_enter_running(unit);
}

void life_main_ended_in_stop(struct unit *unit)
{
	life_note(unit, life_may_fail(command_next(unit, COMMAND_START, NULL)) ? RESULT_SUCCESS : life_judge(unit, unit->status, true));
	unit->unsure = true;
}

void life_look_again(struct unit *unit)
{
	unit->unsure = true;
}

void life_runtime_is_over(struct unit *unit)
{
	life_note(unit, RESULT_TIMEOUT);
	life_enter_term(unit);
}

/* A unit without processes has set itself a time. */
void life_time(struct unit *unit)
{
	if (kind_rows[unit->kind].time)
		kind_rows[unit->kind].time(unit);
}

void life_lacks_memory(struct unit *unit)
{
	life_note(unit, RESULT_OOM);
	life_enter_term(unit);
}

void life_dog_bites(struct unit *unit)
{
	log_warning("%s: no WATCHDOG=1 for %ld ms", unit->name, (long)unit->watchdog_ms);
	life_note(unit, RESULT_WATCHDOG);
	unit->watchdog_at_ms = 0;
	life_enter_signal(unit, STATE_STOP_TERM, unit->rules.watchdog_signal);
	if (unit->rules.abort_ms)
		unit->deadline_ms = unit->rules.abort_ms > 0 ? unit->since_ms + unit->rules.abort_ms : 0;
}

void life_reload(struct unit *unit)
{
	if (unit->rules.type == TYPE_NOTIFY_RELOAD) {
		life_set_state(unit, STATE_RELOAD, unit->rules.start_ms);
		kill(unit->main, unit->rules.reload_signal);
	} else if (command_next(unit, COMMAND_RELOAD, NULL)) {
		life_enter_stage(unit, STATE_RELOAD);
	}
}

/* The service reloads by itself, until it says READY=1. */
void life_is_reloading(struct unit *unit)
{
	if (unit->control == 0)
		life_set_state(unit, STATE_RELOAD, unit->rules.start_ms);
}

void life_has_reloaded(struct unit *unit)
{
	if (unit->control == 0)
		life_enter_running(unit);
}
