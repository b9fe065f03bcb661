/* SPDX-License-Identifier: MIT
 *
 * Users and groups from files that may be hostile: what counts as a line, and what does not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "unit.h"
#include "user.h"

static const char passwd[] =
	"root:x:0:0:root:/root:/bin/sh\n"
	"alice:x:1000:1001:Alice,,,:/home/alice:/bin/bash\n"
	"nohome:x:1002:1002:::\n"
	"relative:x:1003:1003::home:/bin/sh\n"
	"max:x:4294967294:4294967294::/:/bin/sh\n"
	"1000:x:2000:2000::/home/number:/bin/sh\n";
static const char group[] =
	"root:x:0:\n"
	"users:x:100:alice,bob\n"
	"wheel:x:10:bob,alice\n"
	"audio:x:29:alicex,xalice,ali\n"
	"only:x:30:alice\n"
	"max:x:4294967294:\n"
	"77:x:78:\n";

static int resolve(const char *spec, struct identity *identity, const char **home)
{
	*identity = (struct identity){.uid = 99, .gid = 99};
	*home = "unset";
	return user_resolve(place(), spec, identity, home);
}

static void test_resolve(void **state)
{
	static const struct {
		const char *spec;
		unsigned uid, gid;
		size_t group_count;
		unsigned groups[3];
		const char *home;
	} rows[] = {
		{"root", 0, 0, 0, {0}, "/root"},
		{"alice", 1000, 1001, 3, {100, 10, 30}, "/home/alice"},
		{"1000", 1000, 1001, 3, {100, 10, 30}, "/home/alice"}, /* a number is never a name */
		{"01000", 1000, 1001, 3, {100, 10, 30}, "/home/alice"},
		{"alice:wheel", 1000, 10, 0, {0}, "/home/alice"},
		{"alice:55", 1000, 55, 0, {0}, "/home/alice"},
		{"alice:77", 1000, 77, 0, {0}, "/home/alice"},
		{"1000:0", 1000, 0, 0, {0}, "/home/alice"},
		{"nohome", 1002, 1002, 0, {0}, NULL},
		{"relative", 1003, 1003, 0, {0}, NULL},
		{"max", 4294967294, 4294967294, 0, {0}, "/"},
		{"max:max", 4294967294, 4294967294, 0, {0}, "/"},
		{"0", 0, 0, 0, {0}, "/root"},
		{"4711", 4711, 0, 0, {0}, NULL}, /* no entry, no matter */
		{"4711:4712", 4711, 4712, 0, {0}, NULL},
		{"4294967294", 4294967294, 4294967294, 0, {0}, "/"},
	};

	(void)state;
	put_file("etc/passwd", passwd);
	put_file("etc/group", group);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct identity identity;
		const char *home;

		check_int(rows[i].spec, resolve(rows[i].spec, &identity, &home), 0);
		check_int(rows[i].spec, identity.set, true);
		check_int(rows[i].spec, identity.uid, rows[i].uid);
		check_int(rows[i].spec, identity.gid, rows[i].gid);
		check_int(rows[i].spec, identity.group_count, rows[i].group_count + 1);
		check_int(rows[i].spec, identity.groups[0], rows[i].gid);
		for (size_t j = 0; j < rows[i].group_count; j++)
			check_int(rows[i].spec, identity.groups[j + 1], rows[i].groups[j]);
		check_text(rows[i].spec, home, rows[i].home);
		check_text(rows[i].spec, said(), "");
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *spec, *said;
	} rows[] = {
		{"nobody", "no such user in "},
		{"bob", "no such user in "}, /* only a group knows him */
		{"", "no such user in "},
		{":", "no such user in "},
		{":0", "no such user in "},
		{"-1", "no such user in "},
		{"+1", "no such user in "},
		{"4294967295", "no such user in "}, /* (uid_t)-1, which means none */
		{"4294967296", "no such user in "}, /* which would be 0 */
		{"99999999999999999999", "no such user in "},
		{"Alice", "no such user in "},
		{"alice ", "no such user in "},
		{"alic", "no such user in "},
		{"alice:", "no such group in "},
		{"alice:nogroup", "no such group in "},
		{"alice:-1", "no such group in "},
		{"alice:4294967295", "no such group in "},
		{"alice:4294967296", "no such group in "},
		{"alice:users:x", "no such group in "},
		{"0:nogroup", "no such group in "},
	};

	(void)state;
	put_file("etc/passwd", passwd);
	put_file("etc/group", group);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct identity identity;
		const char *home, *line;

		check_int(rows[i].spec, resolve(rows[i].spec, &identity, &home), -1);
		line = said_line(rows[i].spec);
		check_part(rows[i].spec, line, "--user ");
		check_part(rows[i].spec, line, rows[i].said);
		check_part(rows[i].spec, line, "; give a number");
		check_int(rows[i].spec, identity.set, false);
	}
}

