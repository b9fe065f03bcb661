/* SPDX-License-Identifier: MIT
 *
 * The loop, with real children and real signals: every signal is blocked, as signals_hold() leaves it, and those
 * that the loop is to see are queued to ourselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"
#include "log.h"
#include "loop.h"
#include "sys.h"
#include "unit.h"

static sigset_t all;
static const struct job shared = {.kind = JOB_SHARED, .console = -1}, group = {.kind = JOB_GROUP, .console = -1};

/* What nobody has taken must not meet the next test. */
static void forget_signals(void)
{
	static const struct timespec now = {0, 0};

	while (sigtimedwait(&all, NULL, &now) > 0)
		;
}

static int begin(void **state)
{
	unit_setup(state);
	fake_real("kill");
	fake_real("setpgid");
	fake_real("sys_queue_signal");
	fake_real("sys_signal_mask");
	memset(&all, 0xff, sizeof all);
	assert_int_equal(sys_signal_mask(SIG_SETMASK, &all, NULL), 0);
	return 0;
}

static int finish(void **state)
{
	sigset_t none;

	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
	forget_signals();
	memset(&none, 0, sizeof none);
	assert_int_equal(sys_signal_mask(SIG_SETMASK, &none, NULL), 0);
	return unit_teardown(state);
}

#define loop_test(function) cmocka_unit_test_setup_teardown(function, begin, finish)

/* --- children --- */

static pid_t start(void (*body)(int argument), int argument)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		body(argument);
		_exit(99);
	}
	return pid;
}

static void exit_with(int status)
{
	_exit(status);
}

static void die_of(int signal)
{
	sigset_t none;

	memset(&none, 0, sizeof none);
	sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL); /* cmocka has handlers */
	kill(getpid(), signal);
	sys_signal_mask(SIG_SETMASK, &none, NULL);
	for (;;)
		pause();
}

/* Ends with the number of the first signal it gets. */
static void tell_signal(int argument)
{
	siginfo_t info;

	(void)argument;
	_exit(sigwaitinfo(&all, &info) > 0 ? info.si_signo : 98);
}

/* Ends with 7 if count signals come with the values 1, 2, 3, … */
static void check_values(int count)
{
	for (int i = 1; i <= count; i++) {
		siginfo_t info;

		if (sigwaitinfo(&all, &info) < 0 || info.si_code != SI_QUEUE || info.si_value.sival_int != i)
			_exit(1);
	}
	_exit(7);
}

/* Takes no signal at all. */
static void be_deaf(int argument)
{
	(void)argument;
	for (;;)
		poll(NULL, 0, -1);
}

static void stop_then_exit(int status)
{
	kill(getpid(), SIGSTOP);
	_exit(status);
}


static void queue(int signal, int value)
{
	assert_int_equal(sigqueue(getpid(), signal, (union sigval){.sival_int = value}), 0);
}

static struct loop around(const struct plan *plan, enum signal_mode mode, pid_t child, const struct job *job)
{
	static const sigset_t mask;

	return loop_around(plan, mode, child, job, &mask);
}

static struct loop run(const struct plan *plan, enum signal_mode mode, pid_t child, const struct job *job)
{
	struct loop loop = around(plan, mode, child, job);

	loop_run(&loop);
	return loop;
}

/* --- tests --- */

static void test_around(void **state)
{
	static const struct job jobs[] = {
		{.kind = JOB_SHARED, .console = 5}, {.kind = JOB_GROUP, .console = 5, .foreground = true}, {.kind = JOB_SESSION, .console = 5},
	};
	const struct plan *plan = new_plan();

	(void)state;
	for (size_t i = 0; i < COUNT(jobs); i++) {
		struct loop loop = around(plan, SIGNALS_PROGRAM, 4711, &jobs[i]);

		assert_ptr_equal(loop.plan, plan);
		assert_int_equal(loop.child, 4711);
		assert_int_equal(loop.own_group, jobs[i].kind != JOB_SHARED);
		assert_int_equal(loop.console, jobs[i].kind == JOB_SESSION ? -1 : 5);
		assert_int_equal(loop.given, jobs[i].foreground);
		assert_false(loop.ended);
		assert_int_equal(loop.deadline_ms, -1);
		assert_int_equal(loop.reports, -1);
		assert_int_equal(loop.launcher, -1);
		assert_int_equal(loop.self, getpid());
	}
}

