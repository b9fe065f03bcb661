/* SPDX-License-Identifier: MIT
 *
 * The life of a service, as systemd.service(5) tells it:
 *
 *   dead ─ condition ─ start-pre ─ start ─ start-post ─ running ─ stop ─ stop-term ─ stop-kill ─ stop-post ─ final-term ─ final-kill ─ dead
 *
 * What an event means in a state is a cell of the table; what it does stands in start.c, running.c and stop.c. An empty cell cannot
 * happen, and is said if it does. tests/unit/init/test_service.c walks every cell.
 */
#include "service.h"

#include "jobs.h"
#include "life.h"
#include "log.h"

static void nothing(struct unit *unit)
{
	(void)unit;
}

static void (*const table[UNIT_STATES][SERVICE_EVENTS])(struct unit *unit) = {
	[STATE_DEAD] = {[EVENT_START] = life_begin, [EVENT_STOP] = nothing},
	[STATE_FAILED] = {[EVENT_START] = life_begin, [EVENT_STOP] = nothing},
	[STATE_RESTART] = {[EVENT_START] = life_begin, [EVENT_TIME] = life_begin, [EVENT_STOP] = life_give_up},
	[STATE_CONDITION] = {
		[EVENT_OOM] = life_lacks_memory,
		[EVENT_CONTROL] = life_command_ended, [EVENT_TIME] = life_command_timed_out, [EVENT_STOP] = life_stop_start, [EVENT_START] = nothing,
		[EVENT_READY] = nothing, [EVENT_RELOADING] = nothing,
	},
	[STATE_START_PRE] = {
		[EVENT_OOM] = life_lacks_memory,
		[EVENT_CONTROL] = life_command_ended, [EVENT_TIME] = life_command_timed_out, [EVENT_STOP] = life_stop_start, [EVENT_START] = nothing,
		[EVENT_READY] = nothing, [EVENT_RELOADING] = nothing,
	},
	[STATE_START] = {
		[EVENT_OOM] = life_lacks_memory,
		[EVENT_MAIN] = life_main_ended_in_start, [EVENT_CONTROL] = life_parent_ended, [EVENT_READY] = life_is_ready, [EVENT_TIME] = life_start_time_is_over,
		[EVENT_STOP] = life_stop_start, [EVENT_START] = nothing, [EVENT_RELOADING] = nothing, [EVENT_WATCHDOG] = life_dog_bites,
	},
	[STATE_START_POST] = {
		[EVENT_OOM] = life_lacks_memory,
		[EVENT_MAIN] = life_main_ended, [EVENT_CONTROL] = life_command_ended, [EVENT_TIME] = life_command_timed_out, [EVENT_STOP] = life_stop_start,
		[EVENT_START] = nothing, [EVENT_READY] = nothing, [EVENT_RELOADING] = nothing, [EVENT_WATCHDOG] = life_dog_bites,
	},
	[STATE_RUNNING] = {
		[EVENT_OOM] = life_lacks_memory,
		[EVENT_MAIN] = life_main_ended, [EVENT_STOP] = life_stop, [EVENT_RELOAD] = life_reload, [EVENT_TIME] = life_runtime_is_over, [EVENT_WATCHDOG] = life_dog_bites,
		[EVENT_START] = nothing, [EVENT_READY] = nothing, [EVENT_RELOADING] = life_is_reloading, [EVENT_EMPTY] = life_all_gone,
	},
	[STATE_EXITED] = {
		[EVENT_STOP] = life_stop, [EVENT_START] = nothing, [EVENT_RELOAD] = nothing, [EVENT_READY] = nothing, [EVENT_TIME] = life_time,
	},
	[STATE_RELOAD] = {
		[EVENT_OOM] = life_lacks_memory,
		[EVENT_MAIN] = life_main_ended, [EVENT_CONTROL] = life_command_ended, [EVENT_TIME] = life_command_timed_out, [EVENT_STOP] = life_stop,
		[EVENT_START] = nothing, [EVENT_RELOAD] = nothing, [EVENT_READY] = life_has_reloaded, [EVENT_RELOADING] = nothing,
		[EVENT_WATCHDOG] = life_dog_bites,
	},
	[STATE_STOP] = {
		[EVENT_MAIN] = life_main_ended_in_stop, [EVENT_CONTROL] = life_command_ended, [EVENT_TIME] = life_command_timed_out, [EVENT_STOP] = life_will_stop,
		[EVENT_EMPTY] = nothing, [EVENT_READY] = nothing, [EVENT_RELOADING] = nothing,
	},
	[STATE_STOP_TERM] = {
		[EVENT_MAIN] = life_main_ended_in_stop, [EVENT_CONTROL] = life_look_again, [EVENT_EMPTY] = life_enter_stop_post, [EVENT_TIME] = life_term_time_is_over,
		[EVENT_STOP] = life_will_stop, [EVENT_READY] = nothing, [EVENT_RELOADING] = nothing,
	},
	[STATE_STOP_KILL] = {
		[EVENT_MAIN] = life_main_ended_in_stop, [EVENT_CONTROL] = life_look_again, [EVENT_EMPTY] = life_enter_stop_post, [EVENT_TIME] = life_kill_time_is_over,
		[EVENT_STOP] = life_will_stop, [EVENT_READY] = nothing, [EVENT_RELOADING] = nothing,
	},
	[STATE_STOP_POST] = {
		[EVENT_MAIN] = life_main_ended_in_stop, [EVENT_CONTROL] = life_command_ended, [EVENT_TIME] = life_command_timed_out, [EVENT_STOP] = life_will_stop,
		[EVENT_EMPTY] = nothing, [EVENT_READY] = nothing, [EVENT_RELOADING] = nothing,
	},
	[STATE_FINAL_TERM] = {
		[EVENT_MAIN] = life_main_ended_in_stop, [EVENT_CONTROL] = life_look_again, [EVENT_EMPTY] = life_enter_dead, [EVENT_TIME] = life_final_term_is_over,
		[EVENT_STOP] = life_will_stop, [EVENT_READY] = nothing, [EVENT_RELOADING] = nothing,
	},
	[STATE_FINAL_KILL] = {
		[EVENT_MAIN] = life_main_ended_in_stop, [EVENT_CONTROL] = life_look_again, [EVENT_EMPTY] = life_enter_dead, [EVENT_TIME] = life_enter_dead,
		[EVENT_STOP] = life_will_stop, [EVENT_READY] = nothing, [EVENT_RELOADING] = nothing,
	},
};