static void test_long_name(void **state)
{
	char spec[400];
	struct identity identity;
	const char *home;

	(void)state;
	put_file("etc/passwd", passwd);
	memset(spec, 'a', sizeof spec);
	spec[sizeof spec - 1] = '\0';
	assert_int_equal(resolve(spec, &identity, &home), -1);
	assert_non_null(strstr(said_line("long"), "no such user"));
}

/* Numbers work in an image that holds nothing but one program. */
static void test_no_files(void **state)
{
	struct identity identity;
	const char *home;

	(void)state;
	place();
	assert_int_equal(resolve("1000:1000", &identity, &home), 0);
	assert_int_equal(identity.uid, 1000);
	assert_int_equal(identity.gid, 1000);
	assert_null(home);
	assert_int_equal(resolve("1000", &identity, &home), 0);
	assert_int_equal(identity.gid, 0);
	assert_int_equal(resolve("root", &identity, &home), -1);
	said();
	assert_int_equal(user_resolve(in_place("nowhere"), "0", &identity, &home), 0);
	assert_int_equal(user_resolve(in_place("nowhere"), "root", &identity, &home), -1);
	said();
}

/* Only the last of these lines of passwd may count, whose user is 5. */
static void test_malformed_passwd(void **state)
{
	static const char *const rows[] = {
		"u\n", "u:\n", ":\n", "\n", "::::::\n", "#u:x:4:4::/:/bin/sh\n", "u:x:4:4::/\n", "u:x:4:4\n", "u:x:4\n",
		"u:x:4:4::/:/bin/sh:more\n", "u:x:4:4::/:/bin/sh:\n",
		"u:x:-4:4::/:/bin/sh\n", "u:x:+4:4::/:/bin/sh\n", "u:x: 4:4::/:/bin/sh\n", "u:x:4 :4::/:/bin/sh\n", "u:x:4x:4::/:/bin/sh\n",
		"u:x:0x4:4::/:/bin/sh\n", "u:x::4::/:/bin/sh\n", "u:x:4:::/:/bin/sh\n", "u:x:4:-4::/:/bin/sh\n",
		"u:x:4294967295:4::/:/bin/sh\n", "u:x:4294967296:4::/:/bin/sh\n", "u:x:4294967300:4::/:/bin/sh\n",
		"u:x:4:4294967295::/:/bin/sh\n", "u:x:4:4294967296::/:/bin/sh\n", "u:x:18446744073709551620:4::/:/bin/sh\n",
		"U:x:4:4::/:/bin/sh\n", " u:x:4:4::/:/bin/sh\n", "u :x:4:4::/:/bin/sh\n", "uu:x:4:4::/:/bin/sh\n",
		"+::::::\n", "+u::::::\n", "\r\n",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct identity identity;
		const char *home;

		snprintf(text, sizeof text, "%su:x:5:6::/home/u:/bin/sh\nu:x:7:8::/wrong:/bin/sh\n", rows[i]);
		put_file("etc/passwd", text);
		check_int(rows[i], resolve("u", &identity, &home), 0);
		check_int(rows[i], identity.uid, 5);
		check_int(rows[i], identity.gid, 6);
		check_text(rows[i], home, "/home/u");
	}
}