static void test_status(void **state)
{
	static const struct {
		void (*body)(int argument);
		int argument, status;
	} rows[] = {
		{exit_with, 0, 0}, {exit_with, 1, 1}, {exit_with, 255, 255}, {die_of, SIGTERM, 143}, {die_of, SIGKILL, 137},
		{die_of, SIGSEGV, 139}, {die_of, SIGHUP, 129}, {die_of, 34, 162}, {die_of, 64, 192},
	};
	static const enum signal_mode modes[] = {SIGNALS_PROGRAM, SIGNALS_RELAY};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t j = 0; j < COUNT(modes); j++) {
			struct loop loop = run(new_plan(), modes[j], start(rows[i].body, rows[i].argument), &shared);

			assert_true(loop.ended);
			assert_int_equal(loop.status, rows[i].status);
		}
	}
}

/* Every signal that can be waited for arrives as itself, from a launcher as well. */
static void test_forward(void **state)
{
	static const enum signal_mode modes[] = {SIGNALS_PROGRAM, SIGNALS_RELAY, SIGNALS_SESSION};

	(void)state;
	for (int signal = 1; signal <= PLAN_SIGNAL_MAX; signal++) {
		if (signal == SIGKILL || signal == SIGSTOP || signal == SIGCHLD || signal == 32 || signal == 33)
			continue; /* 32 and 33: libc's sigwaitinfo does not give them to the child of this test */
		for (size_t i = 0; i < COUNT(modes); i++) {
			pid_t child;

			if (modes[i] == SIGNALS_SESSION && (signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU))
				continue; /* these stop it */
			child = start(tell_signal, 0);
			queue(signal, 0);
			assert_int_equal(run(new_plan(), modes[i], child, &shared).status, signal);
		}
	}
}

static void test_rewrite(void **state)
{
	static const struct {
		enum signal_mode mode;
		int from, to, sent, status;
	} rows[] = {
		{SIGNALS_PROGRAM, SIGTERM, SIGQUIT, SIGTERM, SIGQUIT},
		{SIGNALS_PROGRAM, SIGTERM, SIGQUIT, SIGINT, SIGINT},
		{SIGNALS_PROGRAM, 64, 1, 64, 1},
		{SIGNALS_PROGRAM, 1, 64, 1, 64},
		{SIGNALS_SESSION, SIGTERM, SIGQUIT, SIGTERM, SIGQUIT},
		{SIGNALS_RELAY, SIGTERM, SIGQUIT, SIGTERM, SIGTERM}, /* PID 1 inside does it */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		pid_t child = start(tell_signal, 0);

		plan->rewrite[rows[i].from] = (uint8_t)(rows[i].to + 1);
		queue(rows[i].sent, 0);
		assert_int_equal(run(plan, rows[i].mode, child, &shared).status, rows[i].status);
	}
}

/* The lower number is taken first, so a program that gets the second never got the first. */
static void test_drop(void **state)
{
	struct plan *plan = new_plan();
	pid_t child = start(tell_signal, 0);

	(void)state;
	plan->rewrite[SIGHUP] = 1;
	queue(SIGHUP, 0);
	queue(SIGTERM, 0);
	assert_int_equal(run(plan, SIGNALS_PROGRAM, child, &shared).status, SIGTERM);
}

/* Real-time signals queue, and carry a value. */
static void test_values(void **state)
{
	enum { SIGNALS = 20 };
	pid_t child = start(check_values, SIGNALS);

	(void)state;
	for (int i = 1; i <= SIGNALS; i++)
		queue(40, i);
	assert_int_equal(run(new_plan(), SIGNALS_PROGRAM, child, &shared).status, 7);
}

