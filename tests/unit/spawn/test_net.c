/* SPDX-License-Identifier: MIT
 *
 * Entering a network that is there: what is opened, what is refused, and that the launcher comes back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"
#include "net.h"
#include "spawn.h"
#include "unit.h"

static struct plan *plan_with(enum network_kind kind, const char *path)
{
	struct plan *plan = new_plan();

	plan->network = (struct network){.kind = kind, .path = path, .pid = 4711};
	return plan;
}

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_stays(void **state)
{
	static const enum network_kind kinds[] = {NETWORK_HOST, NETWORK_NONE, NETWORK_VETH};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		assert_int_equal(net_enter(plan_with(kinds[i], NULL)), NET_STAYED);
		assert_false(net_joins(plan_with(kinds[i], NULL)));
	}
	net_leave(NET_STAYED);
	assert_string_equal(fake_text(), "");
}

static void test_enters(void **state)
{
	static const struct {
		enum network_kind kind;
		const char *path, *opened;
	} rows[] = {{NETWORK_PID, NULL, "sys_pidfd 4711"}, {NETWORK_PATH, "/proc/self/ns/net", "openat /proc/self/ns/net"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int before = open_descriptors(), own;

		fake_reset();
		fake_real("ioctl");
		own = net_enter(plan_with(rows[i].kind, rows[i].path));
		check_true(rows[i].opened, own >= 0);
		check_text(rows[i].opened, fake_line(0), rows[i].opened);
		check_int(rows[i].opened, fake_count("setns"), 1);
		check_int(rows[i].opened, open_descriptors(), before + 1);
		net_leave(own);
		check_int(rows[i].opened, fake_count("setns"), 2);
		check_int(rows[i].opened, open_descriptors(), before);
	}
}

/* Nothing but a network namespace will do, and whatever is there instead is not touched. */
static void test_refuses(void **state)
{
	const struct {
		const char *path;
		int error;
	} rows[] = {
		{"/nowhere", ENOENT}, {"/etc/passwd", EINVAL}, {"/", EINVAL}, {"/dev/null", EINVAL}, {"/proc/self/ns/mnt", EINVAL},
		{in_place("pipe"), EINVAL},
	};

	(void)state;
	assert_int_equal(mkfifo(in_place("pipe"), 0600), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int before = open_descriptors();

		fake_reset();
		fake_real("ioctl");
		check_int(rows[i].path, net_enter(plan_with(NETWORK_PATH, rows[i].path)), NET_FAILED);
		check_int(rows[i].path, errno, rows[i].error);
		check_int(rows[i].path, fake_count("setns"), 0);
		check_int(rows[i].path, open_descriptors(), before);
	}
}

static void test_fails(void **state)
{
	static const struct {
		const char *call;
		int error;
	} rows[] = {{"sys_pidfd", ESRCH}, {"openat", EACCES}, {"setns", EPERM}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int before = open_descriptors();

		fake_reset();
		fake_fail(rows[i].call, 1, rows[i].error);
		check_int(rows[i].call, net_enter(plan_with(NETWORK_PID, NULL)), NET_FAILED);
		check_int(rows[i].call, errno, rows[i].error);
		check_int(rows[i].call, open_descriptors(), before);
	}
}

/* Without a socket there is no pair, and nothing stays open. */
static void test_connect_fails(void **state)
{
	(void)state;
	for (int nth = 1; nth <= 2; nth++) {
		int before = open_descriptors(), which = 99;

		fake_reset();
		fake_fail("socket", nth, EMFILE);
		assert_int_equal(net_connect(plan_with(NETWORK_VETH, NULL), 4711, &which), -1);
		assert_int_equal(which, FAULT_PAIR);
		assert_int_equal(open_descriptors(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_stays), test(test_enters), test(test_refuses), test(test_fails), test(test_connect_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