bool service_takes(enum unit_state state, enum service_event event)
{
	return table[state][event];
}

void service_event(struct unit *unit, enum service_event event)
{
	jobs_touch(unit);
	if (table[unit->state][event])
		table[unit->state][event](unit);
	else
		log_warning("%s: event %d in state %s, which cannot be; it is passed over", unit->name, (int)event, service_state_name(unit->state));
}

bool service_is_up(const struct unit *unit)
{
	return unit->state == STATE_RUNNING || unit->state == STATE_EXITED || unit->state == STATE_RELOAD ||
	       (unit->state == STATE_DEAD && unit->was_up && unit->rules.type == TYPE_ONESHOT);
}

bool service_is_down(const struct unit *unit)
{
	return unit->state == STATE_DEAD || unit->state == STATE_FAILED;
}

bool service_awaits_end(const struct unit *unit)
{
	return (unit->state >= STATE_STOP_TERM && unit->state <= STATE_FINAL_KILL) || (unit->state == STATE_RUNNING && unit->main == 0);
}

const char *service_state_name(enum unit_state state)
{
	static const char *const names[UNIT_STATES] = {
		"dead", "condition", "start-pre", "start", "start-post", "running", "exited", "reload", "stop", "stop-term", "stop-kill",
		"stop-post", "final-term", "final-kill", "failed", "auto-restart",
	};

	return names[state];
}

const char *service_result_name(enum unit_result result)
{
	static const char *const names[UNIT_RESULTS] = {
		"success", "exit-code", "signal", "core-dump", "timeout", "watchdog", "protocol", "resources", "start-limit-hit", "condition",
		"dependency", "trigger-limit-hit", "oom-kill",
	};

	return names[result];
}