/* Which process, or which group, a signal goes to. */
static void test_receiver(void **state)
{
	static const struct {
		bool group, own_group;
		const char *call; /* %d: the child */
	} rows[] = {
		{false, true, "kill %d 15"}, {true, true, "kill -%d 15"}, {true, false, "kill %d 15"}, {false, false, "kill %d 15"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		pid_t child = start(tell_signal, 0);
		siginfo_t info;
		char wanted[32];
		size_t from = 0;

		assert_int_equal(setpgid(child, child), 0);
		plan->group = rows[i].group;
		memset(&info, 0, sizeof info);
		info.si_signo = SIGTERM;
		info.si_code = SI_TIMER; /* goes on by kill(2) */
		assert_int_equal(sys_queue_signal(getpid(), &info), 0);
		assert_int_equal(run(plan, SIGNALS_PROGRAM, child, rows[i].own_group ? &group : &shared).status, SIGTERM);
		snprintf(wanted, sizeof wanted, rows[i].call, (int)child);
		check_true(wanted, fake_find(&from, wanted) != NULL);
	}
}

/* In a shared group the terminal has told the program already: it would get it twice. */
static void test_terminal_and_shared_group(void **state)
{
	pid_t child = start(tell_signal, 0);
	siginfo_t info;

	(void)state;
	memset(&info, 0, sizeof info);
	info.si_signo = SIGINT;
	info.si_code = SI_KERNEL;
	assert_int_equal(sys_queue_signal(getpid(), &info), 0);
	queue(SIGTERM, 0);
	assert_int_equal(run(new_plan(), SIGNALS_PROGRAM, child, &shared).status, SIGTERM);

	child = start(tell_signal, 0);
	assert_int_equal(sys_queue_signal(getpid(), &info), 0);
	assert_int_equal(run(new_plan(), SIGNALS_PROGRAM, child, &group).status, SIGINT);
}

/* Not for the program: our own SIGPIPE, and a fault of ours. */
static void test_own_signals(void **state)
{
	pid_t child = start(tell_signal, 0);
	siginfo_t info;

	(void)state;
	kill(getpid(), SIGPIPE);
	memset(&info, 0, sizeof info);
	info.si_signo = SIGSEGV;
	info.si_code = SEGV_MAPERR;
	assert_int_equal(sys_queue_signal(getpid(), &info), 0);
	queue(40, 0); /* a number behind both */
	assert_int_equal(run(new_plan(), SIGNALS_PROGRAM, child, &shared).status, 40);
}

static void test_stop_and_continue(void **state)
{
	pid_t child = start(stop_then_exit, 7);
	siginfo_t info;

	(void)state;
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WSTOPPED | WNOWAIT), 0);
	queue(SIGCONT, 0);
	assert_int_equal(run(new_plan(), SIGNALS_PROGRAM, child, &shared).status, 7);
}

static void test_orphans(void **state)
{
	enum { ORPHANS = 30 };

	(void)state;
	for (int warn = 0; warn <= 1; warn++) {
		struct plan *plan = new_plan();
		int lines = 0;

		for (int i = 0; i < ORPHANS; i++) {
			pid_t orphan = start(exit_with, 5);
			siginfo_t info;

			assert_int_equal(waitid(P_PID, (id_t)orphan, &info, WEXITED | WNOWAIT), 0);
		}
		plan->warn_reap = warn;
		assert_int_equal(run(plan, SIGNALS_PROGRAM, start(exit_with, 7), &shared).status, 7);
		for (const char *line = said(); (line = strstr(line, "reaped orphan ")); line++)
			lines++;
		assert_int_equal(lines, warn ? ORPHANS : 0);
	}
}

/* A program that does not end at TERM does at KILL, when its time is over; one that does is not touched. */
static void test_grace(void **state)
{
	struct plan *plan = new_plan();

	(void)state;
	plan->grace_ms = 1;
	queue(SIGTERM, 0);
	assert_int_equal(run(plan, SIGNALS_PROGRAM, start(be_deaf, 0), &shared).status, 128 + SIGKILL);
	plan->grace_ms = 0;
	queue(SIGTERM, 0);
	assert_int_equal(run(plan, SIGNALS_PROGRAM, start(be_deaf, 0), &shared).status, 128 + SIGKILL);
	plan->grace_ms = 3600 * 1000;
	queue(SIGTERM, 0);
	assert_int_equal(run(plan, SIGNALS_PROGRAM, start(tell_signal, 0), &shared).status, SIGTERM);
}

