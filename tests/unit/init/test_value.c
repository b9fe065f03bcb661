/* SPDX-License-Identifier: MIT
 *
 * The readers of option values: what is taken, and that nothing else is.
 */
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

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

static void test_size(void **state)
{
	static const struct {
		const char *text;
		int result;
		unsigned long kib;
		const char *back;
	} rows[] = {
		{"1048576", 0, 1024, "1m"},
		{"1048577", 0, 1025, "1025k"},
		{"1024k", 0, 1024, "1m"},
		{"64m", 0, 65536, "64m"},
		{"64M", 0, 65536, "64m"},
		{"1536m", 0, 1572864, "1536m"},
		{"2g", 0, 2097152, "2g"},
		{"1T", 0, 1073741824, "1t"},
		{"1047552", -1, 0, NULL}, /* less than 1m */
		{"0", -1, 0, NULL},
		{"1023k", -1, 0, NULL},
		{"", -1, 0, NULL},
		{"m", -1, 0, NULL},
		{"-1m", -1, 0, NULL},
		{"+64m", -1, 0, NULL},
		{"64mb", -1, 0, NULL},
		{"64mm", -1, 0, NULL},
		{"64 m", -1, 0, NULL},
		{"6.4g", -1, 0, NULL},
		{"64q", -1, 0, NULL},
		{"18446744073709551615t", -1, 0, NULL},
		{"18014398509481984k", -1, 0, NULL}, /* 2^64 bytes */
		{"99999999999999999999", -1, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned long kib = 0;
		char text[24];

		check_int(rows[i].text, value_size(rows[i].text, &kib), rows[i].result);
		if (rows[i].result < 0)
			continue;
		check_true(rows[i].text, kib == rows[i].kib);
		check_text(rows[i].text, value_size_text(kib, text), rows[i].back);
	}
}

static void test_hundredths(void **state)
{
	static const struct {
		const char *text;
		int result;
		unsigned long hundredths;
	} rows[] = {
		{"1", 0, 100}, {"0.5", 0, 50}, {"0.05", 0, 5}, {"0.50", 0, 50}, {"1.25", 0, 125}, {"64", 0, 6400}, {"0.01", 0, 1},
		{"10000", 0, 1000000},
		{"0", -1, 0}, {"0.00", -1, 0}, {"", -1, 0}, {".", -1, 0}, {".5", -1, 0}, {"1.", -1, 0}, {"1.234", -1, 0}, {"1.000", -1, 0},
		{"1,5", -1, 0}, {"-1", -1, 0}, {"+1", -1, 0}, {"1.-5", -1, 0}, {"1.5x", -1, 0}, {"10000.01", -1, 0}, {"10001", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned long hundredths = 0;

		check_int(rows[i].text, value_hundredths(rows[i].text, &hundredths), rows[i].result);
		if (rows[i].result == 0)
			check_true(rows[i].text, hundredths == rows[i].hundredths);
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
		char buffer[16];
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

static void test_interface(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{"eth0", 0}, {"a", 0}, {"123456789012345", 0}, {"br-0.1_x", 0}, {"...", 0}, {"\"", 0},
		{"", -1}, {"1234567890123456", -1}, {".", -1}, {"..", -1}, {"a/b", -1}, {"a:1", -1}, {"a b", -1}, {"a\n", -1}, {"\t", -1},
		{"veth%d", -1}, {"%", -1}, {"\xc3\xa9", -1}, {"\x7f", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[PLAN_INTERFACE_SIZE] = "?";

		check_int(rows[i].text, value_interface(rows[i].text, name), rows[i].result);
		check_text(rows[i].text, name, rows[i].result == 0 ? rows[i].text : "?");
	}
}

static void test_address(void **state)
{
	static const struct {
		const char *text;
		bool network;
		int family, length; /* 0: refused */
		unsigned char bytes[16];
	} rows[] = {
		{"10.0.0.2/24", true, AF_INET, 24, {10, 0, 0, 2}},
		{"255.255.255.255/32", true, AF_INET, 32, {255, 255, 255, 255}},
		{"0.0.0.0/0", true, AF_INET, 0, {0}},
		{"192.168.1.1", false, AF_INET, 32, {192, 168, 1, 1}},
		{"fd00::2/64", true, AF_INET6, 64, {0xfd, [15] = 2}},
		{"::/0", true, AF_INET6, 0, {0}},
		{"::1", false, AF_INET6, 128, {[15] = 1}},
		{"1:2:3:4:5:6:7:8/128", true, AF_INET6, 128, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}},
		{"::ffff:1.2.3.4/96", true, AF_INET6, 96, {[10] = 0xff, 0xff, 1, 2, 3, 4}},
		{"0000:0000:0000:0000:0000:ffff:255.255.255.255/128", true, AF_INET6, 128, {[10] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{.text = "10.0.0.2", .network = true}, {.text = "10.0.0.2/24", .network = false}, {.text = "10.0.0.2/", .network = true},
		{.text = "10.0.0.2/33", .network = true}, {.text = "10.0.0.2/-1", .network = true}, {.text = "10.0.0.2/24/24", .network = true},
		{.text = "10.0.0/24", .network = true}, {.text = "10.0.0.256/24", .network = true}, {.text = "10.0.0.2 /24", .network = true},
		{.text = "10.0.0.2.3/24", .network = true}, {.text = "a.b.c.d/24", .network = true}, {.text = "/24", .network = true},
		{.text = "", .network = false}, {.text = "fd00::2/129", .network = true}, {.text = "fd00::2::1/64", .network = true},
		{.text = "fd00::g/64", .network = true}, {.text = "fe80::1%eth0/64", .network = true}, {.text = "host", .network = false},
		{.text = "0000:0000:0000:0000:0000:ffff:255.255.255.255/0000000000000000128", .network = true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address address = {.family = 0};

		check_int(rows[i].text, value_address(rows[i].text, rows[i].network, &address), rows[i].family ? 0 : -1);
		check_int(rows[i].text, address.family, rows[i].family);
		if (!rows[i].family)
			continue;
		check_int(rows[i].text, address.length, rows[i].length);
		check_true(rows[i].text, memcmp(address.bytes, rows[i].bytes, sizeof address.bytes) == 0);
		check_text(rows[i].text, address.text, rows[i].text);
	}
}

static void test_signed(void **state)
{
	static const struct {
		const char *text;
		int result, number;
	} rows[] = {
		{"0", 0, 0}, {"-20", 0, -20}, {"19", 0, 19}, {"+5", 0, 5}, {"-0", 0, 0}, {"-21", -1, 0}, {"20", -1, 0}, {"", -1, 0}, {"-", -1, 0},
		{"+", -1, 0}, {"--1", -1, 0}, {"+-1", -1, 0}, {"- 1", -1, 0}, {"1x", -1, 0}, {"99999999999", -1, 0}, {"-99999999999", -1, 0},
		{"4294967296", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int number = 99;

		check_int(rows[i].text, value_signed(rows[i].text, -20, 19, &number), rows[i].result);
		if (rows[i].result == 0)
			check_int(rows[i].text, number, rows[i].number);
	}
}

static void test_octal(void **state)
{
	static const struct {
		const char *text;
		int result;
		unsigned number;
	} rows[] = {
		{"0", 0, 0}, {"022", 0, 022}, {"22", 0, 022}, {"777", 0, 0777}, {"0777", 0, 0777}, {"00000777", 0, 0777}, {"1000", -1, 0},
		{"8", -1, 0}, {"0o22", -1, 0}, {"", -1, 0}, {"-1", -1, 0}, {"22x", -1, 0}, {"40000000000", -1, 0}, {"77777777777777777777777", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned number = 99;

		check_int(rows[i].text, value_octal(rows[i].text, 0777, &number), rows[i].result);
		if (rows[i].result == 0)
			check_int(rows[i].text, number, rows[i].number);
	}
}

static void test_capabilities(void **state)
{
	static const struct {
		const char *text;
		uint64_t bits; /* 0: refused */
	} rows[] = {
		{"CHOWN", 1ULL << CAP_CHOWN}, {"CAP_CHOWN", 1ULL << CAP_CHOWN}, {"cap_net_admin", 1ULL << CAP_NET_ADMIN},
		{"NET_ADMIN,SYS_TIME", 1ULL << CAP_NET_ADMIN | 1ULL << CAP_SYS_TIME}, {"BPF", 1ULL << CAP_BPF},
		{"SYS_ADMIN", 1ULL << CAP_SYS_ADMIN}, {"CHECKPOINT_RESTORE", 1ULL << CAP_CHECKPOINT_RESTORE},
		{"ALL", (2ULL << CAP_LAST_CAP) - 1}, {"all,CHOWN", (2ULL << CAP_LAST_CAP) - 1},
		{"", 0}, {",", 0}, {"CHOWN,", 0}, {"CAP_", 0}, {"CAP_CAP_CHOWN", 0}, {"NET", 0}, {"NET_ADMINX", 0}, {"0", 0}, {"CHOWN NET_ADMIN", 0},
		{"CAP_CHECKPOINT_RESTORE_AND_MUCH_MORE_THAN_THAT", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t bits = 0;

		check_int(rows[i].text, value_capabilities(rows[i].text, &bits), rows[i].bits ? 0 : -1);
		if (rows[i].bits)
			check_int(rows[i].text, bits, rows[i].bits);
	}
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		uint64_t bits = 0;

		check_int(value_capability_name(i), value_capabilities(value_capability_name(i), &bits), 0);
		check_int(value_capability_name(i), bits, 1ULL << i);
	}
	assert_null(value_capability_name(CAP_LAST_CAP + 1));
	assert_null(value_capability_name(~0U));
}

static void test_limit(void **state)
{
	static const struct {
		const char *text;
		int resource; /* -1: refused */
		uint64_t soft, hard;
	} rows[] = {
		{"nofile=1024", RLIMIT_NOFILE, 1024, 1024},
		{"nofile=1024:4096", RLIMIT_NOFILE, 1024, 4096},
		{"NOFILE=1:1", RLIMIT_NOFILE, 1, 1},
		{"core=0", RLIMIT_CORE, 0, 0},
		{"core=unlimited", RLIMIT_CORE, RLIM_INFINITY, RLIM_INFINITY},
		{"core=0:unlimited", RLIMIT_CORE, 0, RLIM_INFINITY},
		{"core=0:infinity", RLIMIT_CORE, 0, RLIM_INFINITY},
		{"as=18446744073709551615", RLIMIT_AS, ~0ULL, ~0ULL},
		{"nofile=2:1", -1, 0, 0},
		{"core=unlimited:0", -1, 0, 0},
		{"nofile", -1, 0, 0},
		{"nofile=", -1, 0, 0},
		{"nofile=:1", -1, 0, 0},
		{"nofile=1:", -1, 0, 0},
		{"nofile=1:2:3", -1, 0, 0},
		{"nofile=-1", -1, 0, 0},
		{"nofile=18446744073709551616", -1, 0, 0},
		{"nofile=1k", -1, 0, 0},
		{"=1", -1, 0, 0},
		{"files=1", -1, 0, 0},
		{"RLIMIT_NOFILE=1", -1, 0, 0},
		{"", -1, 0, 0},
		{"averyveryverylongname=1", -1, 0, 0},
		{"nofile=unlimitedx", -1, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct limit limit = {0};

		check_int(rows[i].text, value_limit(rows[i].text, &limit), rows[i].resource < 0 ? -1 : 0);
		if (rows[i].resource < 0)
			continue;
		check_int(rows[i].text, limit.resource, rows[i].resource);
		check_true(rows[i].text, limit.soft == rows[i].soft && limit.hard == rows[i].hard);
	}
	for (int resource = 0; resource < (int)RLIM_NLIMITS; resource++) {
		char text[32];
		struct limit limit = {0};

		snprintf(text, sizeof text, "%s=1", value_limit_name(resource));
		check_int(text, value_limit(text, &limit), 0);
		check_int(text, limit.resource, resource);
	}
	assert_string_equal(value_limit_name(999), "?");
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
		test(test_number), test(test_size), test(test_hundredths), test(test_time), test(test_signal), test(test_signal_name), test(test_flag),
		test(test_interface), test(test_address),
		test(test_signed), test(test_octal), test(test_capabilities), test(test_limit),
		test(test_namespaces), test(test_namespaces_add), test(test_namespace_name), test(test_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
