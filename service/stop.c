/* SPDX-License-Identifier: MIT
 *
 * The end of a service: it is asked, told, killed, cleaned up after, and perhaps started again.
 */
#include "life.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "backoff.h"
#include "kind.h"
#include "launch.h"
#include "log.h"
#include "loop.h"
#include "service.h"
#include "slice.h"
#include "store.h"
#include "supervisor.h"

void life_stop(struct unit *unit)
{
	unit->stopping = true;
	life_enter_stage(unit, STATE_STOP);
}

/* In the middle of a start there is nothing to be stopped politely. */
void life_stop_start(struct unit *unit)
{
	unit->stopping = true;
	life_enter_term(unit);
}

void life_will_stop(struct unit *unit)
{
	unit->stopping = true;
}

void life_enter_term(struct unit *unit)
{
	bool restarts = !unit->stopping && unit->rules.restart_signal && unit->rules.restart != RESTART_NO;

	unit->watchdog_at_ms = 0;
	life_enter_signal(unit, STATE_STOP_TERM, restarts ? unit->rules.restart_signal : unit->rules.kill_signal);
}

void life_enter_stop_post(struct unit *unit)
{
	life_enter_stage(unit, STATE_STOP_POST);
}

void life_term_time_is_over(struct unit *unit)
{
	life_note(unit, RESULT_TIMEOUT);
	if (unit->rules.send_kill) {
		bool aborts = unit->result == RESULT_WATCHDOG && unit->rules.abort_ms;

		log_warning("%s: outlived its Timeout%sSec of %ld ms: KILL", unit->name, aborts ? "Abort" : "Stop",
		            (long)(aborts ? unit->rules.abort_ms : unit->rules.stop_ms));
		life_enter_signal(unit, STATE_STOP_KILL, unit->rules.final_signal);
	} else {
		life_enter_stop_post(unit);
	}
}

void life_kill_time_is_over(struct unit *unit)
{
	log_warning("%s: processes are left that KILL does not end", unit->name);
	life_enter_stop_post(unit);
}

void life_enter_final(struct unit *unit)
{
	if (unit->rules.kill_mode == KILL_PROCESS || unit->rules.kill_mode == KILL_NONE)
		life_enter_dead(unit);
	else
		life_enter_signal(unit, STATE_FINAL_TERM, unit->rules.kill_mode == KILL_MIXED ? SIGKILL : unit->rules.kill_signal);
}

void life_final_term_is_over(struct unit *unit)
{
	if (unit->rules.send_kill)
		life_enter_signal(unit, STATE_FINAL_KILL, unit->rules.final_signal);
	else
		life_enter_dead(unit);
}

static bool wants_restart(const struct unit *unit)
{
	static const unsigned policies[] = {
		[RESTART_NO] = 0,
		[RESTART_ON_SUCCESS] = 1U << RESULT_SUCCESS,
		[RESTART_ON_FAILURE] = ~(1U << RESULT_SUCCESS),
		[RESTART_ON_ABNORMAL] = ~(1U << RESULT_SUCCESS | 1U << RESULT_EXIT),
		[RESTART_ON_WATCHDOG] = 1U << RESULT_WATCHDOG,
		[RESTART_ON_ABORT] = 1U << RESULT_SIGNAL | 1U << RESULT_CORE,
		[RESTART_ALWAYS] = ~0U,
	};
	const struct rules *rules = &unit->rules;

	if (unit->stopping || unit->result == RESULT_CONDITION)
		return false;
	if (life_has_status(&rules->prevent, unit->status))
		return false;
	return life_has_status(&rules->force, unit->status) || policies[rules->restart] & 1U << unit->result;
}

/* Everything of this run is over: it will run again, or not. */
void life_enter_dead(struct unit *unit)
{
	bool failed = unit->result != RESULT_SUCCESS && unit->result != RESULT_CONDITION;

	memset(unit->sessions, 0, sizeof unit->sessions);
	unit->main = unit->control = 0;
	unit->unsure = false;
	unit->signal = 0;
	unit->watchdog_at_ms = 0;
	unit->candidate = 0;
	if (kind_rows[unit->kind].close)
		kind_rows[unit->kind].close(unit);
	if (unit->rules.pid_file)
		unlinkat(AT_FDCWD, unit->rules.pid_file, 0);
	if (wants_restart(unit)) {
		launch_clean(unit, true);
		life_set_state(unit, STATE_RESTART, backoff_delay(unit));
		unit->restarts++;
		log_info("%s: %s; starts again in %ld ms", unit->name, service_result_name(unit->result), (long)(unit->deadline_ms - unit->since_ms));
		return;
	}
	launch_clean(unit, unit->job == JOB_RESTART);
	slice_leave(unit);
	if (unit->job != JOB_RESTART)
		store_drop(unit);
	life_set_state(unit, failed ? STATE_FAILED : STATE_DEAD, -1);
	if (failed)
		log_error("%s: failed: %s", unit->name, service_result_name(unit->result));
	supervisor_ended(unit);
}

void life_give_up(struct unit *unit)
{
	unit->stopping = true;
	launch_clean(unit, false);
	slice_leave(unit);
	store_drop(unit);
	life_set_state(unit, unit->result == RESULT_SUCCESS ? STATE_DEAD : STATE_FAILED, -1);
	supervisor_ended(unit);
}
