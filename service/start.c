/* SPDX-License-Identifier: MIT
 *
 * The start of a service: limits and conditions, the commands before it, the process itself, and how it becomes ready.
 */
#include "life.h"

#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "condition.h"
#include "directive.h"
#include "kind.h"
#include "launch.h"
#include "log.h"
#include "loop.h"
#include "members.h"
#include "pidfile.h"
#include "process.h"
#include "supervisor.h"

enum {
	PID_FILE_MS = 20, /* how often a PID file is looked for that is not there yet, up to TimeoutStartSec */
	CONDITION_FAILED = 255, /* this exit code of ExecCondition is no "no", but a failure */
};

static void new_invocation(struct unit *unit)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[(sizeof unit->invocation - 1) / 2];

	if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != sizeof bytes) /* early in a boot there may be none */
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] ^= (unsigned char)((uintptr_t)unit >> i % 8) ^ (unsigned char)(unit->since_ms >> i % 8);
	for (size_t i = 0; i < sizeof bytes; i++) {
		unit->invocation[2 * i] = digits[bytes[i] >> 4];
		unit->invocation[2 * i + 1] = digits[bytes[i] & 0xf];
	}
}

/* StartLimitBurst starts in StartLimitIntervalSec are enough. */
static bool is_limited(struct unit *unit)
{
	const struct rules *rules = &unit->rules;
	int64_t now = loop_now_ms();

	if (rules->start_interval_ms <= 0 || rules->start_burst == 0)
		return false;
	if (unit->starts == 0 || now - unit->starts_since_ms > rules->start_interval_ms) {
		unit->starts = 0;
		unit->starts_since_ms = now;
	}
	return ++unit->starts > rules->start_burst;
}

static void fail(struct unit *unit, enum unit_result result)
{
	life_note(unit, result);
	life_enter_dead(unit);
}

void life_begin(struct unit *unit)
{
	const struct setting *unmet;

	if (unit->begun_ms == 0)
		unit->begun_ms = loop_now_ms();
	unit->result = RESULT_SUCCESS;
	unit->status = 0;
	unit->stopping = unit->was_up = false;
	unit->watchdog_at_ms = 0;
	unit->watchdog_ms = unit->rules.watchdog_ms;
	unit->said[0] = '\0';
	if (is_limited(unit)) {
		unit->stopping = true; /* no restart */
		fail(unit, RESULT_START_LIMIT);
		return;
	}
	unmet = condition_failed(unit, false);
	if (unmet) {
		log_info("%s: %s=%s does not hold; it is not started", unit->name, directives[unmet->directive].name, unmet->text);
		fail(unit, RESULT_CONDITION);
		return;
	}
	unmet = condition_failed(unit, true);
	if (unmet) {
		log_error("%s: Assert of %s=%s does not hold", unit->name, directives[unmet->directive].name, unmet->text);
		unit->stopping = true;
		fail(unit, RESULT_DEPENDENCY);
		return;
	}
	kind_tell(unit, false);
	new_invocation(unit);
	life_enter_stage(unit, STATE_CONDITION);
}

void life_condition_said_no(struct unit *unit)
{
	bool no = WIFEXITED(unit->control_status) && WEXITSTATUS(unit->control_status) < CONDITION_FAILED && unit->result == RESULT_EXIT;

	if (!no) {
		life_start_failed(unit);
		return;
	}
	unit->result = RESULT_CONDITION;
	life_enter_term(unit);
}

void life_enter_start_pre(struct unit *unit)
{
	life_enter_stage(unit, STATE_START_PRE);
}

void life_start_failed(struct unit *unit)
{
	life_enter_term(unit);
}

/* Starts unit->command as the main process, or as the one that will leave a daemon behind. */
static void start_main(struct unit *unit)
{
	enum service_type type = unit->rules.type;
	pid_t pid = launch_start(unit, unit->command);

	if (pid < 0) {
		life_note(unit, RESULT_EXIT);
		unit->status = -pid << 8;
		life_start_failed(unit);
		return;
	}
	members_add(unit, pid);
	if (type == TYPE_FORKING)
		unit->control = pid;
	else
		unit->main = pid;
	if (type != TYPE_FORKING && type != TYPE_ONESHOT && type != TYPE_NOTIFY && type != TYPE_NOTIFY_RELOAD)
		life_enter_stage(unit, STATE_START_POST);
}

