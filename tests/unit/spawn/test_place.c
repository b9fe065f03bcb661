/* SPDX-License-Identifier: MIT
 *
 * A cgroup in one hierarchy. A directory with files of the names that the kernel gives them is as good as one.
 */
#include <fcntl.h>
#include <unistd.h>

#include "fake.h"
#include "place.h"
#include "unit.h"

static int open_place(const char *name)
{
	return open(in_place(name), O_PATH | O_DIRECTORY);
}

/* What each version writes for what is set; a file that is optional need not be there. */
static void test_values(void **state)
{
	static const struct {
		const char *file;
		int version;
		unsigned set; /* bits of enum control */
		unsigned long value, memory;
		const char *text;
	} rows[] = {
		{"memory.max", 2, 1U << CONTROL_MEMORY_MAX, 64, 64, "64K"},
		{"memory.max", 2, 1U << CONTROL_MEMORY_MAX, CONTROL_UNLIMITED, CONTROL_UNLIMITED, "max"},
		{"memory.swap.max", 2, 1U << CONTROL_SWAP_MAX, 0, 0, "0K"},
		{"memory.high", 2, 1U << CONTROL_MEMORY_HIGH, 7, 0, "7K"},
		{"memory.low", 2, 1U << CONTROL_MEMORY_LOW, 7, 0, "7K"},
		{"memory.min", 2, 1U << CONTROL_MEMORY_MIN, 7, 0, "7K"},
		{"memory.oom.group", 2, 1U << CONTROL_OOM_GROUP, 1, 0, "1"},
		{"cpu.max", 2, 1U << CONTROL_CPU_QUOTA, 20000, 0, "20000 100000"},
		{"cpu.max", 2, 1U << CONTROL_CPU_QUOTA, CONTROL_UNLIMITED, 0, "max 100000"},
		{"cpu.weight", 2, 1U << CONTROL_CPU_WEIGHT, 200, 0, "200"},
		{"pids.max", 2, 1U << CONTROL_PIDS, CONTROL_UNLIMITED, 0, "max"},
		{"io.weight", 2, 1U << CONTROL_IO_WEIGHT, 5000, 0, "5000"},
		{"io.bfq.weight", 2, 1U << CONTROL_IO_WEIGHT, 5000, 0, "1000"},
		{"memory.limit_in_bytes", 1, 1U << CONTROL_MEMORY_MAX, 64, 64, "64K"},
		{"memory.limit_in_bytes", 1, 1U << CONTROL_MEMORY_MAX, CONTROL_UNLIMITED, CONTROL_UNLIMITED, "-1"},
		{"memory.memsw.limit_in_bytes", 1, 1U << CONTROL_SWAP_MAX | 1U << CONTROL_MEMORY_MAX, 16, 64, "80K"},
		{"memory.memsw.limit_in_bytes", 1, 1U << CONTROL_SWAP_MAX, 16, 64, "-1"},
		{"cpu.cfs_period_us", 1, 1U << CONTROL_CPU_QUOTA, 20000, 0, "100000"},
		{"cpu.cfs_quota_us", 1, 1U << CONTROL_CPU_QUOTA, 20000, 0, "20000"},
		{"cpu.shares", 1, 1U << CONTROL_CPU_WEIGHT, 200, 0, "2048"},
		{"pids.max", 1, 1U << CONTROL_PIDS, 5, 0, "5"},
		{"blkio.bfq.weight", 1, 1U << CONTROL_IO_WEIGHT, 50, 0, "50"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct place place = {.in = {.version = rows[i].version, .kinds = (1U << CGROUP_KINDS) - 1}, .procs = -1};
		struct controls controls = {.set = rows[i].set};
		enum cgroup_kind kind;
		char path[64] = "values/";

		for (int control = 0; control < CONTROLS; control++)
			controls.values[control] = control == CONTROL_MEMORY_MAX ? rows[i].memory : rows[i].value;
		put_file(strcat(path, rows[i].file), "");
		place.directory = open_place("values");
		place_fill(&controls, &place, &kind); /* which fails for the files that are not there */
		check_text(rows[i].file, file_text(path), rows[i].text);
		unlink(in_place(path));
		place_close(&place);
	}
}

static void test_what_fails_is_named_and_the_rest_is_written(void **state)
{
	struct controls controls = {.set = 1U << CONTROL_PIDS | 1U << CONTROL_CPU_WEIGHT | 1U << CONTROL_IO_WEIGHT, .values = {[CONTROL_PIDS] = 5}};
	struct place place = {.in = {.version = 2, .kinds = (1U << CGROUP_KINDS) - 1}, .procs = -1};
	enum cgroup_kind kind = CGROUP_KINDS;

	(void)state;
	put_file("part/pids.max", "");
	place.directory = open_place("part");
	assert_int_equal(place_fill(&controls, &place, &kind), -1);
	assert_int_equal(kind, CGROUP_CPU);
	assert_string_equal(file_text("part/pids.max"), "5");
	place.in.kinds = 1U << CGROUP_IO | 1U << CGROUP_PIDS; /* what is optional is no failure */
	assert_int_equal(place_fill(&controls, &place, &kind), 0);
	assert_true(place_takes(&place.in, place.directory, CONTROL_PIDS));
	assert_false(place_takes(&place.in, place.directory, CONTROL_IO_WEIGHT));
	assert_int_equal(place_kinds(controls.set), 1U << CGROUP_PIDS | 1U << CGROUP_CPU | 1U << CGROUP_IO);
	place_close(&place);
}

static void test_counters(void **state)
{
	int directory;

	(void)state;
	put_file("counted/memory.events", "low 1\nhigh 2\noom 3\noom_kill 4\n");
	put_file("counted/pids.current", "17\n");
	directory = open_place("counted");
	assert_int_equal(place_counter(directory, "memory.events", "oom_kill"), 4);
	assert_int_equal(place_counter(directory, "memory.events", "oom"), 3);
	assert_int_equal(place_counter(directory, "memory.events", "max"), -1);
	assert_int_equal(place_counter(directory, "pids.current", NULL), 17);
	assert_int_equal(place_counter(directory, "none", NULL), -1);
	close(directory);
}

static void test_emptiness(void **state)
{
	int directory;

	(void)state;
	put_file("old/cgroup.procs", "");
	put_file("old/below/cgroup.procs", "0\n");
	directory = open_place("old");
	assert_true(place_is_empty(directory)); /* whoever is 0 is in no PID namespace of ours */
	put_file("old/below/cgroup.procs", "4711\n");
	assert_false(place_is_empty(directory));
	put_file("old/cgroup.events", "populated 0\nfrozen 0\n"); /* in v2 one look is enough */
	assert_true(place_is_empty(directory));
	close(directory);
}

/* Where the kernel has no cgroup.kill, they are held, killed, and let go. */
static void test_kill_without_a_call_for_it(void **state)
{
	static const struct { const char *file, *before, *after; } rows[] = {{"held/cgroup.freeze", "0\n", "0\n"}, {"held/pids.max", "33\n", "33\n"}};

	(void)state;
	put_file("held/cgroup.procs", "4711\n");
	put_file("held/below/cgroup.procs", "4712\n4713\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t from = 0;
		int directory;

		put_file(rows[i].file, rows[i].before);
		directory = open_place("held");
		fake_reset();
		place_kill(directory);
		close(directory);
		check_true(fake_text(), fake_find(&from, strchr(rows[i].file, '/') + 1) && fake_find(&from, "kill 4711 9") && fake_find(&from, "kill 4713 9") &&
		           fake_find(&from, strchr(rows[i].file, '/') + 1));
		check_int(rows[i].file, fake_count("kill"), 6);
		check_text(rows[i].file, file_text(rows[i].file), rows[i].after);
		unlink(in_place(rows[i].file));
	}
	put_file("held/cgroup.kill", "");
	fake_reset();
	{
		int directory = open_place("held");

		place_kill(directory);
		close(directory);
	}
	assert_string_equal(file_text("held/cgroup.kill"), "1");
	assert_int_equal(fake_count("kill"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_values), test(test_what_fails_is_named_and_the_rest_is_written), test(test_counters), test(test_emptiness),
		test(test_kill_without_a_call_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
