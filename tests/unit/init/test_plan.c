/* SPDX-License-Identifier: MIT
 *
 * What a plan becomes: namespaces, identity, directory and environment of each role, and what is refused.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "fake.h"
#include "option.h"
#include "unit.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)

enum {
	STANDARD = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWCGROUP,
};

static struct plan *used;

/* env_build() is made to be called once, and puts the environment where it put the one before. */
static void forget_environment(void)
{
	if (used && used->envp && used->envp != environ)
		for (char **variable = used->envp; *variable; variable++)
			*variable = NULL;
}

/* The plan of a command line, ready to be completed. "@" in it stands for a rootfs with a few users. */
static struct plan *plan_of(const char *text)
{
	static char line[4096];
	char *environment[] = {NULL};
	struct plan *plan;
	const char *at = strchr(text, '@');
	char **argv;
	int program;

	forget_environment();
	plan = new_plan();
	snprintf(line, sizeof line, "%.*s%s%s", (int)(at ? at - text : (long)strlen(text)), text, at ? place() : "", at ? at + 1 : "");
	argv = words(line);
	program = option_parse(&option_nsinit, plan, argv, environment);
	check_true(text, program > 0);
	plan->argv = argv + program;
	return used = plan;
}

static void put_users(void)
{
	put_file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1001::/home/alice:/bin/sh\nbob:x:1002:1002:::\n");
	put_file("etc/group", "root:x:0:\nwheel:x:10:alice,bob\nstaff:x:50:alice\n");
}

static const char *variable(const struct plan *plan, const char *name)
{
	size_t length = strlen(name);

	for (char **at = plan->envp; *at; at++)
		if (strncmp(*at, name, length) == 0 && (*at)[length] == '=')
			return *at + length + 1;
	return NULL;
}

static void test_namespaces(void **state)
{
	static const struct {
		const char *words;
		unsigned long as_root, as_user;
	} rows[] = {
		{"x", STANDARD, STANDARD | CLONE_NEWUSER},
		{"--unshare uts x", STANDARD, STANDARD | CLONE_NEWUSER},
		{"--unshare net x", STANDARD | CLONE_NEWNET, STANDARD | CLONE_NEWNET | CLONE_NEWUSER},
		{"--unshare user x", STANDARD | CLONE_NEWUSER, STANDARD | CLONE_NEWUSER},
		{"--share uts,ipc,cgroup x", CLONE_NEWPID | CLONE_NEWNS, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUSER},
		{"--share net x", STANDARD, STANDARD | CLONE_NEWUSER},
		{"--net none x", STANDARD | CLONE_NEWNET, STANDARD | CLONE_NEWNET | CLONE_NEWUSER},
		{"--net host x", STANDARD, STANDARD | CLONE_NEWUSER},
		{"--net veth x", STANDARD | CLONE_NEWNET, STANDARD | CLONE_NEWNET | CLONE_NEWUSER},
		{"--net 1 x", STANDARD, STANDARD | CLONE_NEWUSER},
		{"--net name x", STANDARD, STANDARD | CLONE_NEWUSER},
		{"--net /proc/1/ns/net x", STANDARD, STANDARD | CLONE_NEWUSER},
		{"--unshare time x", STANDARD | CLONE_NEWTIME, STANDARD | CLONE_NEWTIME | CLONE_NEWUSER},
		{"--clock-offset boottime=0 x", STANDARD | CLONE_NEWTIME, STANDARD | CLONE_NEWTIME | CLONE_NEWUSER},
		{"--share uts --net none x", (STANDARD & ~CLONE_NEWUTS) | CLONE_NEWNET,
		 (STANDARD & ~CLONE_NEWUTS) | CLONE_NEWNET | CLONE_NEWUSER},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int root = 0; root <= 1; root++) {
			struct plan *plan = plan_of(rows[i].words);

			fake_capable(root);
			check_int(rows[i].words, plan_container(plan), 0);
			check_int(rows[i].words, plan->namespaces, root ? rows[i].as_root : rows[i].as_user);
			check_text(rows[i].words, said(), "");
		}
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *words;
		bool capable;
		const char *said;
	} rows[] = {
		{"--hostname h", true, "no program given; "},
		{"-R @ --", true, "no program given; "},
		{"--hostname h -P x", true, "--pause x: takes no program; "},
		{"--share pid x", true, "--share"},
		{"--share mount x", true, "--share"},
		{"--share uts,mount x", true, "--share"},
		{"--share user x", false, "--share user"},
		{"--net host --unshare net x", true, "--net host: "},
		{"--net none --share net x", true, "--net none: "},
		{"--share net --unshare net x", true, "--unshare and --share name the same namespace; "},
		{"-s -R @ x", true, "--subreaper: "},
		{"--read-only x", true, "--read-only: "},
		{"--ephemeral x", true, "--ephemeral: "},
		{"--overlay /o x", true, "--overlay: "},
		{"-R @ --overlay /o --ephemeral x", true, "--overlay /o: "},
		{"--map-uid 0:1000:1 x", true, "--map-gid: "}, /* both or none */
		{"--map-gid 0:1000:1 x", true, "--map-uid, "},
		{"--map-uid 1:1000:9 --map-gid 0:1000:1 x", true, "--map-uid, "}, /* PID 1 is 0 */
		{"-R @ --bind /a:/b --volume /c:/d:ro,idmap x", true, "--volume /c: idmap needs "},
		{"-R @ --bind /c:/d:idmap x", false, "--bind /c: idmap needs "}, /* one id is no map for a file system */
		{"-R @ --user nobody x", true, "--user nobody: "},
		{"-R @ --user alice:nobody x", true, "--user alice:nobody: "},
		{"-R @ --conf /nowhere x", true, "--conf /nowhere: No such file or directory; "},
	};

	(void)state;
	put_users();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = plan_of(rows[i].words);

		fake_capable(rows[i].capable);
		check_int(rows[i].words, plan_container(plan), -1);
		check_part(rows[i].words, said_line(rows[i].words), rows[i].said);
	}
}

