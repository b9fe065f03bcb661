/* SPDX-License-Identifier: MIT
 *
 * The filter of a service, run by an interpreter: each restriction and what it refuses, system calls by name, every number there may be,
 * and other architectures.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "bpf.h"
#include "calls.h"
#include "filter.h"
#include "seccomp.h"
#include "unit.h"

enum { NUMBERS = PLAN_CALLS + 100, KILLED = -1, LOGGED = -2 };

static struct sock_filter program[FILTER_INSTRUCTIONS_MAX];
static size_t length;
static struct filter filter;

static void compile(void)
{
	memset(program, 0xff, sizeof program);
	length = filter_compile(&filter, program);
	assert_in_range(length, 1, FILTER_INSTRUCTIONS_MAX);
}

static void compile_restrictions(unsigned restrictions)
{
	filter = (struct filter){.restrictions = restrictions};
	compile();
}

/* 0: allowed; the errno; or one of the above. */
static int run(const struct seccomp_data *data)
{
	const uint32_t action = bpf_run(program, length, data);

	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return 0;
	case SECCOMP_RET_LOG:
		return LOGGED;
	case SECCOMP_RET_KILL_PROCESS:
		return KILLED;
	default:
		assert_int_equal(action & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO);
		return (int)(action & SECCOMP_RET_DATA);
	}
}

static int call(int number, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
	const struct seccomp_data data = {.nr = number, .arch = SECCOMP_ARCHITECTURE, .args = {first, second, third, fourth}};

	return run(&data);
}

