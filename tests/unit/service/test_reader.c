/* SPDX-License-Identifier: MIT
 *
 * The values of directives.
 */
#include <sys/resource.h>

#include "launch.h"
#include "reader.h"
#include "unit.h"

enum { WRONG = -100 };

static void test_span(void **state)
{
	static const struct {
		const char *text;
		long long ms;
	} rows[] = {
		{"5", 5000}, {"5s", 5000}, {"500ms", 500}, {"1min 20s", 80000}, {"1h30min", 5400000}, {"1.5h", 5400000}, {"2.5", 2500}, {"0", 0},
		{"infinity", -1}, {"1d", 86400000}, {"1w", 604800000}, {"1us", 1}, {"1500us", 2}, {"3 sec", 3000}, {"2 hours 1 minute", 7260000},
		{"1M", 2629800000}, {"1m", 60000}, {"0.001", 1}, {"90", 90000}, {"1y", 31557600000},
		{"", WRONG}, {"s", WRONG}, {"-1", WRONG}, {"5x", WRONG}, {"5 s x", WRONG}, {"1e3", WRONG}, {"99999999999", WRONG}, {".5", WRONG},
		{"4000000000y", WRONG}, {"5secondsecond", WRONG}, {"5nconds", WRONG},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ms = WRONG;

		check_int(rows[i].text, reader_span(rows[i].text, &ms), rows[i].ms == WRONG ? -1 : 0);
		if (rows[i].ms != WRONG)
			check_int(rows[i].text, ms, rows[i].ms);
	}
}

static void test_truth(void **state)
{
	static const struct {
		const char *text;
		int truth;
	} rows[] = {{"yes", 1}, {"No", 0}, {"TRUE", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {"1", 1}, {"0", 0}, {"y", 1}, {"f", 0}, {"", WRONG}, {"2", WRONG},
	            {"yes ", WRONG}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool truth = false;

		check_int(rows[i].text, reader_truth(rows[i].text, &truth), rows[i].truth == WRONG ? -1 : 0);
		if (rows[i].truth != WRONG)
			check_int(rows[i].text, truth, rows[i].truth);
	}
}

static const struct directive *row_of(const char *name)
{
	bool is_assert;

	return directive_find(SECTION_SERVICE, name, &is_assert);
}

/* Reads NAME=words of text into target. NULL, or what is wrong. */
static const char *read_into(void *target, const char *name, const char *text, unsigned words)
{
	const struct setting setting = {.text = text, .words = (uint16_t)words, .directive = (uint16_t)(row_of(name) - directives)};

	return directive_read(target, &setting);
}

static void test_limits(void **state)
{
	static const struct {
		const char *name, *text;
		int resource;
		uint64_t soft, hard;
	} rows[] = {
		{"LimitNOFILE", "65535", RLIMIT_NOFILE, 65535, 65535}, {"LimitNOFILE", "1K:2K", RLIMIT_NOFILE, 1024, 2048},
		{"LimitCORE", "infinity", RLIMIT_CORE, RLIM_INFINITY, RLIM_INFINITY}, {"LimitAS", "4G", RLIMIT_AS, 4294967296, 4294967296},
		{"LimitCORE", "0:infinity", RLIMIT_CORE, 0, RLIM_INFINITY}, {"LimitCPU", "1min", RLIMIT_CPU, 60, 60},
		{"LimitRTTIME", "1ms", RLIMIT_RTTIME, 1000, 1000}, {"LimitMEMLOCK", "64M", RLIMIT_MEMLOCK, 67108864, 67108864},
	};
	static struct launch launch;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		launch_reset(&launch);
		check_text(rows[i].text, read_into(&launch, rows[i].name, rows[i].text, 1), NULL);
		check_int(rows[i].text, launch.plan.limit_count, 1);
		check_int(rows[i].text, launch.plan.limits[0].resource, rows[i].resource);
		check_int(rows[i].text, launch.plan.limits[0].soft, rows[i].soft);
		check_int(rows[i].text, launch.plan.limits[0].hard, rows[i].hard);
	}
}

