/* SPDX-License-Identifier: MIT
 *
 * The signal matrix, cell by cell, and who a signal comes from.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "fake.h"
#include "signals.h"
#include "unit.h"
#include "value.h"

static siginfo_t info_of(int signal, int code, pid_t pid)
{
	siginfo_t info;

	memset(&info, 0, sizeof info);
	info.si_signo = signal;
	info.si_code = code;
	info.si_pid = pid;
	return info;
}

/* F forward, R reap, C continue, S stop, E end, - ignore; a launcher with a terminal: Z suspend, G resume, W resize, H hang up; of a machine: P power off, B reboot, T halt */
static const char letters[] = {
	[SIGNAL_FORWARD] = 'F', [SIGNAL_REAP] = 'R', [SIGNAL_CONTINUE] = 'C', [SIGNAL_STOP] = 'S', [SIGNAL_END] = 'E', [SIGNAL_IGNORE] = '-',
	[SIGNAL_SUSPEND] = 'Z', [SIGNAL_RESUME] = 'G', [SIGNAL_RESIZE] = 'W', [SIGNAL_HANG_UP] = 'H',
	[SIGNAL_POWEROFF] = 'P', [SIGNAL_REBOOT] = 'B', [SIGNAL_HALT] = 'T',
};

static const enum signal_mode modes[] = {SIGNALS_PROGRAM, SIGNALS_SESSION, SIGNALS_RELAY, SIGNALS_TERMINAL, SIGNALS_PAUSE, SIGNALS_DRAIN, SIGNALS_MACHINE, SIGNALS_GUEST};

/* What a signal means in each of these modes. */
static const struct {
	int signal;
	const char *actions;
} matrix[] = {
	{SIGHUP, "FFFH----"},    {SIGINT, "FFFFEEBB"},    {SIGQUIT, "FFFF-E-P"}, {SIGILL, "FFFF----"},  {SIGTRAP, "FFFF----"},   {SIGABRT, "FFFF----"},
	{SIGBUS, "FFFF----"},    {SIGFPE, "FFFF----"},    {SIGKILL, "FFFF----"}, {SIGUSR1, "FFFF--TT"}, {SIGSEGV, "FFFF----"},   {SIGUSR2, "FFFF--PP"},
	{SIGPIPE, "FFFF----"},   {SIGALRM, "FFFF----"},   {SIGTERM, "FFFFEEBP"}, {SIGSTKFLT, "FFFF----"}, {SIGCHLD, "RRRRRRRR"}, {SIGCONT, "CFCG----"},
	{SIGSTOP, "FFFF----"},   {SIGTSTP, "FSFZ----"},   {SIGTTIN, "FSFZ----"}, {SIGTTOU, "FSFZ----"}, {SIGURG, "FFFF----"},    {SIGXCPU, "FFFF----"},
	{SIGXFSZ, "FFFF----"},   {SIGVTALRM, "FFFF----"}, {SIGPROF, "FFFF----"}, {SIGWINCH, "FFFW----"}, {SIGIO, "FFFF----"},    {SIGPWR, "FFFF--PP"},
	{SIGSYS, "FFFF----"},
};
static const char realtime[] = "FFFF----";

/* Those of systemd, from its SIGRTMIN on, to a machine. */
static char machine_realtime(int signal)
{
	return signal == 34 + 3 ? 'T' : signal == 34 + 4 ? 'P' : signal == 34 + 5 ? 'B' : '-';
}

static const pid_t self = 4711;

static const char *row_name(int signal, size_t mode, int code)
{
	static char text[64];
	char buffer[16];

	snprintf(text, sizeof text, "signal %s (%d), mode %zu, si_code %d", value_signal_name(signal, buffer), signal, mode, code);
	return text;
}

static char action(int signal, int code, pid_t pid, size_t mode)
{
	siginfo_t info = info_of(signal, code, pid);

	return letters[signals_action(&info, modes[mode], self)];
}

static void test_matrix(void **state)
{
	bool walked[PLAN_SIGNAL_MAX + 1] = {false};

	(void)state;
	assert_int_equal(COUNT(modes), SIGNALS_MODES);
	for (size_t i = 0; i < COUNT(matrix); i++) {
		walked[matrix[i].signal] = true;
		for (size_t mode = 0; mode < COUNT(modes); mode++) {
			const char *row = row_name(matrix[i].signal, mode, SI_USER);

			check_int(row, action(matrix[i].signal, SI_USER, 1, mode), matrix[i].actions[mode]);
			check_int(row, action(matrix[i].signal, SI_QUEUE, 1, mode), matrix[i].actions[mode]);
			check_int(row, action(matrix[i].signal, SI_TKILL, 1, mode), matrix[i].actions[mode]);
		}
	}
	for (int signal = 1; signal <= 31; signal++)
		assert_true(walked[signal]);
	for (int signal = 32; signal <= PLAN_SIGNAL_MAX; signal++)
		for (size_t mode = 0; mode < COUNT(modes); mode++)
			check_int(row_name(signal, mode, SI_QUEUE), action(signal, SI_QUEUE, 1, mode),
			          modes[mode] >= SIGNALS_MACHINE ? machine_realtime(signal) : realtime[mode]);
}