/* Each with its restriction alone. */
static const struct row {
	const char *name;
	unsigned restriction;
	int number;
	uint64_t arguments[4];
	int result;
} rows[] = {
	{"realtime", RESTRICTS(REALTIME), SYS_sched_setscheduler, {0, SCHED_FIFO}, EPERM},
	{"realtime, round robin", RESTRICTS(REALTIME), SYS_sched_setscheduler, {0, SCHED_RR}, EPERM},
	{"realtime, deadline", RESTRICTS(REALTIME), SYS_sched_setscheduler, {0, 6}, EPERM},
	{"realtime, other", RESTRICTS(REALTIME), SYS_sched_setscheduler, {0, SCHED_OTHER}, 0},
	{"realtime, batch", RESTRICTS(REALTIME), SYS_sched_setscheduler, {0, SCHED_BATCH}, 0},
	{"realtime, idle", RESTRICTS(REALTIME), SYS_sched_setscheduler, {0, SCHED_IDLE}, 0},
	{"realtime, a flag", RESTRICTS(REALTIME), SYS_sched_setscheduler, {0, SCHED_FIFO | 0x40000000}, EPERM},
	{"realtime, attributes", RESTRICTS(REALTIME), SYS_sched_setattr, {0}, EPERM},
	{"SUID by fchmod", RESTRICTS(SUID), SYS_fchmod, {3, 04755}, EPERM},
	{"SGID by fchmod", RESTRICTS(SUID), SYS_fchmod, {3, 02755}, EPERM},
	{"fchmod", RESTRICTS(SUID), SYS_fchmod, {3, 01777}, 0},
	{"SUID by fchmodat", RESTRICTS(SUID), SYS_fchmodat, {3, 0, 04755}, EPERM},
	{"SUID by fchmodat2", RESTRICTS(SUID), 452, {3, 0, 04755}, EPERM},
	{"SGID directory", RESTRICTS(SUID), SYS_mkdirat, {3, 0, 02755}, EPERM},
	{"SUID node", RESTRICTS(SUID), SYS_mknodat, {3, 0, 04644}, EPERM},
	{"SUID file", RESTRICTS(SUID), SYS_openat, {3, 0, O_CREAT | O_WRONLY, 04755}, EPERM},
	{"SUID temporary file", RESTRICTS(SUID), SYS_openat, {3, 0, O_TMPFILE | O_WRONLY, 04755}, EPERM},
	{"a file that is there", RESTRICTS(SUID), SYS_openat, {3, 0, O_WRONLY, 04755}, 0},
	{"a directory that is there", RESTRICTS(SUID), SYS_openat, {3, 0, O_DIRECTORY, 04755}, 0},
	{"a file", RESTRICTS(SUID), SYS_openat, {3, 0, O_CREAT | O_WRONLY, 0644}, 0},
	{"openat2, whose mode is in memory", RESTRICTS(SUID), SYS_openat2, {0}, ENOSYS},
	{"personality", RESTRICTS(PERSONALITY), SYS_personality, {0x40000}, EPERM},
	{"personality, ask", RESTRICTS(PERSONALITY), SYS_personality, {0xffffffff}, 0},
	{"personality, plain", RESTRICTS(PERSONALITY), SYS_personality, {0}, 0},
#ifdef SYS_mmap
	{"executable memory", RESTRICTS(EXECUTABLE_MEMORY), SYS_mmap, {0, 1, PROT_WRITE | PROT_EXEC}, EPERM},
	{"memory to run", RESTRICTS(EXECUTABLE_MEMORY), SYS_mmap, {0, 1, PROT_READ | PROT_EXEC}, 0},
	{"memory to write", RESTRICTS(EXECUTABLE_MEMORY), SYS_mmap, {0, 1, PROT_READ | PROT_WRITE}, 0},
#endif
	{"memory becomes executable", RESTRICTS(EXECUTABLE_MEMORY), SYS_mprotect, {0, 1, PROT_READ | PROT_EXEC}, EPERM},
	{"the same with a key", RESTRICTS(EXECUTABLE_MEMORY), SYS_pkey_mprotect, {0, 1, PROT_EXEC}, EPERM},
	{"mprotect", RESTRICTS(EXECUTABLE_MEMORY), SYS_mprotect, {0, 1, PROT_READ}, 0},
	{"shared executable memory", RESTRICTS(EXECUTABLE_MEMORY), SYS_shmat, {0, 0, 0100000}, EPERM},
	{"clock", RESTRICTS(CLOCK), SYS_adjtimex, {0}, EPERM},
	{"clock_adjtime", RESTRICTS(CLOCK), SYS_clock_adjtime, {0}, EPERM},
#ifdef SYS_settimeofday
	{"settimeofday", RESTRICTS(CLOCK), SYS_settimeofday, {0}, EPERM},
#endif
	{"module", RESTRICTS(MODULES), SYS_init_module, {0}, EPERM},
	{"module in a file", RESTRICTS(MODULES), SYS_finit_module, {0}, EPERM},
	{"module away", RESTRICTS(MODULES), SYS_delete_module, {0}, EPERM},
	{"kernel log", RESTRICTS(LOGS), SYS_syslog, {3}, EPERM},
	{"host name", RESTRICTS(HOSTNAME), SYS_sethostname, {0}, EPERM},
	{"domain name", RESTRICTS(HOSTNAME), SYS_setdomainname, {0}, EPERM},
#ifdef SYS_ioperm
	{"ports", RESTRICTS(DEVICES), SYS_ioperm, {0}, EPERM},
	{"all ports", RESTRICTS(DEVICES), SYS_iopl, {3}, EPERM},
#endif
};

static void test_restrictions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const uint64_t *arguments = rows[i].arguments;

		compile_restrictions(rows[i].restriction);
		check_int(rows[i].name, call(rows[i].number, arguments[0], arguments[1], arguments[2], arguments[3]), rows[i].result);
		compile_restrictions(RESTRICTS(ARCHITECTURES)); /* and without it */
		check_int(rows[i].name, call(rows[i].number, arguments[0], arguments[1], arguments[2], arguments[3]), 0);
	}
}

/* A restriction refuses no call but its own, whatever the arguments: what it refuses is in the table above. */
static void test_restrictions_leave_the_others_alone(void **state)
{
	static const int others[] = {SYS_read, SYS_write, SYS_close, SYS_execve, SYS_exit_group, SYS_getpid, SYS_kill, SYS_futex, SYS_rt_sigreturn, 0};

	(void)state;
	for (unsigned bit = 0; bit < RESTRICT_CALLS; bit++) {
		filter = (struct filter){.restrictions = 1U << bit, .namespaces = CLONE_NEWUSER};
		compile();
		for (size_t i = 0; i < COUNT(others); i++)
			assert_int_equal(call(others[i], ~0ULL, ~0ULL, ~0ULL, ~0ULL), 0);
	}
}

