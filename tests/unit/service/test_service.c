/* SPDX-License-Identifier: MIT
 *
 * The life of a service, without processes: units that have no command walk through their states alone.
 */
#include <signal.h>

#include "fake.h"
#include "service.h"
#include "unit.h"

static struct unit *fresh(enum unit_state state)
{
	static struct unit unit;

	unit = (struct unit){.name = "fresh.service", .file = "fresh.service", .kind = UNIT_SERVICE, .state = state};
	unit.rules = (struct rules){.type = TYPE_ONESHOT, .kill_signal = SIGTERM, .final_signal = SIGKILL, .reload_signal = SIGHUP, .start_ms = 1000,
	                            .stop_ms = 1000, .restart_ms = 100, .run_max_ms = -1, .send_kill = true, .success_status = -1, .failure_status = -1};
	return &unit;
}

/* Every cell that is there leads to a state, and every one that is not says so and changes nothing. */
static void test_every_cell(void **state)
{
	(void)state;
	for (int from = 0; from < UNIT_STATES; from++) {
		for (int event = 0; event < SERVICE_EVENTS; event++) {
			struct unit *unit = fresh((enum unit_state)from);

			unit->is_busy = true; /* the supervisor has its own list */
			service_event(unit, (enum service_event)event);
			check_true(service_state_name((enum unit_state)from), unit->state < UNIT_STATES);
			if (service_takes((enum unit_state)from, (enum service_event)event))
				check_true("said", !strstr(said(), "which cannot be"));
			else
				check_part(service_state_name((enum unit_state)from), said_line("empty cell"), "which cannot be");
			check_true("unchanged", service_takes((enum unit_state)from, (enum service_event)event) || unit->state == (enum unit_state)from);
			said();
		}
	}
}

/* What no state may lack: whoever is there can be stopped, and a wait with a time-out knows what to do when it is over. */
static void test_no_way_out_is_missing(void **state)
{
	(void)state;
	for (int from = 0; from < UNIT_STATES; from++) {
		bool waits = from != STATE_DEAD && from != STATE_FAILED && from != STATE_EXITED;

		check_true(service_state_name((enum unit_state)from), service_takes((enum unit_state)from, EVENT_STOP));
		check_true(service_state_name((enum unit_state)from), !waits || service_takes((enum unit_state)from, EVENT_TIME));
	}
}

static void test_transitions(void **state)
{
	static const struct {
		const char *row;
		enum unit_state from;
		enum service_event event;
		enum service_type type;
		int status;
		bool remain, stopping;
		enum restart_policy restart;
		enum unit_state to;
		enum unit_result result;
	} rows[] = {
		{"an oneshot without commands is over at once", STATE_DEAD, EVENT_START, TYPE_ONESHOT, 0, false, false, RESTART_NO, STATE_STOP_TERM, RESULT_SUCCESS},
		{"or remains", STATE_DEAD, EVENT_START, TYPE_ONESHOT, 0, true, false, RESTART_NO, STATE_EXITED, RESULT_SUCCESS},
		{"main ends well", STATE_RUNNING, EVENT_MAIN, TYPE_SIMPLE, 0, false, false, RESTART_NO, STATE_STOP_TERM, RESULT_SUCCESS},
		{"main ends well and remains", STATE_RUNNING, EVENT_MAIN, TYPE_SIMPLE, 0, true, false, RESTART_NO, STATE_EXITED, RESULT_SUCCESS},
		{"main fails", STATE_RUNNING, EVENT_MAIN, TYPE_SIMPLE, 1 << 8, false, false, RESTART_NO, STATE_STOP_TERM, RESULT_EXIT},
		{"main fails and does not remain", STATE_RUNNING, EVENT_MAIN, TYPE_SIMPLE, 1 << 8, true, false, RESTART_NO, STATE_STOP_TERM, RESULT_EXIT},
		{"main is killed", STATE_RUNNING, EVENT_MAIN, TYPE_SIMPLE, SIGKILL, false, false, RESTART_NO, STATE_STOP_TERM, RESULT_SIGNAL},
		{"TERM is a good end", STATE_RUNNING, EVENT_MAIN, TYPE_SIMPLE, SIGTERM, false, false, RESTART_NO, STATE_STOP_TERM, RESULT_SUCCESS},
		{"main dumps core", STATE_RUNNING, EVENT_MAIN, TYPE_SIMPLE, SIGSEGV | 0x80, false, false, RESTART_NO, STATE_STOP_TERM, RESULT_CORE},
		{"it ends before it was ready", STATE_START, EVENT_MAIN, TYPE_NOTIFY, 0, false, false, RESTART_NO, STATE_STOP_TERM, RESULT_PROTOCOL},
		{"it is ready", STATE_START, EVENT_READY, TYPE_NOTIFY, 0, true, false, RESTART_NO, STATE_EXITED, RESULT_SUCCESS},
		{"it is not ready in time", STATE_START, EVENT_TIME, TYPE_NOTIFY, 0, false, false, RESTART_NO, STATE_STOP_TERM, RESULT_TIMEOUT},
		{"no WATCHDOG=1", STATE_RUNNING, EVENT_WATCHDOG, TYPE_NOTIFY, 0, false, false, RESTART_NO, STATE_STOP_TERM, RESULT_WATCHDOG},
		{"TERM is not obeyed", STATE_STOP_TERM, EVENT_TIME, TYPE_SIMPLE, 0, false, false, RESTART_NO, STATE_STOP_KILL, RESULT_TIMEOUT},
		{"nothing is left", STATE_STOP_TERM, EVENT_EMPTY, TYPE_SIMPLE, 0, false, false, RESTART_NO, STATE_FINAL_TERM, RESULT_SUCCESS},
		{"the end", STATE_FINAL_TERM, EVENT_EMPTY, TYPE_SIMPLE, 0, false, false, RESTART_NO, STATE_DEAD, RESULT_SUCCESS},
		{"again", STATE_FINAL_TERM, EVENT_EMPTY, TYPE_SIMPLE, 0, false, false, RESTART_ALWAYS, STATE_RESTART, RESULT_SUCCESS},
		{"not again when it was stopped", STATE_FINAL_TERM, EVENT_EMPTY, TYPE_SIMPLE, 0, false, true, RESTART_ALWAYS, STATE_DEAD, RESULT_SUCCESS},
		{"not again without a failure", STATE_FINAL_TERM, EVENT_EMPTY, TYPE_SIMPLE, 0, false, false, RESTART_ON_FAILURE, STATE_DEAD, RESULT_SUCCESS},
		{"a restart that is waited for is called off", STATE_RESTART, EVENT_STOP, TYPE_SIMPLE, 0, false, false, RESTART_ALWAYS, STATE_DEAD, RESULT_SUCCESS},
		{"running is stopped", STATE_RUNNING, EVENT_STOP, TYPE_SIMPLE, 0, false, false, RESTART_ALWAYS, STATE_STOP_TERM, RESULT_SUCCESS},
		{"it reloads by itself", STATE_RUNNING, EVENT_RELOADING, TYPE_NOTIFY, 0, false, false, RESTART_NO, STATE_RELOAD, RESULT_SUCCESS},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct unit *unit = fresh(rows[i].from);

		unit->is_busy = true;
		unit->rules.type = rows[i].type;
		unit->rules.remain = rows[i].remain;
		unit->rules.restart = rows[i].restart;
		unit->stopping = rows[i].stopping;
		unit->status = rows[i].status;
		service_event(unit, rows[i].event);
		check_int(rows[i].row, unit->state, rows[i].to);
		check_int(rows[i].row, unit->result, rows[i].result);
		said();
	}
}