/* No other signal starts the time, and a TERM that is dropped does not either. */
static void test_no_grace(void **state)
{
	struct plan *plan = new_plan();
	struct loop loop;

	(void)state;
	plan->grace_ms = 3600 * 1000;
	plan->rewrite[SIGTERM] = 0 + 1;
	queue(SIGTERM, 0);
	queue(SIGQUIT, 0);
	loop = run(plan, SIGNALS_PROGRAM, start(tell_signal, 0), &shared);
	assert_int_equal(loop.status, SIGQUIT);
	assert_int_equal(loop.deadline_ms, -1);
}

/* --- --delay --- */

/* Sends TERM to its parent and waits until that has taken it. */
static void send_term(void)
{
	unsigned long long pending = 1ULL << (SIGTERM - 1);
	char path[64], line[256];

	snprintf(path, sizeof path, "/proc/%d/status", (int)getppid());
	kill(getppid(), SIGTERM);
	while (pending & 1ULL << (SIGTERM - 1)) {
		FILE *file = fopen(path, "r");

		while (file && fgets(line, sizeof line, file))
			sscanf(line, "ShdPnd: %llx", &pending);
		if (!file || fclose(file))
			_exit(99);
	}
}

/* Sends one TERM after the other, until one has come back, and ends with how many it took. */
static void send_terms(int argument)
{
	static const struct timespec soon = {0, 2000000};
	sigset_t term;

	(void)argument;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	for (int sent = 1; sent < 50; sent++) {
		send_term();
		if (sigtimedwait(&term, NULL, &soon) == SIGTERM)
			_exit(sent);
	}
}

/* Sends two, and does not listen to any. */
static void send_two_terms(int argument)
{
	send_term();
	send_term();
	be_deaf(argument);
}

/* A TERM is held for a time; the next one cuts that short. */
static void test_delay(void **state)
{
	struct plan *plan = new_plan();

	(void)state;
	plan->delay_ms = 1;
	queue(SIGTERM, 0);
	assert_int_equal(run(plan, SIGNALS_PROGRAM, start(tell_signal, 0), &shared).status, SIGTERM);
	plan->delay_ms = 3600 * 1000;
	assert_true(run(plan, SIGNALS_PROGRAM, start(send_terms, 0), &shared).status >= 2);
	/* Another signal does not wait. */
	queue(SIGTERM, 0);
	queue(40, 0);
	assert_int_equal(run(plan, SIGNALS_PROGRAM, start(tell_signal, 0), &shared).status, 40);
}

/* The grace starts when the TERM is sent on. */
static void test_delay_and_grace(void **state)
{
	struct plan *plan = new_plan();

	(void)state;
	plan->delay_ms = 1;
	plan->grace_ms = 1;
	queue(SIGTERM, 0);
	assert_int_equal(run(plan, SIGNALS_PROGRAM, start(be_deaf, 0), &shared).status, 128 + SIGKILL);
	/* Also when the delay was cut short. */
	plan->delay_ms = 3600 * 1000;
	assert_int_equal(run(plan, SIGNALS_PROGRAM, start(send_two_terms, 0), &shared).status, 128 + SIGKILL);
}

/* --- --restart --- */

/* The program gets a TERM, and what ended is to start again, unless a TERM of somebody else's comes as well. */
static void test_restart(void **state)
{
	static const struct {
		enum signal_mode mode;
		int first, second, status;
		bool again;
	} rows[] = {
		{SIGNALS_PROGRAM, SIGHUP, 0, SIGTERM, true},
		{SIGNALS_RELAY, SIGHUP, 0, SIGHUP, false},
		{SIGNALS_PROGRAM, SIGHUP, SIGTERM, SIGTERM, false},
		{SIGNALS_PROGRAM, SIGINT, 0, SIGINT, false},
	};
	struct plan *plan = new_plan();

	(void)state;
	plan->restart = SIGHUP;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pid_t child = start(tell_signal, 0);
		struct loop loop;

		queue(rows[i].first, 0);
		if (rows[i].second)
			queue(rows[i].second, 0);
		loop = run(plan, rows[i].mode, child, &shared);
		assert_int_equal(loop.status, rows[i].status);
		assert_int_equal(loop.again, rows[i].again);
	}
}

