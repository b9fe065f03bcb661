/* SPDX-License-Identifier: MIT
 *
 * Every step of a start has words: one line, with the object, the reason and the remedy.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>

#include "fault.h"
#include "hierarchy.h"
#include "mount.h"
#include "unit.h"

/* A plan in which every step has an object. */
static struct plan *full_plan(void)
{
	static char *argv[] = {NULL, (char *)"/bin/program", NULL};
	struct plan *plan = new_plan();

	plan->argv = argv + 1;
	plan->namespaces = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUSER;
	plan->rootfs = "/my/root";
	plan->cwd = "/my/cwd";
	plan->hostname = "my-host";
	plan->domainname = "my-domain";
	plan->net = "my-net";
	plan->network = (struct network){
		.kind = NETWORK_VETH, .host = "left", .name = "right", .bridge = "my-bridge", .route_count = 2,
		.routes = {{ROUTE_GATEWAY, {.text = "10.0.0.1"}}, {ROUTE_HOST, {.text = "10.0.0.2/24"}}},
	};
	plan->user = "my-user";
	plan->mounts[0] = (struct mount_entry){.kind = MOUNT_TMPFS, .target = "/my/tmpfs", .option = "tmpfs"};
	plan->mounts[1] = (struct mount_entry){.kind = MOUNT_BIND, .source = "/my/source", .target = "/my/target", .option = "volume"};
	plan->mount_count = 2;
	plan->landlock[0] = (struct landlock_rule){.kind = LANDLOCK_RW, .object = "/my/tree"};
	plan->landlock[1] = (struct landlock_rule){.kind = LANDLOCK_BIND, .object = "80"};
	plan->landlock_count = 2;
	return plan;
}

static const char *report(const char *row, struct fault fault, int status)
{
	check_int(row, fault_report(full_plan(), &fault), status);
	return said_line(row);
}

static bool is_step(enum step step)
{
	return step != STEP_NONE && step != STEP_CONTAINER_END;
}

static const char *step_row(enum step step, int error)
{
	static char text[64];

	snprintf(text, sizeof text, "step %d, %s", step, strerror(error));
	return text;
}

/* "nsinit: SUBJECT [OBJECT]: REASON; REMEDY", whatever the step and whatever the reason. */
static void test_every_step(void **state)
{
	(void)state;
	for (int step = 0; step < STEP_COUNT; step++) {
		for (int error = 1; is_step((enum step)step) && error < 134; error++) {
			struct fault fault = {.step = (enum step)step, .error = error, .index = 1};
			const char *row = step_row((enum step)step, error), *line, *reason;
			char wanted[128];

			fault_report(full_plan(), &fault);
			line = said_line(row);
			snprintf(wanted, sizeof wanted, ": %s; ", strerror(error));
			reason = strstr(line, wanted);
			check_true(row, reason && reason > line + strlen("nsinit: "));
			check_true(row, strlen(reason) > strlen(wanted) + 5);  /* and a remedy */
			check_true(row, !strstr(line, "(null)") && !strstr(line, "  ") && !strstr(line, " :"));
		}
	}
}

