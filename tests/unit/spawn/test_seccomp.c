/* SPDX-License-Identifier: MIT
 *
 * The compiled filter, run by an interpreter: every system call number,
 * with and without capabilities, and the calls that depend on an argument.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "bpf.h"
#include "seccomp.h"
#include "unit.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)

enum { ALLOWED = 0, NUMBERS = 600 };

static struct sock_filter program[SECCOMP_INSTRUCTIONS_MAX];
static size_t length;

/* The errno that the filter gives, or ALLOWED. */
static int filter(const struct seccomp_data *data)
{
	const uint32_t action = bpf_run(program, length, data);

	if (action == SECCOMP_RET_ALLOW)
		return ALLOWED;
	assert_int_equal(action & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO);
	return (int)(action & SECCOMP_RET_DATA);
}

static void compile(uint64_t capabilities)
{
	memset(program, 0xff, sizeof program);
	length = seccomp_compile(capabilities, program);
	assert_in_range(length, 1, SECCOMP_INSTRUCTIONS_MAX);
}

static int call(int number, uint64_t first, uint64_t second)
{
	const struct seccomp_data data = {.nr = number, .arch = SECCOMP_ARCHITECTURE, .args = {first, second}};

	return filter(&data);
}

/* Refused whatever its arguments, unless one of the capabilities is there. */
static const struct row {
	const char *name;
	int number;
	uint64_t capabilities;
	int error;
} refused[] = {
	{"bpf", SYS_bpf, CAP(SYS_ADMIN) | CAP(BPF), EPERM},
	{"mount", SYS_mount, CAP(SYS_ADMIN), EPERM},
	{"umount2", SYS_umount2, CAP(SYS_ADMIN), EPERM},
	{"pivot_root", SYS_pivot_root, CAP(SYS_ADMIN), EPERM},
	{"setns", SYS_setns, CAP(SYS_ADMIN), EPERM},
	{"move_mount", SYS_move_mount, CAP(SYS_ADMIN), EPERM},
	{"open_by_handle_at", SYS_open_by_handle_at, CAP(DAC_READ_SEARCH), EPERM},
	{"init_module", SYS_init_module, CAP(SYS_MODULE), EPERM},
	{"finit_module", SYS_finit_module, CAP(SYS_MODULE), EPERM},
	{"delete_module", SYS_delete_module, CAP(SYS_MODULE), EPERM},
	{"kexec_load", SYS_kexec_load, CAP(SYS_BOOT), EPERM},
	{"reboot", SYS_reboot, CAP(SYS_BOOT), EPERM},
	{"swapon", SYS_swapon, CAP(SYS_ADMIN), EPERM},
	{"syslog", SYS_syslog, CAP(SYSLOG), EPERM},
	{"perf_event_open", SYS_perf_event_open, CAP(SYS_ADMIN) | CAP(PERFMON), EPERM},
	{"process_vm_writev", SYS_process_vm_writev, CAP(SYS_PTRACE), EPERM},
	{"keyctl", SYS_keyctl, 0, EPERM},
	{"add_key", SYS_add_key, 0, EPERM},
	{"request_key", SYS_request_key, 0, EPERM},
	{"clone3", SYS_clone3, CAP(SYS_ADMIN), ENOSYS}, /* libc then falls back to clone, which can be looked into */
};

static const int plain[] = {
	SYS_read, SYS_write, SYS_close, SYS_openat, SYS_execve, SYS_exit_group, SYS_getpid, SYS_kill, SYS_wait4, SYS_mmap, SYS_futex,
	SYS_socket, SYS_bind, SYS_clone, SYS_unshare, SYS_ioctl, SYS_personality, SYS_prctl, SYS_seccomp, SYS_setgroups, SYS_chroot,
	SYS_mknodat, SYS_sethostname, SYS_getrandom, SYS_memfd_create, SYS_pidfd_open, SYS_close_range, SYS_openat2, 0, NUMBERS - 1,
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		compile(0);
		check_int(refused[i].name, call(refused[i].number, 0, 0), refused[i].error);
		check_int(refused[i].name, call(refused[i].number, ~0ULL, ~0ULL), refused[i].error);
		for (unsigned bit = 0; bit <= CAP_LAST_CAP; bit++) {
			compile(UINT64_C(1) << bit);
			check_int(refused[i].name, call(refused[i].number, 0, 0), refused[i].capabilities & UINT64_C(1) << bit ? ALLOWED : refused[i].error);
		}
	}
}