/* A grace is of the run that it began in. */
static void test_renewed(void **state)
{
	struct loop loop = around(new_plan(), SIGNALS_PROGRAM, 1, &shared);

	(void)state;
	loop.ended = loop.again = loop.stopped = loop.leaving = true;
	loop_set_deadline(&loop, 1000, NULL);
	loop_renew(&loop, 2);
	assert_int_equal(loop.child, 2);
	assert_int_equal(loop.deadline_ms, -1);
	assert_false(loop.ended || loop.again || loop.stopped);
}

/* --- --on --- */

/*
 * A loop with a hook whose program is path, in a process of its own: spawn_program() lends its memory to what it
 * starts. Its program gets USR1 and USR2, of which the hook takes the first. The exit code of the loop.
 */
static int run_hooked(const char *path)
{
	static char *environment[] = {NULL};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct plan *plan = new_plan();

		fake_real("execve");
		plan->envp = environment;
		plan->hooks[0] = (struct hook){.signal = SIGUSR1, .program = path};
		plan->hook_count = 1;
		queue(SIGUSR1, 0);
		queue(SIGUSR2, 0);
		status = run(plan, SIGNALS_PROGRAM, start(tell_signal, 0), &shared).status;
		while (waitpid(-1, NULL, 0) > 0)
			;
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_hook(void **state)
{
	int pid = 0;

	(void)state;
	put_file("hook", "#!/bin/sh\necho \"$1 $2\" > \"$0.said\"\n");
	assert_int_equal(chmod(in_place("hook"), 0755), 0);
	assert_int_equal(run_hooked(in_place("hook")), SIGUSR2);
	assert_non_null(file_text("hook.said"));
	assert_int_equal(sscanf(file_text("hook.said"), "%d USR1", &pid), 1);
	assert_true(pid > 1);
	assert_string_equal(said(), "");
}

/* That it cannot be started is said, and is no reason to end. */
static void test_hook_fails(void **state)
{
	(void)state;
	assert_int_equal(run_hooked("/nowhere/hook"), SIGUSR2);
	check_part("hook", said_line("hook"), "--on USR1=/nowhere/hook: No such file or directory");
}

static void test_pause(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT};

	(void)state;
	for (size_t i = 0; i < COUNT(signals); i++) {
		struct loop loop;

		queue(SIGHUP, 0);
		queue(SIGUSR1, 0);
		queue(signals[i], 0);
		start(exit_with, 5);
		loop = run(new_plan(), SIGNALS_PAUSE, 0, &shared);
		assert_true(loop.ended);
		assert_int_equal(loop.status, 0);
		while (waitpid(-1, NULL, 0) > 0)
			;
	}
}

/* --- a launcher and what PID 1 inside reports --- */

static void test_reports(void **state)
{
	static const struct fault fault = {.step = STEP_ROOT, .error = ENOENT, .index = 3};
	struct report report = {.kind = REPORT_FAULT, .fault = fault}, stopped = {.kind = REPORT_STOPPED, .signal = SIGTSTP};
	struct loop loop;
	int ends[2];

	(void)state;
	/* What was written before the end counts, and the pipe is closed then. */
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], &stopped, sizeof stopped), sizeof stopped);
	assert_int_equal(write(ends[1], &report, sizeof report), sizeof report);
	close(ends[1]);
	loop = around(new_plan(), SIGNALS_RELAY, start(exit_with, 125), &shared);
	loop.reports = ends[0];
	loop_run(&loop);
	assert_int_equal(loop.status, 125);
	assert_int_equal(loop.fault.step, fault.step);
	assert_int_equal(loop.fault.error, fault.error);
	assert_int_equal(loop.fault.index, fault.index);
	assert_int_equal(loop.reports, -1);
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
	/* No news is no fault. */
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[1]);
	loop = around(new_plan(), SIGNALS_RELAY, start(exit_with, 7), &shared);
	loop.reports = ends[0];
	loop_run(&loop);
	assert_int_equal(loop.status, 7);
	assert_int_equal(loop.fault.step, STEP_NONE);
}