/* Without a uts namespace the name would be the host's. */
static void test_name_needs_uts(void **state)
{
	static const char *const rows[] = {"--share uts --hostname h x", "--share uts --domainname d x"};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(rows[i], plan_container(plan_of(rows[i])), -1);
		check_part(rows[i], said_line(rows[i]), "uts");
	}
}

static void test_refused_as_entrypoint(void **state)
{
	static const struct {
		const char *words, *said;
	} rows[] = {
		{"", "no program given; "},
		{"-s", "no program given; "},
		{"-P x", "--pause x: takes no program; "},
		{"-P --on HUP=/bin/true", "--pause --on: there is no program; "},
		{"-P --restart HUP", "--pause --restart: there is no program; "},
		{"-P --wait", "--pause --wait: there is no program; "},
		{"--user nobody-of-that-name x", "--user nobody-of-that-name: "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(rows[i].words, plan_entrypoint(plan_of(rows[i].words)), -1);
		check_part(rows[i].words, said_line(rows[i].words), rows[i].said);
	}
}

static void test_entrypoint(void **state)
{
	struct plan *plan;

	(void)state;
	for (int pause = 0; pause <= 1; pause++) {
		plan = plan_of(pause ? "-P" : "-g x y");
		fake_capable(false);
		assert_int_equal(plan_entrypoint(plan), 0);
		assert_int_equal(plan->namespaces, 0);
		assert_false(plan->identity.set);
		assert_false(plan->identity.clear_groups);
		assert_null(plan->cwd);
		assert_ptr_equal(plan->envp, environ);
	}
	plan = plan_of("--user 4711:4712 x");
	assert_int_equal(plan_entrypoint(plan), 0);
	assert_true(plan->identity.set);
	assert_int_equal(plan->identity.uid, 4711);
	assert_int_equal(plan->identity.gid, 4712);
	assert_string_equal(variable(plan, "HOME"), "/"); /* nobody has an entry for it */
}

/* Who the program is: ids inside, groups, what is mapped to whom, and HOME. The caller is 1234:1235. */
static void test_identity(void **state)
{
	static const struct {
		const char *words;
		bool capable, set, clear_groups;
		unsigned uid, gid, groups;
		const char *home; /* NULL: stays */
	} rows[] = {
		/* as root */
		{"x", true, false, false, 0, 0, 0, NULL},
		{"-R @ x", true, false, true, 0, 0, 0, "/root"},
		{"-R @ --user alice x", true, true, true, 1000, 1001, 2, "/home/alice"},
		{"-R @ --user alice:wheel x", true, true, true, 1000, 10, 0, "/home/alice"},
		{"-R @ --user 1000 x", true, true, true, 1000, 1001, 2, "/home/alice"},
		{"-R @ --user bob x", true, true, true, 1002, 1002, 1, "/"},
		{"-R @ --user 77 x", true, true, true, 77, 0, 0, "/"},
		{"-R @ --user 77:78 x", true, true, true, 77, 78, 0, "/"},
		{"--user 77:78 x", true, true, false, 77, 78, 0, "/"},
		{"--unshare user x", true, true, false, 1234, 1235, 0, NULL},
		{"--unshare user -R @ x", true, true, false, 0, 0, 0, "/root"},
		/* as an ordinary user */
		{"x", false, true, false, 1234, 1235, 0, NULL},
		{"-R @ x", false, true, false, 0, 0, 0, "/root"},
		{"-R @ --user alice x", false, true, false, 1000, 1001, 0, "/home/alice"},
		{"-R @ --user 77:78 x", false, true, false, 77, 78, 0, "/"},
		{"--user 0 x", false, true, false, 0, 0, 0, NULL}, /* that one's home, whatever it is here */
	};

	(void)state;
	put_users();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = plan_of(rows[i].words);
		const struct identity *identity = &plan->identity;

		fake_capable(rows[i].capable);
		fake_ids(1234, 1235);
		check_int(rows[i].words, plan_container(plan), 0);
		check_int(rows[i].words, identity->set, rows[i].set);
		check_int(rows[i].words, identity->uid, rows[i].uid);
		check_int(rows[i].words, identity->gid, rows[i].gid);
		check_int(rows[i].words, identity->group_count, rows[i].groups + (plan->user && !(plan->namespaces & CLONE_NEWUSER)));
		if (plan->namespaces & CLONE_NEWUSER) {
			check_int(rows[i].words, identity->outer_uid, 1234);
			check_int(rows[i].words, identity->outer_gid, 1235);
		} else {
			check_int(rows[i].words, identity->clear_groups, rows[i].clear_groups);
		}
		if (rows[i].home)
			check_text(rows[i].words, variable(plan, "HOME"), rows[i].home);
	}
}

