/* SPDX-License-Identifier: MIT
 *
 * The readers of option values: what is taken, and that nothing else is.
 */
#include <sched.h>
#include <signal.h>

#include "unit.h"
#include "value.h"

static void test_number(void **state)
{
	static const struct {
		const char *text;
		unsigned long max;
		int result;
		unsigned long number;
	} rows[] = {
		{"0", 0, 0, 0},
		{"7", 9, 0, 7},
		{"007", 9, 0, 7},
		{"255", 255, 0, 255},
		{"256", 255, -1, 0},
		{"4294967294", 0xfffffffe, 0, 0xfffffffe},
		{"4294967295", 0xfffffffe, -1, 0},
		{"4294967296", 0xfffffffe, -1, 0},
		{"18446744073709551615", ~0UL, 0, ~0UL},
		{"18446744073709551616", ~0UL, -1, 0},
		{"99999999999999999999999999999999", ~0UL, -1, 0},
		{"1", 0, -1, 0},
		{"", 9, -1, 0},
		{"-1", 9, -1, 0},
		{"+1", 9, -1, 0},
		{" 1", 9, -1, 0},
		{"1 ", 9, -1, 0},
		{"1x", 99, -1, 0},
		{"0x1", 99, -1, 0},
		{"1.5", 99, -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned long number = 99;

		check_int(rows[i].text, value_number(rows[i].text, rows[i].max, &number), rows[i].result);
		if (rows[i].result == 0)
			check_true(rows[i].text, number == rows[i].number);
	}
}

static void test_time(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t ms;
	} rows[] = {
		{"0", 0, 0},
		{"5", 0, 5000},
		{"5s", 0, 5000},
		{"500ms", 0, 500},
		{"0ms", 0, 0},
		{"2m", 0, 120000},
		{"1h", 0, 3600000},
		{"8760h", 0, 31536000000},
		{"8761h", -1, 0},
		{"31536000", 0, 31536000000},
		{"31536001", -1, 0},
		{"2147483647ms", 0, 2147483647},
		{"2147483648ms", -1, 0},
		{"99999999999999999999h", -1, 0},
		{"", -1, 0},
		{"s", -1, 0},
		{"ms", -1, 0},
		{"5 s", -1, 0},
		{"5S", -1, 0},
		{"5d", -1, 0},
		{"5sx", -1, 0},
		{"1.5s", -1, 0},
		{"-1s", -1, 0},
		{"1m30s", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ms = -1;

		check_int(rows[i].text, value_time(rows[i].text, &ms), rows[i].result);
		if (rows[i].result == 0)
			check_int(rows[i].text, ms, rows[i].ms);
	}
}

static void test_signal(void **state)
{
	static const struct {
		const char *text;
		int signal; /* 0: none */
	} rows[] = {
		{"TERM", SIGTERM},   {"SIGTERM", SIGTERM}, {"term", SIGTERM},  {"sigTerm", SIGTERM}, {"15", 15},
		{"1", 1},            {"64", 64},           {"HUP", SIGHUP},    {"KILL", SIGKILL},    {"STOP", SIGSTOP},
		{"IO", SIGIO},       {"IOT", SIGABRT},     {"POLL", SIGIO},    {"CHLD", SIGCHLD},    {"SYS", SIGSYS},
		{"USR1", SIGUSR1},   {"USR2", SIGUSR2},    {"STKFLT", SIGSTKFLT}, {"WINCH", SIGWINCH}, {"RTMIN", 34},
		{"RTMIN+0", 34},     {"RTMIN+1", 35},      {"SIGRTMIN+30", 64}, {"rtmax", 64},       {"RTMAX-1", 63},
		{"RTMAX-30", 34},    {"RTMIN+31", 0},      {"RTMAX-31", 0},    {"RTMIN-1", 0},       {"RTMAX+1", 0},
		{"RTMIN+", 0},       {"RTMIN1", 0},        {"RTMIN+1x", 0},    {"RTMIN++1", 0},      {"0", 0},
		{"65", 0},           {"-1", 0},            {"+1", 0},          {"", 0},              {"SIG", 0},
		{"SIGSIGTERM", 0},   {"SIG15", 0},         {"TERMX", 0},       {"TER", 0},           {" TERM", 0},
		{"TERM ", 0},        {"TERM,INT", 0},      {"99999999999", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int signal = 0;

		check_int(rows[i].text, value_signal(rows[i].text, &signal), rows[i].signal ? 0 : -1);
		if (rows[i].signal)
			check_int(rows[i].text, signal, rows[i].signal);
	}
}

/* Every signal has a name that is read back as itself. */
static void test_signal_name(void **state)
{
	(void)state;
	for (int signal = 1; signal <= PLAN_SIGNAL_MAX; signal++) {
		char buffer[8];
		const char *name = value_signal_name(signal, buffer);
		int back = 0;

		check_int(name, value_signal(name, &back), 0);
		check_int(name, back, signal);
	}
	assert_string_equal(value_signal_name(SIGABRT, NULL), "ABRT");
	assert_string_equal(value_signal_name(SIGIO, NULL), "IO");
}

static void test_flag(void **state)
{
	static const struct {
		const char *text;
		int flag; /* -1: not one */
	} rows[] = {
		{"1", 1}, {"yes", 1}, {"true", 1}, {"on", 1}, {"0", 0}, {"no", 0}, {"false", 0}, {"off", 0}, {"", 0},
		{"2", -1}, {"y", -1}, {"maybe", -1}, {" 1", -1}, {"10", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool flag = !rows[i].flag;

		check_int(rows[i].text, value_flag(rows[i].text, &flag), rows[i].flag < 0 ? -1 : 0);
		if (rows[i].flag >= 0)
			check_int(rows[i].text, flag, rows[i].flag);
	}
}

static void test_namespaces(void **state)
{
	static const struct {
		const char *text;
		unsigned long bits; /* 0: refused */
	} rows[] = {
		{"uts", CLONE_NEWUTS},
		{"ipc", CLONE_NEWIPC},
		{"pid", CLONE_NEWPID},
		{"mount", CLONE_NEWNS},
		{"net", CLONE_NEWNET},
		{"user", CLONE_NEWUSER},
		{"cgroup", CLONE_NEWCGROUP},
		{"net,user", CLONE_NEWNET | CLONE_NEWUSER},
		{"net,net", CLONE_NEWNET},
		{"", 0},
		{",", 0},
		{"net,", 0},
		{",net", 0},
		{"net,,user", 0},
		{"NET", 0},
		{"net user", 0},
		{"network", 0},
		{"averyveryverylongname", 0},
		{"net,averyveryverylongname", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned long bits = 0;

		check_int(rows[i].text, value_namespaces(rows[i].text, &bits), rows[i].bits ? 0 : -1);
		if (rows[i].bits)
			check_int(rows[i].text, bits, rows[i].bits);
	}
}

/* A list that is given twice adds up: --unshare net --unshare user. */
static void test_namespaces_add(void **state)
{
	unsigned long bits = CLONE_NEWNET;

	(void)state;
	assert_int_equal(value_namespaces("user", &bits), 0);
	assert_int_equal(bits, CLONE_NEWNET | CLONE_NEWUSER);
}

static void test_namespace_name(void **state)
{
	unsigned found = 0;

	(void)state;
	for (unsigned bit = 0; bit < 32; bit++) {
		const char *name = value_namespace_name(1UL << bit);
		unsigned long back = 0;

		if (!name)
			continue;
		found++;
		check_int(name, value_namespaces(name, &back), 0);
		check_int(name, back, 1UL << bit);
	}
	assert_true(found >= 7);
	assert_null(value_namespace_name(0));
	assert_null(value_namespace_name(SIGCHLD));
}

static void test_item(void **state)
{
	static const struct {
		const char *list, *item;
		int rest; /* where the list goes on, -1: nowhere */
	} rows[] = {
		{"", "", -1},        {"a", "a", -1},       {"a,b", "a", 2},        {",", "", 1},
		{",b", "", 1},       {"abcdefg", "abcdefg", -1}, {"abcdefgh", "", -1}, {"abcdefgh,x", "", 9},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char item[8];
		const char *rest = value_item(rows[i].list, ',', item, sizeof item);

		check_text(rows[i].list, item, rows[i].item);
		check_int(rows[i].list, rest ? rest - rows[i].list : -1, rows[i].rest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_number), test(test_time), test(test_signal), test(test_signal_name), test(test_flag),
		test(test_namespaces), test(test_namespaces_add), test(test_namespace_name), test(test_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