static void test_wrong(void **state)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
		{"LimitNOFILE", "2:1"}, {"LimitNOFILE", ""}, {"LimitNOFILE", "many"}, {"LimitAS", "99999999999999999999E"}, {"LimitAS", "1Q"},
		{"Nice", "20"}, {"OOMScoreAdjust", "1001"}, {"UMask", "0888"}, {"WorkingDirectory", "here"}, {"Environment", "=x"}, {"Environment", "X"},
		{"EnvironmentFile", "relative"}, {"StandardOutput", "file:relative"}, {"StandardOutput", "nowhere"}, {"RuntimeDirectory", "/abs"},
		{"CPUAffinity", "1-"}, {"CPUAffinity", "3-1"}, {"CPUAffinity", "1024"}, {"CPUAffinity", "a"}, {"CPUAffinity", ",1"},
		{"CPUSchedulingPolicy", "real"}, {"CPUSchedulingPriority", "100"}, {"IOSchedulingClass", "4"}, {"IOSchedulingPriority", "8"},
		{"TimerSlackNSec", "soon"}, {"Personality", "vax"}, {"SecureBits", "root"}, {"KeyringMode", "yes"}, {"CoredumpFilter", "0xg"},
		{"CoredumpFilter", "123456789a"}, {"RuntimeDirectory", "../up"}, {"RuntimeDirectory", "a/../../b"}, {"CapabilityBoundingSet", "CAP_NONE_SUCH"}, {"NoNewPrivileges", "maybe"},
	};
	static struct launch launch;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		launch_reset(&launch);
		check_true(rows[i].text, read_into(&launch, rows[i].name, rows[i].text, 1) != NULL);
	}
}

static void test_capabilities(void **state)
{
	static struct launch launch;

	(void)state;
	launch_reset(&launch);
	assert_null(read_into(&launch, "CapabilityBoundingSet", "CAP_CHOWN\0CAP_KILL", 2));
	assert_null(read_into(&launch, "CapabilityBoundingSet", "CAP_SETUID", 1));
	assert_int_equal(launch.plan.capabilities, 1 << 0 | 1 << 5 | 1 << 7);
	assert_null(read_into(&launch, "CapabilityBoundingSet", "~CAP_CHOWN", 1));
	assert_int_equal(launch.plan.capabilities, 1 << 5 | 1 << 7);
	assert_null(read_into(&launch, "CapabilityBoundingSet", "", 0));
	assert_int_equal(launch.plan.capabilities, 0);
	assert_true(launch.plan.limit_capabilities);
	launch_reset(&launch);
	assert_null(read_into(&launch, "CapabilityBoundingSet", "~CAP_CHOWN", 1));
	assert_true(launch.plan.capabilities == ~UINT64_C(1));
}

static void test_traits(void **state)
{
	static struct launch launch;
	const struct traits *traits = &launch.plan.traits;

	(void)state;
	launch_reset(&launch);
	assert_null(read_into(&launch, "CPUAffinity", "0-2,5,\0" "1023", 2));
	assert_int_equal(traits->cpus[0], 0x27);
	assert_true(traits->cpus[COUNT(traits->cpus) - 1] >> (8 * sizeof traits->cpus[0] - 1));
	assert_null(read_into(&launch, "CPUSchedulingPolicy", "fifo", 1));
	assert_int_equal(traits->priority, 1);
	assert_null(read_into(&launch, "CPUSchedulingPriority", "99", 1));
	assert_null(read_into(&launch, "CPUSchedulingPolicy", "rr", 1)); /* in whatever order */
	assert_int_equal(traits->priority, 99);
	assert_null(read_into(&launch, "CPUSchedulingPolicy", "idle", 1));
	assert_int_equal(traits->priority, 0);
	assert_null(read_into(&launch, "IOSchedulingClass", "1", 1));
	assert_int_equal(traits->io_class, 1);
	assert_null(read_into(&launch, "TimerSlackNSec", "500", 1));
	assert_int_equal(traits->slack_ns, 500);
	assert_null(read_into(&launch, "TimerSlackNSec", "50us", 1));
	assert_int_equal(traits->slack_ns, 50000);
	assert_null(read_into(&launch, "CoredumpFilter", "default\0private-huge", 2));
	assert_int_equal(launch.core_filter, 0x33 | 1 << 5);
	assert_null(read_into(&launch, "CoredumpFilter", "0xF00", 1));
	assert_int_equal(launch.core_filter, 0xf33);
	assert_null(read_into(&launch, "SecureBits", "keep-caps\0noroot-locked", 2));
	assert_int_equal(traits->secure_bits, 1 << 4 | 1 << 1);
}

static void test_statuses(void **state)
{
	static struct unit unit;

	(void)state;
	assert_null(read_into(&unit, "SuccessExitStatus", "143\0SIGKILL\0TEMPFAIL", 3));
	assert_int_equal(unit.rules.success.codes[143 / 32], 1U << 143 % 32);
	assert_int_equal(unit.rules.success.codes[75 / 32], 1U << 75 % 32);
	assert_int_equal(unit.rules.success.signals, 1U << 8);
	assert_non_null(read_into(&unit, "SuccessExitStatus", "256", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_span), test(test_truth), test(test_limits), test(test_wrong), test(test_capabilities), test(test_traits), test(test_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
