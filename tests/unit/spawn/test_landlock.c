/* SPDX-License-Identifier: MIT
 *
 * Landlock rules: what is denied with each version of the kernel's, what each rule allows, and which of them failed.
 */
#include <errno.h>
#include <stdio.h>

#include "child.h"
#include "fake.h"
#include "landlock.h"
#include "unit.h"

static struct child child_of(struct plan *plan)
{
	fake_reset();
	return (struct child){.plan = plan};
}

static void add(struct plan *plan, struct landlock_rule rule)
{
	plan->landlock[plan->landlock_count++] = rule;
}

/* Rights that a kernel does not know would be refused; those of a later one than we know are nobody's business. */
static void test_versions(void **state)
{
	static const struct {
		int version;
		const char *denied;
	} rows[] = {
		{1, "files 0x1fff ports 0 scopes 0"}, {2, "files 0x3fff ports 0 scopes 0"},   {3, "files 0x7fff ports 0 scopes 0"},
		{4, "files 0x7fff ports 0x3 scopes 0"}, {5, "files 0xffff ports 0x3 scopes 0"}, {6, "files 0xffff ports 0x3 scopes 0x3"},
		{7, "files 0xffff ports 0x3 scopes 0x3"}, {99, "files 0xffff ports 0x3 scopes 0x3"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan);
		char row[16], wanted[256];

		snprintf(row, sizeof row, "version %d", rows[i].version);
		fake_landlock(rows[i].version);
		add(plan, (struct landlock_rule){.kind = LANDLOCK_RO, .object = "/"});
		snprintf(wanted, sizeof wanted, "sys_landlock_create version\nsys_landlock_create %s\nsys_open_plain /\n"
		         "sys_landlock_path / 0xd\nsys_landlock_restrict /dev/null\n", rows[i].denied);
		check_int(row, landlock_apply(&child), 0);
		check_text(row, fake_text(), wanted);
	}
}

/* A file has fewer rights than a directory: the kernel refuses the others. */
static void test_rules(void **state)
{
	static const struct {
		const char *object;
		enum landlock_kind kind;
		int version;
		const char *call;
	} rows[] = {
		{"directory", LANDLOCK_RO, 6, "sys_landlock_path /directory 0xd\n"}, {"directory", LANDLOCK_RW, 6, "sys_landlock_path /directory 0xffff\n"},
		{"directory", LANDLOCK_RW, 1, "sys_landlock_path /directory 0x1fff\n"}, {"file", LANDLOCK_RO, 6, "sys_landlock_path /file 0x5\n"},
		{"file", LANDLOCK_RW, 6, "sys_landlock_path /file 0xc007\n"}, {"file", LANDLOCK_RW, 1, "sys_landlock_path /file 0x7\n"},
		{"link", LANDLOCK_RO, 6, "sys_landlock_path /file 0x5\n"},
		{"80", LANDLOCK_BIND, 4, "sys_landlock_port 80 0x1\n"}, {"80", LANDLOCK_CONNECT, 6, "sys_landlock_port 80 0x2\n"},
	};

	(void)state;
	put_directory("directory");
	put_file("file", "");
	put_link("link", "file");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan);

		fake_landlock(rows[i].version);
		add(plan, (struct landlock_rule){.kind = rows[i].kind, .object = rows[i].kind > LANDLOCK_RW ? "80" : in_place(rows[i].object), .port = 80});
		check_int(rows[i].call, landlock_apply(&child), 0);
		check_part(rows[i].call, fake_text(), rows[i].call);
	}
}

/* What is allowed with every object is not denied in the first place, and a rule for one of them is then nothing. */
static void test_any(void **state)
{
	static const struct {
		enum landlock_kind kind;
		int version;
		const char *denied;
	} rows[] = {
		{LANDLOCK_CONNECT, 6, "ports 0x1 scopes 0x3"}, {LANDLOCK_BIND, 6, "ports 0x2 scopes 0x3"}, {LANDLOCK_SIGNAL, 6, "ports 0x3 scopes 0x1"},
		{LANDLOCK_ABSTRACT, 6, "ports 0x3 scopes 0x2"}, {LANDLOCK_CONNECT, 3, "ports 0 scopes 0"}, {LANDLOCK_SIGNAL, 3, "ports 0 scopes 0"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan);
		size_t from = 0;

		fake_landlock(rows[i].version);
		add(plan, (struct landlock_rule){.kind = rows[i].kind, .any = true, .object = "any"});
		check_int(rows[i].denied, landlock_apply(&child), 0);
		check_true(rows[i].denied, fake_find(&from, rows[i].denied));
		check_int(rows[i].denied, fake_count("sys_landlock_port"), 0);
	}
}

static void test_any_and_one(void **state)
{
	struct plan *plan = new_plan();
	struct child child = child_of(plan);

	(void)state;
	add(plan, (struct landlock_rule){.kind = LANDLOCK_BIND, .object = "80", .port = 80});
	add(plan, (struct landlock_rule){.kind = LANDLOCK_BIND, .any = true, .object = "any"});
	assert_int_equal(landlock_apply(&child), 0);
	assert_int_equal(fake_count("sys_landlock_port"), 0);
	assert_int_equal(fake_count("sys_landlock_restrict"), 1);
}

/* Which rule it was and that nothing is restricted by halves. */
static void test_failures(void **state)
{
	static const struct {
		const char *call, *part;
		int version, error, index;
	} rows[] = {
		{"sys_landlock_create", " version", 6, EOPNOTSUPP, -1}, {"sys_landlock_create", " files", 6, ENOMEM, -1},
		{"sys_open_plain", "/file", 6, EACCES, 0}, {"sys_landlock_path", "", 6, EINVAL, 0}, {"sys_landlock_port", "", 6, EAFNOSUPPORT, 1},
		{"none", "", 3, EPROTONOSUPPORT, 1}, {"sys_landlock_restrict", "", 6, EPERM, -1},
	};

	(void)state;
	put_file("file", "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan);

		add(plan, (struct landlock_rule){.kind = LANDLOCK_RO, .object = in_place("file")});
		add(plan, (struct landlock_rule){.kind = LANDLOCK_BIND, .object = "80", .port = 80});
		fake_landlock(rows[i].version);
		fake_fail_at(rows[i].call, rows[i].part, rows[i].error);
		check_int(rows[i].call, landlock_apply(&child), -1);
		check_int(rows[i].call, errno, rows[i].error);
		check_int(rows[i].call, child.fault.index, rows[i].index);
		check_int(rows[i].call, fake_count("sys_landlock_restrict"), rows[i].error == EPERM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_versions), test(test_rules), test(test_any), test(test_any_and_one), test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