static void test_namespaces(void **state)
{
	(void)state;
	filter = (struct filter){.restrictions = RESTRICTS(NAMESPACES), .namespaces = CLONE_NEWUTS | CLONE_NEWUSER};
	compile();
	assert_int_equal(call(SYS_unshare, CLONE_NEWUTS, 0, 0, 0), EPERM);
	assert_int_equal(call(SYS_unshare, CLONE_NEWNS | CLONE_NEWUSER, 0, 0, 0), EPERM);
	assert_int_equal(call(SYS_unshare, CLONE_NEWNS, 0, 0, 0), 0);
	assert_int_equal(call(SYS_clone, CLONE_NEWUSER | 17, 0, 0, 0), EPERM);
	assert_int_equal(call(SYS_clone, CLONE_NEWNS | CLONE_VM | 17, 0, 0, 0), 0);
	assert_int_equal(call(SYS_setns, 3, CLONE_NEWUTS, 0, 0), EPERM);
	assert_int_equal(call(SYS_setns, 3, CLONE_NEWNS, 0, 0), 0);
	assert_int_equal(call(SYS_setns, 3, 0, 0, 0), EPERM); /* of whatever kind it is */
	assert_int_equal(call(SYS_clone3, 0, 0, 0, 0), ENOSYS);
}

static void test_families(void **state)
{
	static const int allowed[] = {AF_UNIX, AF_INET, 31 /* AF_BLUETOOTH */, 32 /* AF_IUCV */, AF_VSOCK};

	(void)state;
	filter = (struct filter){.restrictions = RESTRICTS(FAMILIES)};
	for (size_t i = 0; i < COUNT(allowed); i++)
		filter.families |= UINT64_C(1) << allowed[i];
	compile();
	for (uint64_t family = 0; family < 200; family++) {
		bool is_allowed = family < 64 && filter.families & UINT64_C(1) << family;

		assert_int_equal(call(SYS_socket, family, 0, 0, 0), is_allowed ? 0 : EAFNOSUPPORT);
		assert_int_equal(call(SYS_socket, family | UINT64_C(1) << 40, 0, 0, 0), is_allowed ? 0 : EAFNOSUPPORT); /* the kernel looks at 32 bits */
	}
	assert_int_equal(call(SYS_socket, ~UINT64_C(0), 0, 0, 0), EAFNOSUPPORT);
}

/* Every number, from the first to far beyond the last that a name can stand for. */
static void test_calls(void **state)
{
	(void)state;
	for (int allowed = 0; allowed < 2; allowed++)
		for (int error = 0; error <= EACCES; error += EACCES) {
			filter = (struct filter){.restrictions = RESTRICTS(CALLS), .calls_allowed = allowed, .calls_error = error};
			for (size_t number = 0; number < PLAN_CALLS; number += 3)
				filter.calls[number] = 1;
			filter.calls[0] = filter.calls[7] = EILSEQ + 1; /* has an error of its own, named or not */
			compile();
			for (int number = 0; number < PLAN_CALLS; number++) {
				int refused = error ? error : KILLED;

				assert_int_equal(call(number, 0, 0, 0, 0), number == 0 || number == 7 ? EILSEQ : (number % 3 == 0) == allowed ? 0 : refused);
			}
			for (int number = PLAN_CALLS; number < NUMBERS; number++) /* fare as the last */
				assert_int_equal(call(number, 0, 0, 0, 0), call(PLAN_CALLS - 1, 0, 0, 0, 0));
		}
}

/* Who names a call does not lift what a restriction refuses, and the other way round. */
static void test_stricter_counts(void **state)
{
	(void)state;
	filter = (struct filter){.restrictions = RESTRICTS(CALLS) | RESTRICTS(LOGS) | RESTRICTS(REALTIME), .calls_allowed = true};
	filter.calls[SYS_syslog] = filter.calls[SYS_sched_setscheduler] = 1;
	compile();
	assert_int_equal(call(SYS_syslog, 0, 0, 0, 0), EPERM);
	assert_int_equal(call(SYS_sched_setscheduler, 0, SCHED_FIFO, 0, 0), EPERM);
	assert_int_equal(call(SYS_sched_setscheduler, 0, SCHED_OTHER, 0, 0), 0);
	filter.calls[SYS_sched_setscheduler] = 0;
	compile();
	assert_int_equal(call(SYS_sched_setscheduler, 0, SCHED_OTHER, 0, 0), KILLED);
}

