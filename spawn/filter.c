/* SPDX-License-Identifier: MIT
 *
 * A filter out of restrictions: a table of what each refuses, and a search that halves the numbers of calls until those that
 * are left all fare the same.
 */
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "child.h"
#include "cold.h"
#include "seccomp.h"
#include "sys.h"

enum {
	X32_BIT = 0x40000000, /* x86-64 has a second set of numbers from here on */
	ARM_PRIVATE = 0xf0000,
	SHARED_EXEC = 0100000, /* SHM_EXEC, shmat(2) */
	SETS_ID = S_ISUID | S_ISGID,
	PLAIN_POLICIES = 1 << SCHED_OTHER | 1 << SCHED_BATCH | 1 << SCHED_IDLE,
};

#define REFUSE(restriction, call) {RESTRICTS(restriction), {SYS_##call, REFUSED, 0, 0, 0, 0}}
#define WHERE(restriction, call, kind, argument, a, b) {RESTRICTS(restriction), {SYS_##call, kind, argument, a, b, 0}}

static const struct {
	unsigned when;
	struct rule rule;
} restricted[] = {
	WHERE(REALTIME, sched_setscheduler, ALLOWED_SET, 1, PLAIN_POLICIES, 0),
	REFUSE(REALTIME, sched_setattr), /* its policy is in memory, where a filter cannot look */
	/* files that run as somebody else */
	WHERE(SUID, fchmod, REFUSED_BITS, 1, SETS_ID, 0),
	WHERE(SUID, fchmodat, REFUSED_BITS, 2, SETS_ID, 0),
	WHERE(SUID, mkdirat, REFUSED_BITS, 2, SETS_ID, 0),
	WHERE(SUID, mknodat, REFUSED_BITS, 2, SETS_ID, 0),
	WHERE(SUID, openat, REFUSED_MODE, 2, O_CREAT | (O_TMPFILE & ~O_DIRECTORY), SETS_ID),
	{RESTRICTS(SUID), {452 /* fchmodat2 */, REFUSED_BITS, 2, SETS_ID, 0, 0}},
	{RESTRICTS(SUID), {437 /* openat2 */, ABSENT, 0, 0, 0, 0}},
#ifdef SYS_open
	WHERE(SUID, chmod, REFUSED_BITS, 1, SETS_ID, 0),
	WHERE(SUID, creat, REFUSED_BITS, 1, SETS_ID, 0),
	WHERE(SUID, mkdir, REFUSED_BITS, 1, SETS_ID, 0),
	WHERE(SUID, mknod, REFUSED_BITS, 1, SETS_ID, 0),
	WHERE(SUID, open, REFUSED_MODE, 1, O_CREAT | (O_TMPFILE & ~O_DIRECTORY), SETS_ID),
#endif
	WHERE(PERSONALITY, personality, ALLOWED_BITS, 0, 0, 0),
#ifdef SYS_mmap
	WHERE(EXECUTABLE_MEMORY, mmap, REFUSED_ALL, 2, PROT_WRITE | PROT_EXEC, 0),
#endif
#ifdef SYS_mmap2
	WHERE(EXECUTABLE_MEMORY, mmap2, REFUSED_ALL, 2, PROT_WRITE | PROT_EXEC, 0),
#endif
	WHERE(EXECUTABLE_MEMORY, mprotect, REFUSED_BITS, 2, PROT_EXEC, 0),
	WHERE(EXECUTABLE_MEMORY, pkey_mprotect, REFUSED_BITS, 2, PROT_EXEC, 0),
	WHERE(EXECUTABLE_MEMORY, shmat, REFUSED_BITS, 2, SHARED_EXEC, 0),
	/* a is the filter's */
	WHERE(NAMESPACES, clone, REFUSED_BITS, 0, 0, 0),
	WHERE(NAMESPACES, unshare, REFUSED_BITS, 0, 0, 0),
	WHERE(NAMESPACES, setns, REFUSED_NONE, 1, 0, 0),
	WHERE(NAMESPACES, clone3, ABSENT, 0, 0, 0),
	WHERE(FAMILIES, socket, ALLOWED_FAMILY, 0, 0, 0),
	REFUSE(CLOCK, adjtimex),
	REFUSE(CLOCK, clock_adjtime),
#ifdef SYS_settimeofday
	REFUSE(CLOCK, settimeofday),
#endif
#ifdef SYS_clock_settime
	REFUSE(CLOCK, clock_settime),
#endif
#ifdef SYS_settimeofday_time32
	REFUSE(CLOCK, settimeofday_time32),
#endif
#ifdef SYS_clock_settime32
	REFUSE(CLOCK, clock_settime32),
#endif
#ifdef SYS_clock_settime64
	REFUSE(CLOCK, clock_settime64),
#endif
#ifdef SYS_clock_adjtime64
	REFUSE(CLOCK, clock_adjtime64),
#endif
	REFUSE(MODULES, init_module),
	REFUSE(MODULES, finit_module),
	REFUSE(MODULES, delete_module),
	REFUSE(LOGS, syslog),
	REFUSE(HOSTNAME, sethostname),
	REFUSE(HOSTNAME, setdomainname),
#ifdef SYS_ioperm
	REFUSE(DEVICES, ioperm),
	REFUSE(DEVICES, iopl),
#endif
};

