/* SPDX-License-Identifier: MIT
 *
 * --conf DIR becomes binds, and a host name.
 */
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "conf.h"
#include "unit.h"

static struct plan *plan_with(const char *conf)
{
	struct plan *plan = new_plan();

	plan->conf = conf;
	plan->namespaces = CLONE_NEWUTS;
	return plan;
}

/* The entry that goes to target; NULL if there is none. */
static const struct mount_entry *entry_for(const struct plan *plan, const char *target)
{
	for (size_t i = 0; i < plan->mount_count; i++)
		if (strcmp(plan->mounts[i].target, target) == 0)
			return &plan->mounts[i];
	return NULL;
}

static void test_files(void **state)
{
	static const char *const names[] = {"hosts", "resolv.conf", "my.own file", "linked", ".hidden"};
	struct plan *plan;

	(void)state;
	put_file("c/hosts", "127.0.0.1 localhost\n");
	put_file("c/resolv.conf", "");
	put_file("c/my.own file", "");
	put_file("c/.hidden", "");
	put_file("elsewhere", "");
	put_link("c/linked", "../elsewhere");
	put_directory("c/directory");
	assert_int_equal(mkfifo(in_place("c/fifo"), 0644), 0);
	plan = plan_with(in_place("c"));
	assert_int_equal(conf_expand(plan), 0);
	assert_string_equal(said(), "");
	assert_int_equal(plan->mount_count, COUNT(names));
	assert_null(plan->hostname);
	for (size_t i = 0; i < COUNT(names); i++) {
		char target[64], source[128];
		const struct mount_entry *entry;

		snprintf(target, sizeof target, "/etc/%s", names[i]);
		snprintf(source, sizeof source, "%s/c/%s", place(), names[i]);
		entry = entry_for(plan, target);
		check_true(names[i], entry != NULL);
		check_int(names[i], entry->kind, MOUNT_BIND);
		check_text(names[i], entry->source, source);
		check_text(names[i], entry->option, "conf");
		check_int(names[i], entry->recursive, false);
		check_int(names[i], entry->attributes, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	}
}

static void test_none(void **state)
{
	struct plan *plan = plan_with(NULL);

	(void)state;
	assert_int_equal(conf_expand(plan), 0);
	assert_int_equal(plan->mount_count, 0);
}

static void test_refused(void **state)
{
	static const struct {
		const char *conf, *reason;
	} rows[] = {
		{"nowhere", "No such file or directory; "},
		{"file", "Not a directory; "},
		{"empty", "no file in it; "},
		{"only-directories", "no file in it; "},
		{"dangling", "hosts: No such file or directory; "}, /* left out in silence it would be missed */
	};

	(void)state;
	put_file("file", "");
	put_directory("empty");
	put_directory("only-directories/hosts");
	put_link("dangling/hosts", "nowhere");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *line;

		check_int(rows[i].conf, conf_expand(plan_with(in_place(rows[i].conf))), -1);
		line = said_line(rows[i].conf);
		check_part(rows[i].conf, line, "nsinit: --conf ");
		check_part(rows[i].conf, line, rows[i].conf);
		check_part(rows[i].conf, line, rows[i].reason);
	}
}

#define LETTERS_64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"

static void test_hostname(void **state)
{
	static const struct {
		const char *text, *name; /* NULL: refused */
	} rows[] = {
		{"box\n", "box"},
		{"box", "box"},
		{"  box  \n", "box"},
		{"\tbox\there\n", "box"},
		{"\n\n# a comment\n#another\n box.example.org\nnot this\n", "box.example.org"},
		{"box#1\n", "box#1"},
		{LETTERS_64 "\n", LETTERS_64},
		{LETTERS_64 "m\n", NULL},
		{"", NULL},
		{"\n \n", NULL},
		{"# only a comment\n", NULL},
		{"# only a comment", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan;

		put_file("c/hostname", rows[i].text);
		plan = plan_with(in_place("c"));
		check_int(rows[i].text, conf_expand(plan), rows[i].name ? 0 : -1);
		if (rows[i].name) {
			check_text(rows[i].text, plan->hostname, rows[i].name);
			check_true(rows[i].text, entry_for(plan, "/etc/hostname") != NULL);
			check_text(rows[i].text, said(), "");
		} else {
			check_part(rows[i].text, said_line(rows[i].text), "hostname: ");
		}
	}
}

/* --hostname is nearer to the user than a file is, whatever the file holds. */
static void test_hostname_is_given(void **state)
{
	struct plan *plan;

	(void)state;
	put_file("c/hostname", "file\n");
	plan = plan_with(in_place("c"));
	plan->hostname = "given";
	assert_int_equal(conf_expand(plan), 0);
	assert_string_equal(plan->hostname, "given");
	assert_int_equal(plan->mount_count, 1);
}

/* Without a uts namespace the name would be the host's: the file is bound, and that is all. */
static void test_hostname_is_shared(void **state)
{
	struct plan *plan;

	(void)state;
	put_file("c/hostname", "");
	plan = plan_with(in_place("c"));
	plan->namespaces = 0;
	assert_int_equal(conf_expand(plan), 0);
	assert_null(plan->hostname);
	assert_int_equal(plan->mount_count, 1);
}

static void test_limit(void **state)
{
	char name[32];
	struct plan *plan;

	(void)state;
	for (int i = 0; i < PLAN_MOUNTS_MAX; i++) {
		snprintf(name, sizeof name, "c/f%d", i);
		put_file(name, "");
	}
	plan = plan_with(in_place("c"));
	assert_int_equal(conf_expand(plan), 0);
	assert_int_equal(plan->mount_count, PLAN_MOUNTS_MAX);
	plan = plan_with(in_place("c"));
	plan->mount_count = 1; /* of a --bind before it */
	assert_int_equal(conf_expand(plan), -1);
	check_part("limit", said_line("limit"), "too many files; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_files), test(test_none), test(test_refused), test(test_hostname), test(test_hostname_is_given),
		test(test_hostname_is_shared), test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