static void test_status(void **state)
{
	static const struct {
		enum step step;
		int error, status;
	} rows[] = {
		{STEP_EXEC, ENOENT, 127}, {STEP_EXEC, ENOTDIR, 127}, {STEP_EXEC, EACCES, 126}, {STEP_EXEC, ENOEXEC, 126},
		{STEP_EXEC, E2BIG, 126},  {STEP_EXEC, ELOOP, 126},   {STEP_EXEC, EPERM, 126},  {STEP_EXEC, EISDIR, 126},
		{STEP_CWD, ENOENT, 125},  {STEP_UID, EPERM, 125},    {STEP_ROOT, ENOENT, 125}, {STEP_CLONE, EPERM, 125},
		{STEP_VFORK, EAGAIN, 125},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		report(step_row(rows[i].step, rows[i].error), (struct fault){.step = rows[i].step, .error = rows[i].error}, rows[i].status);
}

/* A message names the thing that it is about. */
static void test_objects(void **state)
{
	static const struct {
		enum step step;
		int index;
		const char *part;
	} rows[] = {
		{STEP_CGROUP_FIND, CGROUP_MEMORY, "--memory: "},
		{STEP_CGROUP_MAKE, CGROUP_CPU, "--cpus: "},
		{STEP_CGROUP_LIMITS, CGROUP_PIDS, "--pids: "},
		{STEP_CLONE, 0, " pid"},
		{STEP_CLONE, 0, " net"},
		{STEP_CLONE, 0, " user"},
		{STEP_SOURCES, 1, "--volume /my/source: "},
		{STEP_IDMAPPED, 1, "ids of --volume /my/source: "},
		{STEP_SOURCES, FAULT_HOST_NODES, "/dev"},
		{STEP_SOURCES, FAULT_PROC, "/proc"},
		{STEP_SOURCES, FAULT_SYS, "/sys"},
		{STEP_NETNS, 0, "--net my-net: "},
		{STEP_NETWORK, FAULT_PAIR, "--net veth, host=left name=right: "},
		{STEP_NETWORK, FAULT_BRIDGE, "--net veth, bridge=my-bridge: "},
		{STEP_NETWORK, FAULT_LINK, "--net veth: "},
		{STEP_NETWORK, 0, "--net veth, route=10.0.0.1: "},
		{STEP_NETWORK, 1, "--net veth, host-address=10.0.0.2/24: "},
		{STEP_LANDLOCK, -1, "--landlock: "},
		{STEP_LANDLOCK, 0, "--landlock rw:/my/tree: "},
		{STEP_LANDLOCK, 1, "--landlock bind:80: "},
		{STEP_ROOT, 0, "--rootfs /my/root: "},
		{STEP_BINDS, 0, "--tmpfs /my/tmpfs: "},
		{STEP_BINDS, 1, "--volume /my/target: "},
		{STEP_HOSTNAME, 0, "--hostname my-host: "},
		{STEP_DOMAINNAME, 0, "--domainname my-domain: "},
		{STEP_GROUPS, 0, " user 0:0: "},
		{STEP_GID, 0, " user 0:0: "},
		{STEP_UID, 0, "user 0:0: "},
		{STEP_CWD, 0, "--cwd /my/cwd: "},
		{STEP_EXEC, 0, " /bin/program: "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault fault = {.step = rows[i].step, .error = EIO, .index = rows[i].index};

		fault_report(full_plan(), &fault);
		check_part(rows[i].part, said_line(rows[i].part), rows[i].part);
	}
}

static void test_every_mount_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < mount_row_count; i++) {
		char part[64];

		snprintf(part, sizeof part, "/%s: ", mount_rows[i].target);
		check_part(part, report(part, (struct fault){.step = STEP_MOUNTS, .error = EIO, .index = (int)i}, 125), part);
	}
}

/* The ids of a container can fail without --user: the message must not name a user that nobody gave. */
static void test_ids_without_user(void **state)
{
	static const enum step steps[] = {STEP_GROUPS, STEP_GID, STEP_UID};

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct plan *plan = full_plan();
		struct fault fault = {.step = steps[i], .error = EPERM};
		const char *row = step_row(steps[i], EPERM), *line;

		plan->user = NULL;
		fault_report(plan, &fault);
		line = said_line(row);
		check_true(row, !strstr(line, "(null)") && !strstr(line, " :"));
	}
}

/* A path that is longer than a line may be cut, and the line still ends. */
static void test_long_object(void **state)
{
	static char path[6000];
	struct plan *plan = full_plan();
	struct fault fault = {.step = STEP_ROOT, .error = ENAMETOOLONG};

	(void)state;
	memset(path, 'p', sizeof path - 1);
	plan->rootfs = path;
	assert_int_equal(fault_report(plan, &fault), 125);
	check_part("long", said_line("long"), ": File name too long; ");
}

/* What was being done decides on the remedy. */
static void test_network_remedies(void **state)
{
	static const struct {
		int index, error;
		const char *part;
	} rows[] = {
		{FAULT_PAIR, EPERM, "; only root (CAP_NET_ADMIN)"}, {FAULT_PAIR, EEXIST, "; there is an interface of this name"},
		{FAULT_BRIDGE, ENODEV, "; make it first"}, {FAULT_BRIDGE, EOPNOTSUPP, "no bridge; give a bridge"},
		{FAULT_PAIR, EOPNOTSUPP, "; this kernel has no veth"}, {0, ENETUNREACH, "; the gateway must be"}, {0, EEXIST, "; there is one already"},
		{1, EEXIST, "; it is given twice"}, {1, EACCES, "; IPv6 is switched off"}, {1, ENETUNREACH, "; see nsinit --check"},
		{FAULT_LINK, EEXIST, "; see nsinit --check"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fault fault = {.step = STEP_NETWORK, .index = rows[i].index, .error = rows[i].error};

		fault_report(full_plan(), &fault);
		check_part(rows[i].part, said_line(rows[i].part), rows[i].part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_every_step), test(test_status), test(test_objects), test(test_network_remedies), test(test_every_mount_row), test(test_ids_without_user),
		test(test_long_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