static void test_logged(void **state)
{
	(void)state;
	filter = (struct filter){.restrictions = RESTRICTS(CALLS) | RESTRICTS(NOTHING) | RESTRICTS(REALTIME)};
	filter.logged[SYS_getpid / 8] = 1 << SYS_getpid % 8;
	filter.logged[SYS_sched_setscheduler / 8] |= 1 << SYS_sched_setscheduler % 8;
	filter.logged[SYS_mount / 8] |= 1 << SYS_mount % 8;
	filter.calls[SYS_mount] = 1;
	compile();
	assert_int_equal(call(SYS_getpid, 0, 0, 0, 0), LOGGED);
	assert_int_equal(call(SYS_read, 0, 0, 0, 0), 0);
	assert_int_equal(call(SYS_mount, 0, 0, 0, 0), KILLED);
	assert_int_equal(call(SYS_sched_setscheduler, 0, SCHED_FIFO, 0, 0), EPERM);
	assert_int_equal(call(SYS_sched_setscheduler, 0, SCHED_OTHER, 0, 0), LOGGED);
}

/* A name of systemd.exec(5) stands for the number that the kernel has here. */
static void test_names(void **state)
{
	static const struct {
		const char *name;
		int number;
		bool in;
	} names[] = {
		{"mount", SYS_mount, true}, {"@mount", SYS_mount, true}, {"@mount", SYS_read, false}, {"@system-service", SYS_read, true},
		{"@system-service", SYS_mount, false}, {"@known", SYS_mount, true}, {"@clock", SYS_adjtimex, true}, {"@default", SYS_execve, true},
		{"@basic-io", SYS_write, true}, {"@process", SYS_clone, true}, {"@reboot", SYS_reboot, true}, {"@privileged", SYS_fchown, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct calls_walk walk = {0};
		bool found = false;

		for (int number = calls_next(&walk, names[i].name); number >= 0; number = calls_next(&walk, names[i].name)) {
			check_true(names[i].name, number < PLAN_CALLS);
			found = found || number == names[i].number;
		}
		check_int(names[i].name, found, names[i].in);
		check_true(names[i].name, walk.known);
	}
}

/* Numbers that mean other calls are not let through under cover of ours. */
static void test_other_architectures(void **state)
{
	static const uint32_t others[] = {AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, AUDIT_ARCH_ARM, AUDIT_ARCH_AARCH64, AUDIT_ARCH_RISCV64, AUDIT_ARCH_PPC64LE, 0};

	(void)state;
	for (unsigned bit = 0; bit <= RESTRICT_CALLS; bit++) {
		filter = (struct filter){.restrictions = 1U << bit};
		compile();
		for (size_t i = 0; i < COUNT(others); i++) {
			struct seccomp_data data = {.nr = SYS_read, .arch = others[i]};

			if (others[i] != SECCOMP_ARCHITECTURE)
				assert_int_equal(run(&data), ENOSYS);
		}
#ifdef __x86_64__
		assert_int_equal(call(0x40000000 | SYS_read, 0, 0, 0, 0), ENOSYS);
#endif
	}
}

/* All at once is what fits, too: the kernel takes no longer program. */
static void test_everything(void **state)
{
	(void)state;
	filter = (struct filter){.restrictions = ~0U, .namespaces = CLONE_NEWUSER, .calls_error = EPERM};
	for (size_t number = 0; number < PLAN_CALLS; number++)
		filter.calls[number] = (uint8_t)(number % 7 == 0 ? 2 + number % 100 : number % 2);
	compile();
	assert_int_equal(call(SYS_close, 0, 0, 0, 0), filter.calls[SYS_close] == 0 ? 0 : filter.calls[SYS_close] == 1 ? EPERM : filter.calls[SYS_close] - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_restrictions), test(test_restrictions_leave_the_others_alone), test(test_namespaces), test(test_families), test(test_calls),
		test(test_stricter_counts), test(test_logged), test(test_names), test(test_other_architectures), test(test_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