static void test_malformed_group(void **state)
{
	static const char *const rows[] = {
		"g\n", "g:x:4\n", "g:x:4:u:more\n", "g:x:-4:u\n", "g:x:4x:u\n", "g:x::u\n", "g:x:4294967295:u\n", "g:x:4294967296:u\n",
		"\n", ":::\n", "#g:x:4:\n", "gg:x:4:uu,xu,ux\n", "h:x:4:,\n", "h:x:4: u\n", "h:x:4:u \n", "+:::\n",
	};
	char text[256];

	(void)state;
	put_file("etc/passwd", "u:x:1:2::/:\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct identity identity;
		const char *home;

		snprintf(text, sizeof text, "%sg:x:5:x,u\n", rows[i]);
		put_file("etc/group", text);
		check_int(rows[i], resolve("u:g", &identity, &home), 0);
		check_int(rows[i], identity.gid, 5);
		check_int(rows[i], resolve("u", &identity, &home), 0);
		check_int(rows[i], identity.group_count, 2);
		check_int(rows[i], identity.groups[1], 5);
	}
}

/* Text of length bytes ("aaa…"), then the end. */
static char *long_text(const char *start, size_t length, const char *end)
{
	char *text = malloc(strlen(start) + length + strlen(end) + 1);

	assert_non_null(text);
	strcpy(text, start);
	memset(text + strlen(start), 'a', length);
	strcpy(text + strlen(start) + length, end);
	return text;
}

/*
 * An overlong line counts as absent, and the lines after it count, wherever the buffer's end falls. How long
 * that is does not matter much, between 1 and 8 KiB.
 */
static void test_overlong_line(void **state)
{
	static const size_t lengths[] = {
		900, 4050, 4070, 4075, 4080, 4085, 4087, 4088, 4089, 4090, 4091, 4092, 4093, 4094, 4095, 4096, 4097, 5000, 8192, 20000, 100000,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		char *text = long_text("", lengths[i], ":x:1:1::/:\nu:x:5:6::/home/u:/bin/sh\n");
		struct identity identity;
		const char *home;

		put_file("etc/passwd", text);
		free(text);
		check_int("overlong passwd", resolve("u", &identity, &home), 0);
		check_int("overlong passwd", identity.uid, 5);
		text = long_text("g:x:4:", lengths[i], "\ng:x:5:u\n");
		put_file("etc/group", text);
		free(text);
		check_int("overlong group", resolve("u:g", &identity, &home), 0);
		check_true("overlong group", identity.gid == 5 ? lengths[i] > 1024 : identity.gid == 4 && lengths[i] < 8192);
	}
}