/* Ranges of ids need a user namespace, and the program may be anybody in them. */
static void test_maps(void **state)
{
	struct plan *plan = plan_of("--map-uid 5:2000:10 --map-uid 0:1000:1 --map-gid 0:3000:5 --user 7:1 x");

	(void)state;
	assert_int_equal(plan_container(plan), 0);
	assert_true(plan->namespaces & CLONE_NEWUSER);
	assert_int_equal(plan->uid_map.count, 2);
	assert_int_equal(plan->gid_map.count, 1);
	assert_true(plan->identity.set && plan->identity.clear_groups);
	assert_int_equal(plan->identity.uid, 7);
	assert_int_equal(plan->identity.gid, 1);
}

/* We are in no namespace but our own, and what makes a container makes no sense beside it. */
static void test_join_refused(void **state)
{
	char text[64];

	(void)state;
	snprintf(text, sizeof text, "--join %d x", (int)getpid());
	assert_int_equal(plan_join(plan_of(text)), -1);
	check_part(text, said_line(text), "it is in no namespace but ours; ");
	assert_int_equal(plan_join(plan_of("--join 2147483647 x")), -1);
	check_part("no such process", said_line("no such process"), "--join 2147483647: No such process; ");
	assert_int_equal(plan_join(plan_of("--join 1 -R / x")), -1);
	check_part("rootfs", said_line("rootfs"), "--join 1: makes no container; ");
	assert_int_equal(plan_join(plan_of("--join 2147483647 --tty new x")), -1); /* which makes none */
	check_part("tty", said_line("tty"), "--join 2147483647: No such process; ");
	assert_int_equal(plan_join(plan_of("--join 1")), -1);
	check_part("no program", said_line("no program"), "no program given; ");
}

/* Docker's set without MKNOD in a container, what we have elsewhere, and what is asked for beside or instead. */
static void test_capabilities(void **state)
{
	static const uint64_t all = ~UINT64_C(0), usual =
		CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FSETID) | CAP(FOWNER) | CAP(NET_RAW) | CAP(SETGID) | CAP(SETUID) | CAP(SETFCAP) |
		CAP(SETPCAP) | CAP(NET_BIND_SERVICE) | CAP(SYS_CHROOT) | CAP(KILL) | CAP(AUDIT_WRITE);
	const struct {
		const char *words;
		bool container, limited, filtered;
		uint64_t capabilities;
	} rows[] = {
		{"x", true, true, true, usual},
		{"-R @ x", true, true, true, usual},
		{"--cap-add NET_ADMIN x", true, true, true, usual | CAP(NET_ADMIN)},
		{"--cap-drop KILL,CHOWN x", true, true, true, usual & ~CAP(KILL) & ~CAP(CHOWN)},
		{"--cap-drop ALL x", true, true, true, 0},
		{"--cap-drop ALL --cap-add SYS_TIME x", true, true, true, CAP(SYS_TIME)},
		{"--cap-add SYS_TIME --cap-drop ALL x", true, true, true, CAP(SYS_TIME)},
		{"--privileged x", true, false, false, all},
		{"--privileged --cap-drop SYS_TIME x", true, true, false, all & ~CAP(SYS_TIME)},
		{"--privileged --seccomp default x", true, false, true, all},
		{"--seccomp none x", true, true, false, usual},
		{"x", false, false, false, all},
		{"--cap-drop SYS_TIME x", false, true, false, all & ~CAP(SYS_TIME)},
		{"--seccomp default x", false, false, true, all},
	};
	static const uint64_t known = (2ULL << CAP_LAST_CAP) - 1;

	(void)state;
	put_users();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = plan_of(rows[i].words);

		check_int(rows[i].words, rows[i].container ? plan_container(plan) : plan_entrypoint(plan), 0);
		check_int(rows[i].words, plan->limit_capabilities, rows[i].limited);
		check_int(rows[i].words, plan->seccomp, rows[i].filtered);
		check_int(rows[i].words, plan->capabilities & known, rows[i].capabilities & known);
	}
}