void life_enter_start(struct unit *unit)
{
	life_set_state(unit, STATE_START, unit->rules.start_ms);
	if (kind_rows[unit->kind].open && kind_rows[unit->kind].open(unit) < 0) {
		life_note(unit, RESULT_RESOURCES);
		life_start_failed(unit);
		return;
	}
	unit->command = command_next(unit, COMMAND_START, NULL);
	if (unit->command)
		start_main(unit);
	else
		life_enter_stage(unit, STATE_START_POST);
}

void life_main_ended_in_start(struct unit *unit)
{
	enum unit_result result = life_judge(unit, unit->status, unit->rules.type != TYPE_ONESHOT);

	if (life_may_fail(unit->command))
		result = RESULT_SUCCESS;
	if (unit->rules.type != TYPE_ONESHOT || result != RESULT_SUCCESS) {
		life_say_end(unit, unit->rules.type == TYPE_ONESHOT ? "ExecStart" : "main process, not ready yet,", unit->status);
		life_note(unit, result == RESULT_SUCCESS ? RESULT_PROTOCOL : result); /* it never said READY=1 */
		life_start_failed(unit);
		return;
	}
	unit->command = command_next(unit, COMMAND_START, unit->command);
	if (unit->command)
		start_main(unit);
	else
		life_enter_stage(unit, STATE_START_POST);
}

/* A service must not have us kill whom it names: only its own, or one that came to us as an orphan and is nobody's. */
static bool may_be_main(const struct unit *unit, pid_t pid)
{
	const struct unit *owner = members_owner(pid);
	struct process process;

	if (owner || pid == supervisor_program())
		return owner == unit;
	return process_read(pid, &process) && process.parent == getpid();
}

/* Takes over the daemon that the started process has left behind. False: its PID file is not there yet. */
static bool find_daemon(struct unit *unit)
{
	pid_t pid = 0;

	if (unit->rules.pid_file) {
		bool ours;

		pid = pidfile_read(unit->rules.pid_file, &ours);
		if (pid <= 0 || (!ours && !may_be_main(unit, pid)))
			return false;
	} else {
		pid = members_candidate(unit);
		pid = unit->rules.guess_main ? pid : 0;
	}
	unit->main = pid > 0 ? pid : 0;
	if (pid > 0) {
		unit->candidate = 0; /* from now on it is the main process whose end counts */
		members_adopt(unit, pid);
	}
	return true;
}

static void look_for_daemon(struct unit *unit)
{
	if (find_daemon(unit)) {
		life_enter_stage(unit, STATE_START_POST);
		return;
	}
	if (unit->rules.start_ms >= 0 && loop_now_ms() - unit->since_ms > unit->rules.start_ms) {
		log_warning("%s: no PID in %s", unit->name, unit->rules.pid_file);
		life_note(unit, RESULT_PROTOCOL);
		life_start_failed(unit);
		return;
	}
	unit->deadline_ms = loop_now_ms() + PID_FILE_MS;
}

/* The process of a forking service that we started has ended. */
void life_parent_ended(struct unit *unit)
{
	enum unit_result result = life_judge(unit, unit->control_status, false);

	if (result != RESULT_SUCCESS && !life_may_fail(unit->command)) {
		life_say_end(unit, "ExecStart", unit->control_status);
		life_note(unit, result);
		life_start_failed(unit);
		return;
	}
	look_for_daemon(unit);
}

void life_start_time_is_over(struct unit *unit)
{
	if (unit->rules.type == TYPE_FORKING && unit->control == 0) {
		look_for_daemon(unit);
		return;
	}
	log_warning("%s: not ready within %ld ms", unit->name, (long)unit->rules.start_ms);
	life_note(unit, RESULT_TIMEOUT);
	life_start_failed(unit);
}

void life_is_ready(struct unit *unit)
{
	if (unit->rules.type == TYPE_NOTIFY || unit->rules.type == TYPE_NOTIFY_RELOAD)
		life_enter_stage(unit, STATE_START_POST);
}