/* A file that goes on for ever comes to an end, and what stands behind counts as absent. */
static void test_huge_file(void **state)
{
	enum { LINE = 4000, LINES = 5000 };
	struct identity identity;
	const char *home;
	FILE *file;
	char *line = long_text("", LINE, "\n");

	(void)state;
	put_file("etc/passwd", "u:x:5:6::/:\n");
	file = fopen(in_place("etc/passwd"), "a");
	assert_non_null(file);
	for (int i = 0; i < LINES; i++)
		assert_true(fputs(line, file) >= 0);
	assert_true(fputs("v:x:7:8::/:\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	free(line);
	assert_int_equal(resolve("u", &identity, &home), 0);
	assert_int_equal(resolve("v", &identity, &home), -1);
	said();
}

/* The end of an overlong line is no line of its own, whatever it looks like. */
static void test_end_of_overlong_line(void **state)
{
	char *text = long_text("", 4096, "u:x:4:4::/wrong:/bin/sh\nu:x:5:6::/home/u:/bin/sh\n");
	struct identity identity;
	const char *home;

	(void)state;
	put_file("etc/passwd", text);
	free(text);
	assert_int_equal(resolve("u", &identity, &home), 0);
	assert_int_equal(identity.uid, 5);
}

/* echo -n makes such files, and libc reads them. */
static void test_no_newline_at_the_end(void **state)
{
	struct identity identity;
	const char *home;

	(void)state;
	put_file("etc/passwd", "root:x:0:0::/root:/bin/sh\nu:x:5:6::/home/u:/bin/sh");
	put_file("etc/group", "root:x:0:\ng:x:7:u");
	assert_int_equal(resolve("u:g", &identity, &home), 0);
	assert_int_equal(identity.uid, 5);
	assert_int_equal(identity.gid, 7);
	assert_string_equal(home, "/home/u");
	assert_int_equal(resolve("u", &identity, &home), 0);
	assert_int_equal(identity.group_count, 2);
}

/* A user without a name is in no group, not in every group without members. */
static void test_empty_name(void **state)
{
	struct identity identity;
	const char *home;

	(void)state;
	put_file("etc/passwd", ":x:5:6::/:/bin/sh\n");
	put_file("etc/group", "docker:x:7:\nroot:x:0:\n");
	assert_int_equal(resolve("5", &identity, &home), 0);
	assert_int_equal(identity.uid, 5);
	assert_int_equal(identity.group_count, 1);
}

/* A plan holds only so many. */
static void test_many_groups(void **state)
{
	static char text[32 * (PLAN_GROUPS_MAX + 9)];
	struct identity identity;
	const char *home;

	(void)state;
	text[0] = '\0';
	for (int i = 0; i < PLAN_GROUPS_MAX + 9; i++)
		sprintf(text + strlen(text), "g%d:x:%d:u\n", i, 1000 + i);
	put_file("etc/passwd", "u:x:5:6::/:\n");
	put_file("etc/group", text);
	assert_int_equal(resolve("u", &identity, &home), 0);
	assert_int_equal(identity.group_count, PLAN_GROUPS_MAX);
	assert_int_equal(identity.groups[PLAN_GROUPS_MAX - 1], 1000 + PLAN_GROUPS_MAX - 2);
}

static void test_one_more_group(void **state)
{
	struct identity identity = {.group_count = 0};

	(void)state;
	put_file("etc/passwd", "u:x:5:6::/:\n");
	put_file("etc/group", "g:x:7:\n");
	assert_int_equal(user_add_group(place(), "g", &identity), 0);
	assert_int_equal(user_add_group(place(), "8", &identity), 0);
	assert_int_equal(identity.group_count, 2);
	assert_int_equal(identity.groups[0], 7);
	assert_int_equal(identity.groups[1], 8);
	assert_int_equal(user_add_group(place(), "none", &identity), -1);
	check_part("none", said_line("none"), "no such group");
	identity.group_count = PLAN_GROUPS_MAX;
	assert_int_equal(user_add_group(place(), "g", &identity), -1);
	assert_int_equal(identity.group_count, PLAN_GROUPS_MAX);
	said();
	assert_true(user_exists(place(), "u"));
	assert_true(user_exists(place(), "4711"));
	assert_false(user_exists(place(), "none"));
}

/* A link in a hostile root leads nowhere else. */
static void test_links(void **state)
{
	struct identity identity;
	const char *home;

	(void)state;
	put_file("passwd-outside", "u:x:4:4::/:\n");
	put_file("root/passwd-outside", "u:x:5:5::/:\n");
	put_link("root/etc/passwd", "../../passwd-outside");
	assert_int_equal(user_resolve(in_place("root"), "u", &identity, &home), 0);
	assert_int_equal(identity.uid, 5);
	put_link("loop/etc/passwd", "passwd");
	assert_int_equal(user_resolve(in_place("loop"), "u", &identity, &home), -1);
	put_link("magic/etc/passwd", "/proc/self/fd/0");
	assert_int_equal(user_resolve(in_place("magic"), "u", &identity, &home), -1);
	said();
}

/* What is no file is as good as none, and nothing waits for it. */
static void test_no_regular_file(void **state)
{
	struct identity identity;
	const char *home;

	(void)state;
	put_directory("directory/etc/passwd");
	assert_int_equal(user_resolve(in_place("directory"), "u", &identity, &home), -1);
	put_link("device/etc/passwd", "../zero");
	if (mknod(in_place("device/zero"), S_IFCHR | 0666, makedev(1, 5)) == 0) /* as root */
		assert_int_equal(user_resolve(in_place("device"), "u", &identity, &home), -1);
	put_directory("fifo/etc");
	assert_int_equal(mkfifo(in_place("fifo/etc/passwd"), 0644), 0);
	assert_int_equal(user_resolve(in_place("fifo"), "u", &identity, &home), -1);
	said();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_resolve), test(test_refused), test(test_long_name), test(test_no_files), test(test_malformed_passwd),
		test(test_malformed_group), test(test_overlong_line), test(test_end_of_overlong_line), test(test_huge_file), test(test_no_newline_at_the_end),
		test(test_empty_name), test(test_many_groups), test(test_one_more_group), test(test_links), test(test_no_regular_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