static bool is_fault(int signal)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

	for (size_t i = 0; i < COUNT(faults); i++)
		if (faults[i] == signal)
			return true;
	return false;
}

/* What the kernel raises (a code above 0) is ours if it is a fault; a terminal's or a timer's is the program's. */
static void test_from_the_kernel(void **state)
{
	static const int codes[] = {1, 2, 3, SI_KERNEL};

	(void)state;
	for (size_t i = 0; i < COUNT(matrix); i++)
		for (size_t mode = 0; mode < COUNT(modes); mode++)
			for (size_t j = 0; j < COUNT(codes); j++)
				check_int(row_name(matrix[i].signal, mode, codes[j]), action(matrix[i].signal, codes[j], 0, mode),
				          is_fault(matrix[i].signal) ? '-' : matrix[i].actions[mode]);
}

/* A SIGPIPE from our own log, a SIGHUP from giving up our own terminal: kill(2) by ourselves, as the kernel has it. */
static void test_from_ourselves(void **state)
{
	static const int signals[] = {SIGPIPE, SIGHUP, SIGTERM, SIGSEGV, SIGUSR1, 40};

	(void)state;
	for (size_t i = 0; i < COUNT(signals); i++)
		for (size_t mode = 0; mode < COUNT(modes); mode++)
			check_int(row_name(signals[i], mode, SI_USER), action(signals[i], SI_USER, self, mode), '-');
	/* But --parent-death queues one to ourselves, for the program. */
	assert_int_equal(action(SIGTERM, SI_QUEUE, self, 0), 'F');
}

static void test_keyboard(void **state)
{
	(void)state;
	for (int signal = 1; signal <= PLAN_SIGNAL_MAX; signal++)
		check_int(row_name(signal, 0, 0), signals_keyboard(signal),
		          signal == SIGINT || signal == SIGQUIT || signal == SIGTSTP || signal == SIGWINCH);
}

static void test_send(void **state)
{
	static const struct {
		pid_t pid;
		int signal, code;
		const char *call;
	} rows[] = {
		{100, SIGTERM, SI_USER, "kill 100 15"},
		{-100, SIGTERM, SI_USER, "kill -100 15"},
		{100, SIGTERM, SI_KERNEL, "kill 100 15"},
		{100, SIGTERM, SI_TIMER, "kill 100 15"},
		{100, SIGUSR1, SI_QUEUE, "sys_queue_signal 100 10 value 4711"},
		{100, 64, SI_QUEUE, "sys_queue_signal 100 64 value 4711"},
		{-100, SIGUSR1, SI_QUEUE, "kill -100 10"}, /* a value cannot be sent to a group */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		siginfo_t info = info_of(SIGHUP, rows[i].code, 1);

		info.si_value.sival_int = 4711;
		fake_reset();
		check_int(rows[i].call, signals_send(rows[i].pid, rows[i].signal, &info), 0);
		check_text(rows[i].call, fake_line(0), rows[i].call);
		check_text(rows[i].call, fake_line(1), NULL);
	}
}

static void test_send_fails(void **state)
{
	siginfo_t plain = info_of(SIGTERM, SI_USER, 1), queued = info_of(SIGTERM, SI_QUEUE, 1);

	(void)state;
	fake_fail("kill", 1, ESRCH);
	fake_fail("sys_queue_signal", 1, EAGAIN);
	assert_int_equal(signals_send(100, SIGTERM, &plain), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(signals_send(100, SIGTERM, &queued), -1);
	assert_int_equal(errno, EAGAIN);
}

/* Sixty-four bits, the two of libc's included, and SIGCHLD as it is by default. */
static void test_hold(void **state)
{
	uint64_t mask = 0, before_bits;
	sigset_t before, none;
	struct sigaction action;

	(void)state;
	fake_real("sys_signal_mask");
	sigemptyset(&none);
	sigaddset(&none, SIGUSR2);
	assert_int_equal(sigprocmask(SIG_SETMASK, &none, NULL), 0);
	signal(SIGCHLD, SIG_IGN);
	memset(&before, 0xff, sizeof before);
	signals_hold(&before);
	memcpy(&before_bits, &before, sizeof before_bits);
	/* /proc shows what libc hides. */
	{
		char line[256];
		FILE *file = fopen("/proc/self/status", "r");
		unsigned long long blocked = 0;

		while (file && fgets(line, sizeof line, file))
			if (sscanf(line, "SigBlk: %llx", &blocked) == 1)
				mask = blocked;
		if (file)
			fclose(file);
	}
	sigaction(SIGCHLD, NULL, &action);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	assert_true(before_bits == 1ULL << (SIGUSR2 - 1));
	assert_true(mask == ~(1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1)));
	assert_ptr_equal(action.sa_handler, SIG_DFL);
}

static void test_drop(void **state)
{
	sigset_t set, none;

	(void)state;
	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	assert_false(signals_drop(SIGUSR2));
	assert_true(signals_drop(SIGUSR1));
	assert_false(signals_drop(SIGUSR1));
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_matrix), test(test_from_the_kernel), test(test_from_ourselves), test(test_keyboard), test(test_send),
		test(test_send_fails), test(test_hold), test(test_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