/* What comes after the first failure follows from it, and is not the reason. */
static void test_first_reason_counts(void **state)
{
	struct unit *unit = fresh(STATE_STOP_TERM);

	(void)state;
	unit->is_busy = true;
	unit->result = RESULT_WATCHDOG;
	unit->status = SIGKILL;
	service_event(unit, EVENT_MAIN);
	assert_int_equal(unit->result, RESULT_WATCHDOG);
	said();
}

/* Which ends are followed by a new start: the table of systemd.service(5). */
static void test_restart_policies(void **state)
{
	static const struct {
		enum restart_policy policy;
		const char *ends; /* clean exit, exit code, signal, time-out, watchdog */
	} rows[] = {
		{RESTART_NO, "-----"}, {RESTART_ALWAYS, "+++++"}, {RESTART_ON_SUCCESS, "+----"}, {RESTART_ON_FAILURE, "-++++"},
		{RESTART_ON_ABNORMAL, "--+++"}, {RESTART_ON_ABORT, "--+--"}, {RESTART_ON_WATCHDOG, "----+"},
	};
	static const enum unit_result results[] = {RESULT_SUCCESS, RESULT_EXIT, RESULT_SIGNAL, RESULT_TIMEOUT, RESULT_WATCHDOG};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t end = 0; end < COUNT(results); end++) {
			struct unit *unit = fresh(STATE_FINAL_TERM);

			unit->is_busy = true;
			unit->rules.restart = rows[i].policy;
			unit->result = results[end];
			service_event(unit, EVENT_EMPTY);
			check_int(rows[i].ends, unit->state == STATE_RESTART, rows[i].ends[end] == '+');
			said();
		}
}

static void test_exit_codes_that_prevent_and_force(void **state)
{
	struct unit *unit = fresh(STATE_FINAL_TERM);

	(void)state;
	unit->is_busy = true;
	unit->rules.restart = RESTART_ALWAYS;
	unit->rules.prevent.codes[0] = 1U << 3;
	unit->status = 3 << 8;
	unit->result = RESULT_EXIT;
	service_event(unit, EVENT_EMPTY);
	assert_int_equal(unit->state, STATE_FAILED);
	unit = fresh(STATE_FINAL_TERM);
	unit->is_busy = true;
	unit->rules.force.signals = 1U << (SIGUSR1 - 1);
	unit->status = SIGUSR1;
	unit->result = RESULT_SIGNAL;
	service_event(unit, EVENT_EMPTY);
	assert_int_equal(unit->state, STATE_RESTART);
	said();
}

static void test_start_limit(void **state)
{
	struct unit *unit = fresh(STATE_DEAD);

	(void)state;
	unit->is_busy = true;
	unit->rules.remain = true;
	unit->rules.start_interval_ms = 60000;
	unit->rules.start_burst = 3;
	for (int i = 0; i < 3; i++) {
		unit->state = STATE_DEAD;
		service_event(unit, EVENT_START);
		assert_int_equal(unit->state, STATE_EXITED);
	}
	unit->state = STATE_DEAD;
	service_event(unit, EVENT_START);
	assert_int_equal(unit->state, STATE_FAILED);
	assert_int_equal(unit->result, RESULT_START_LIMIT);
	said();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_every_cell), test(test_no_way_out_is_missing), test(test_transitions), test(test_first_reason_counts), test(test_restart_policies),
		test(test_exit_codes_that_prevent_and_force), test(test_start_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