enum { RESTRICTED = sizeof restricted / sizeof restricted[0] };

/* The rules that hold, by the number of their calls; the child borrows them. */
COLD static struct rule rules[RESTRICTED];
COLD static const struct rule *rule_of[PLAN_CALLS];
COLD static uint32_t action_of[PLAN_CALLS];
COLD static struct sock_filter program_room[FILTER_INSTRUCTIONS_MAX];

static void choose(const struct filter *filter)
{
	memset(rule_of, 0, sizeof rule_of);
	for (size_t i = 0; i < RESTRICTED; i++) {
		if (!(restricted[i].when & filter->restrictions))
			continue;
		rules[i] = restricted[i].rule;
		if (restricted[i].when == RESTRICTS(NAMESPACES))
			rules[i].a = (uint32_t)filter->namespaces;
		if (restricted[i].when == RESTRICTS(FAMILIES)) {
			rules[i].a = (uint32_t)filter->families;
			rules[i].b = (uint32_t)(filter->families >> 32);
		}
		rule_of[rules[i].number] = &rules[i];
	}
}

/* What SystemCallFilter says of the call. */
static uint32_t action(const struct filter *filter, size_t number)
{
	const uint8_t named = filter->calls[number];

	if (!(filter->restrictions & RESTRICTS(CALLS)) || (named <= 1 && named == filter->calls_allowed))
		return filter->logged[number / 8] & 1U << number % 8 ? SECCOMP_RET_LOG : SECCOMP_RET_ALLOW;
	if (named > 1)
		return SECCOMP_RET_ERRNO | (named - 1U);
	return filter->calls_error ? SECCOMP_RET_ERRNO | (uint32_t)filter->calls_error : SECCOMP_RET_KILL_PROCESS;
}

static void choose_actions(const struct filter *filter)
{
	for (size_t number = 0; number < PLAN_CALLS; number++) {
		action_of[number] = action(filter, number);
		if (action_of[number] != SECCOMP_RET_ALLOW && action_of[number] != SECCOMP_RET_LOG)
			rule_of[number] = NULL;
	}
}

static bool is_uniform(size_t low, size_t high)
{
	for (size_t number = low; number < high; number++)
		if (rule_of[number] || action_of[number] != action_of[low])
			return false;
	return true;
}

/* What happens to the calls from low to before high; the number is in the accumulator. */
static void emit_range(struct code *code, size_t low, size_t high)
{
	size_t middle = low + (high - low) / 2, jump;

	if (is_uniform(low, high)) {
		seccomp_emit(code, BPF_RET | BPF_K, action_of[low], 0, 0);
		return;
	}
	if (high - low == 1) {
		seccomp_emit_rule(code, rule_of[low], action_of[low]);
		return;
	}
	/* A conditional jump reaches 255 instructions, which may be too few. */
	seccomp_emit(code, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)middle, 0, 1);
	jump = code->length;
	seccomp_emit(code, BPF_JMP | BPF_JA, 0, 0, 0);
	emit_range(code, low, middle);
	code->program[jump].k = (uint32_t)(code->length - jump - 1);
	emit_range(code, middle, high);
}

size_t filter_compile(const struct filter *filter, struct sock_filter *program)
{
	struct code code = {.program = program};

	choose(filter);
	choose_actions(filter);
	seccomp_emit_begin(&code);
#ifdef __x86_64__
	seccomp_emit(&code, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	seccomp_emit(&code, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
#endif
#ifdef __arm__
	seccomp_emit(&code, BPF_JMP | BPF_JGE | BPF_K, ARM_PRIVATE, 0, 1); /* set_tls and the like, without which nothing runs */
	seccomp_emit(&code, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
#endif
	emit_range(&code, 0, PLAN_CALLS); /* what is beyond fares as the last */
	return code.length;
}

int filter_apply(struct child *child)
{
	struct sock_fprog filter = {.filter = program_room};

	filter.len = (unsigned short)filter_compile(&child->plan->filter, program_room);
	if (!sys_has_capability(CAP_SYS_ADMIN) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}