static void test_allowed(void **state)
{
	(void)state;
	compile(0);
	for (size_t i = 0; i < COUNT(plain); i++)
		assert_int_equal(call(plain[i], 0, 0), ALLOWED);
}

/* A capability only ever allows more. */
static void test_capabilities_only_allow(void **state)
{
	static int without[NUMBERS];

	(void)state;
	compile(0);
	for (int number = 0; number < NUMBERS; number++)
		without[number] = call(number, 0, 0);
	for (unsigned bit = 0; bit <= CAP_LAST_CAP; bit++) {
		compile(UINT64_C(1) << bit);
		for (int number = 0; number < NUMBERS; number++)
			if (without[number] == ALLOWED)
				assert_int_equal(call(number, 0, 0), ALLOWED);
	}
}

static void test_arguments(void **state)
{
	static const struct {
		const char *name;
		int number;
		uint64_t first, second;
		int error;
	} rows[] = {
		{"clone of a thread", SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, ALLOWED},
		{"clone, user", SYS_clone, CLONE_NEWUSER, 0, EPERM},
		{"clone, net", SYS_clone, CLONE_NEWNET | 17, 0, EPERM},
		{"clone, upper half", SYS_clone, 1ULL << 40 | CLONE_NEWNS, 0, EPERM},
		{"unshare files", SYS_unshare, CLONE_FILES, 0, ALLOWED},
		{"unshare, user", SYS_unshare, CLONE_NEWUSER | CLONE_FILES, 0, EPERM},
		{"unshare, time", SYS_unshare, 0x80, 0, EPERM},
		{"TIOCGWINSZ", SYS_ioctl, 0, TIOCGWINSZ, ALLOWED},
		{"TIOCSTI", SYS_ioctl, 0, TIOCSTI, EPERM},
		{"TIOCSTI with an upper half", SYS_ioctl, 0, 1ULL << 32 | TIOCSTI, EPERM}, /* CVE-2019-10063 */
		{"TIOCLINUX", SYS_ioctl, 0, TIOCLINUX, EPERM},
		{"personality, ask", SYS_personality, 0xffffffff, 0, ALLOWED},
		{"personality, none", SYS_personality, 0, 0, ALLOWED},
		{"personality, READ_IMPLIES_EXEC", SYS_personality, 0x0400000, 0, EPERM},
		{"personality, ADDR_NO_RANDOMIZE", SYS_personality, 0x0040000, 0, EPERM},
		{"AF_INET", SYS_socket, AF_INET, 0, ALLOWED},
		{"AF_UNIX", SYS_socket, AF_UNIX, 0, ALLOWED},
		{"AF_VSOCK", SYS_socket, 40, 0, EPERM},
		{"AF_ALG", SYS_socket, 38, 0, EPERM},
	};

	(void)state;
	compile(0);
	for (size_t i = 0; i < COUNT(rows); i++)
		check_int(rows[i].name, call(rows[i].number, rows[i].first, rows[i].second), rows[i].error);
	compile(CAP(SYS_ADMIN));
	assert_int_equal(call(SYS_clone, CLONE_NEWUSER, 0), ALLOWED);
	assert_int_equal(call(SYS_ioctl, 0, TIOCSTI), EPERM);
}

/* Numbers that mean other calls are not let through under cover of ours. */
static void test_other_architectures(void **state)
{
	struct seccomp_data data = {.nr = SYS_read, .arch = AUDIT_ARCH_I386};

	(void)state;
	compile(~UINT64_C(0));
	assert_int_equal(filter(&data), ENOSYS);
	data.arch = 0;
	assert_int_equal(filter(&data), ENOSYS);
#ifdef __x86_64__
	data = (struct seccomp_data){.nr = 0x40000000 | SYS_mount, .arch = SECCOMP_ARCHITECTURE};
	assert_int_equal(filter(&data), ENOSYS);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_refused), test(test_allowed), test(test_capabilities_only_allow), test(test_arguments), test(test_other_architectures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