/* What comes out of a container is not believed without a look. */
static void test_wrong_reports(void **state)
{
	static const struct report reports[] = {
		{.kind = REPORT_FAULT, .fault = {.step = STEP_NONE, .error = EPERM}},
		{.kind = REPORT_FAULT, .fault = {.step = STEP_CONTAINER_END, .error = EPERM}},
		{.kind = REPORT_FAULT, .fault = {.step = STEP_COUNT, .error = EPERM}},
		{.kind = REPORT_FAULT, .fault = {.step = (enum step)-1, .error = EPERM}},
		{.kind = REPORT_FAULT, .fault = {.step = STEP_MOUNTS, .error = EPERM, .index = 1000}},
		{.kind = REPORT_FAULT, .fault = {.step = STEP_MOUNTS, .error = EPERM, .index = -1}},
		{.kind = REPORT_FAULT, .fault = {.step = STEP_BINDS, .error = EPERM, .index = 0}}, /* the plan has none */
		{.kind = REPORT_FAULT, .fault = {.step = STEP_SOURCES, .error = EPERM, .index = -100}},
		{.kind = REPORT_STOPPED, .signal = 0},
		{.kind = REPORT_STOPPED, .signal = 65},
		{.kind = (enum report_kind)77},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(reports); i++) {
		struct loop loop;
		int ends[2];

		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		assert_int_equal(write(ends[1], &reports[i], sizeof reports[i]), sizeof reports[i]);
		loop = around(new_plan(), SIGNALS_RELAY, start(exit_with, 7), &shared);
		close(ends[1]);
		loop.reports = ends[0];
		loop_run(&loop);
		assert_int_equal(loop.status, 7);
		assert_int_equal(loop.fault.step, STEP_NONE);
		assert_int_equal(loop.reports, -1);
	}
}

/* Signals are forwarded while a report may still come. */
static void test_signal_beside_reports(void **state)
{
	struct loop loop;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	loop = around(new_plan(), SIGNALS_RELAY, start(tell_signal, 0), &shared);
	close(ends[1]); /* which only the child has now */
	loop.reports = ends[0];
	queue(SIGUSR1, 0);
	loop_run(&loop);
	assert_int_equal(loop.status, SIGUSR1);
}

/* --- drain --- */

static void drain(struct loop *loop, int64_t ms)
{
	*loop = around(new_plan(), SIGNALS_PROGRAM, 0, &shared);
	loop->deadline_ms = loop_now_ms() + ms;
	loop_drain(loop);
}

static void test_drain(void **state)
{
	struct loop loop;
	int ends[2];
	pid_t child;

	(void)state;
	/* Nobody is there. */
	drain(&loop, 3600 * 1000);
	assert_true(loop.alone);
	/* The last one ends. */
	start(exit_with, 0);
	start(exit_with, 1);
	drain(&loop, 3600 * 1000);
	assert_true(loop.alone);
	assert_false(loop.ended);
	/* Time is over. */
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = start(be_deaf, 0);
	drain(&loop, 1);
	assert_false(loop.alone);
	assert_false(loop.ended);
	/* Somebody is in a hurry; other signals mean nothing. */
	queue(SIGHUP, 0);
	queue(SIGTERM, 0);
	drain(&loop, 3600 * 1000);
	assert_false(loop.alone);
	assert_true(loop.ended);
	kill(child, SIGKILL);
	drain(&loop, 3600 * 1000);
	assert_true(loop.alone);
}

static void test_clock(void **state)
{
	int64_t before = loop_now_ms();

	(void)state;
	assert_true(before > 0);
	assert_true(loop_now_ms() >= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_around), loop_test(test_status), loop_test(test_forward), loop_test(test_rewrite), loop_test(test_drop),
		loop_test(test_values), loop_test(test_receiver), loop_test(test_terminal_and_shared_group), loop_test(test_own_signals),
		loop_test(test_stop_and_continue), loop_test(test_orphans), loop_test(test_grace), loop_test(test_no_grace),
		loop_test(test_delay), loop_test(test_delay_and_grace), loop_test(test_restart), loop_test(test_renewed), loop_test(test_hook), loop_test(test_hook_fails),
		loop_test(test_pause), loop_test(test_reports), loop_test(test_wrong_reports), loop_test(test_signal_beside_reports), loop_test(test_drain),
		loop_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