/* The kernel guards /proc by the ids of its files, so a user namespace helps only where root of outside is nobody inside. */
static void test_masks(void **state)
{
	static const struct {
		const char *words;
		unsigned uid, gid;
		bool masks;
	} rows[] = {
		{"-R @ x", 0, 0, true},
		{"-R @ --unshare user x", 0, 0, true},
		{"-R @ --unshare user x", 1000, 1000, false},
		{"-R @ --unshare user x", 1000, 0, true},
		{"-R @ --map-uid 0:100000:9 --map-gid 0:100000:9 x", 0, 0, false},
		{"-R @ --map-uid 0:100000:9 --map-uid 9:0:1 --map-gid 0:100000:9 x", 0, 0, true},
		{"-R @ --map-uid 0:100000:9 --map-gid 0:0:9 x", 0, 0, true},
		{"-R @ --privileged x", 0, 0, false},
		{"--unshare user x", 0, 0, false}, /* the host's root */
	};

	(void)state;
	put_users();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = plan_of(rows[i].words);

		fake_ids(rows[i].uid, rows[i].gid);
		check_int(rows[i].words, plan_container(plan), 0);
		check_int(rows[i].words, plan->masks, rows[i].masks);
	}
}

static void test_directory(void **state)
{
	static const struct {
		const char *words, *cwd;
	} rows[] = {
		{"x", NULL}, {"--cwd /tmp x", "/tmp"}, {"-R @ x", "/"}, {"-R @ --cwd /tmp x", "/tmp"}, {"--hostname h x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = plan_of(rows[i].words);

		check_int(rows[i].words, plan_container(plan), 0);
		check_text(rows[i].words, plan->cwd, rows[i].cwd);
	}
}

/* The log's descriptor is not for the program. */
static void test_log_is_close_on_exec(void **state)
{
	char text[64];
	int fd = dup(STDERR_FILENO);

	(void)state;
	snprintf(text, sizeof text, "--log-fd %d x", fd);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(plan_entrypoint(plan_of(text)), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(plan_entrypoint(plan_of("--log-fd 2 x")), 0);
	assert_int_equal(fcntl(STDERR_FILENO, F_GETFD), 0); /* but stderr is */
}

/* Where else should it be said? */
static void test_log_is_not_open(void **state)
{
	int (*const complete[])(struct plan *) = {plan_container, plan_entrypoint};

	(void)state;
	for (size_t i = 0; i < COUNT(complete); i++) {
		struct plan *plan = plan_of("--log-fd 777 x");
		int result;

		capture(STDERR_FILENO);
		result = complete[i](plan);
		assert_string_equal(captured(), "nsinit: --log-fd 777: Bad file descriptor; open it in the caller, as in 777>log\n");
		assert_int_equal(result, -1);
	}
}

static void test_isolates(void **state)
{
	static const struct {
		const char *words;
		bool isolates;
	} rows[] = {
		{"x", false}, {"-sgcwv --user 0 --env A=1 --clear-env --cwd / --grace 1 x", false}, {"-P", false},
		{"-R / x", true}, {"--bind /a x", true}, {"--tmpfs /a x", true}, {"--conf c x", true}, {"--unshare net x", true},
		{"--share net x", true}, {"--net host x", true}, {"--hostname h x", true}, {"--domainname d x", true}, {"--read-only x", true},
		{"--ephemeral x", true}, {"--overlay /o x", true}, {"--map-uid auto x", true}, {"--map-gid 0:0:1 x", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_int(rows[i].words, plan_isolates(plan_of(rows[i].words)), rows[i].isolates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_namespaces), test(test_refused), test(test_name_needs_uts), test(test_refused_as_entrypoint), test(test_entrypoint), test(test_identity),
		test(test_maps), test(test_join_refused), test(test_capabilities), test(test_masks),
		test(test_directory), test(test_log_is_close_on_exec), test(test_log_is_not_open),
		test(test_isolates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
