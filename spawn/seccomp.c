/* SPDX-License-Identifier: MIT
 *
 * The default system call filter: a table of what a container is refused, compiled to BPF.
 *
 * Refused are calls that reach the kernel itself, other processes' memory, or what no namespace covers. A call
 * that a capability exists for is refused only without it. The compiled program is a binary search, because the kernel
 * runs it once for each system call there is to learn which ones it need never run it for (Linux 5.11).
 */
#include "seccomp.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "child.h"
#include "sys.h"

enum {
	X32_BIT = 0x40000000, /* x86-64 has a second set of numbers from here on */
};

#define CAP(name) (UINT64_C(1) << CAP_##name)
#define ANY_NAMESPACE                                                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

#define REFUSE(call, capabilities) {SYS_##call, REFUSED, 0, 0, 0, capabilities}

static const struct rule rules[] = {
	/* the kernel and the machine */
	REFUSE(acct, CAP(SYS_PACCT)),
	REFUSE(bpf, CAP(SYS_ADMIN) | CAP(BPF)),
	REFUSE(delete_module, CAP(SYS_MODULE)),
	REFUSE(finit_module, CAP(SYS_MODULE)),
	REFUSE(init_module, CAP(SYS_MODULE)),
	REFUSE(kexec_load, CAP(SYS_BOOT)),
#ifdef SYS_kexec_file_load
	REFUSE(kexec_file_load, CAP(SYS_BOOT)),
#endif
	REFUSE(perf_event_open, CAP(SYS_ADMIN) | CAP(PERFMON)),
	REFUSE(quotactl, CAP(SYS_ADMIN)),
	REFUSE(reboot, CAP(SYS_BOOT)),
	REFUSE(swapoff, CAP(SYS_ADMIN)),
	REFUSE(swapon, CAP(SYS_ADMIN)),
	REFUSE(syslog, CAP(SYSLOG)),
	REFUSE(userfaultfd, CAP(SYS_PTRACE)),
	REFUSE(vhangup, CAP(SYS_TTY_CONFIG)),
#ifdef SYS_ioperm
	REFUSE(ioperm, CAP(SYS_RAWIO)),
	REFUSE(iopl, CAP(SYS_RAWIO)),
#endif
#ifdef SYS_modify_ldt
	REFUSE(modify_ldt, 0),
#endif
	/* the clock */
#ifdef SYS_settimeofday
	REFUSE(settimeofday, CAP(SYS_TIME)),
#endif
#ifdef SYS_clock_settime
	REFUSE(clock_settime, CAP(SYS_TIME)),
#endif
	/* musl's names for the calls of 32 bits that count in 32 bits */
#ifdef SYS_settimeofday_time32
	REFUSE(settimeofday_time32, CAP(SYS_TIME)),
#endif
#ifdef SYS_clock_settime32
	REFUSE(clock_settime32, CAP(SYS_TIME)),
#endif
#ifdef SYS_clock_settime64
	REFUSE(clock_settime64, CAP(SYS_TIME)),
#endif
	/* mounts and namespaces */
	REFUSE(fsconfig, CAP(SYS_ADMIN)),
	REFUSE(fsmount, CAP(SYS_ADMIN)),
	REFUSE(fsopen, CAP(SYS_ADMIN)),
	REFUSE(fspick, CAP(SYS_ADMIN)),
	REFUSE(mount, CAP(SYS_ADMIN)),
	REFUSE(mount_setattr, CAP(SYS_ADMIN)),
	REFUSE(move_mount, CAP(SYS_ADMIN)),
	REFUSE(open_tree, CAP(SYS_ADMIN)),
	REFUSE(pivot_root, CAP(SYS_ADMIN)),
	REFUSE(setns, CAP(SYS_ADMIN)),
	REFUSE(umount2, CAP(SYS_ADMIN)),
	REFUSE(open_by_handle_at, CAP(DAC_READ_SEARCH)),
	{SYS_clone, REFUSED_BITS, 0, ANY_NAMESPACE, 0, CAP(SYS_ADMIN)},
	{SYS_unshare, REFUSED_BITS, 0, ANY_NAMESPACE | 0x80 /* CLONE_NEWTIME */, 0, CAP(SYS_ADMIN)},
	/* its flags are in memory, where a filter cannot look */
	{SYS_clone3, ABSENT, 0, 0, 0, CAP(SYS_ADMIN)},
	/* keyrings have no namespace */
	REFUSE(add_key, 0),
	REFUSE(keyctl, 0),
	REFUSE(request_key, 0),
	/* other processes' memory, and doors that were exploited more than they were used */
	REFUSE(kcmp, CAP(SYS_PTRACE)),
	REFUSE(process_vm_readv, CAP(SYS_PTRACE)),
	REFUSE(process_vm_writev, CAP(SYS_PTRACE)),
	REFUSE(io_uring_setup, 0),
	REFUSE(io_uring_enter, 0),
	REFUSE(io_uring_register, 0),
	/* NUMA policy reaches beyond the container */
	REFUSE(mbind, CAP(SYS_NICE)),
	REFUSE(migrate_pages, CAP(SYS_NICE)),
	REFUSE(move_pages, CAP(SYS_NICE)),
	REFUSE(set_mempolicy, CAP(SYS_NICE)),
	/* old and unused */
	REFUSE(lookup_dcookie, CAP(SYS_ADMIN)),
	REFUSE(nfsservctl, 0),
#ifdef SYS_uselib
	REFUSE(uselib, 0),
#endif
#ifdef SYS_ustat
	REFUSE(ustat, 0),
#endif
#ifdef SYS_sysfs
	REFUSE(sysfs, 0),
#endif
	/* a terminal's input and a console's keyboard are not ours to fill: CVE-2017-5226 */
	{SYS_ioctl, REFUSED_IS, 1, TIOCSTI, TIOCLINUX, 0},
	/* personalities but the address space ones would switch hardening off */
	{SYS_personality, ALLOWED_BITS, 0, 0x20008, 0, 0},
	/* virtual machines' sockets cross into the host: AF_VSOCK, AF_ALG */
	{SYS_socket, REFUSED_IS, 0, 40, 38, 0},
};

enum {
	RULES = sizeof rules / sizeof rules[0],
	RULE_INSTRUCTIONS_MAX = 7, /* to tell a call, judge its argument and return */
};

/* A conditional jump reaches 255 instructions, and the longest is over the lower half. */
_Static_assert((RULES / 2 + 1) * RULE_INSTRUCTIONS_MAX <= 255, "use a far jump for the upper half");

void seccomp_emit(struct code *code, unsigned operation, uint32_t k, size_t yes, size_t no)
{
	code->program[code->length++] = (struct sock_filter){(uint16_t)operation, (uint8_t)yes, (uint8_t)no, k};
}

static void emit_return(struct code *code, uint32_t action)
{
	seccomp_emit(code, BPF_RET | BPF_K, action, 0, 0);
}

static void emit_load(struct code *code, size_t offset)
{
	seccomp_emit(code, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void emit_argument(struct code *code, int argument)
{
	/* All four architectures are little endian: the lower half comes first. */
	emit_load(code, offsetof(struct seccomp_data, args) + (size_t)argument * sizeof(uint64_t));
}

/* Goes over the next instruction if the number in the accumulator is in the rule's set. */
static void emit_member(struct code *code, const struct rule *rule)
{
	seccomp_emit(code, BPF_JMP | BPF_JGE | BPF_K, 64, 10, 0);
	seccomp_emit(code, BPF_JMP | BPF_JGE | BPF_K, 32, 4, 0);
	seccomp_emit(code, BPF_MISC | BPF_TAX, 0, 0, 0);
	seccomp_emit(code, BPF_LD | BPF_IMM, 1, 0, 0);
	seccomp_emit(code, BPF_ALU | BPF_LSH | BPF_X, 0, 0, 0);
	seccomp_emit(code, BPF_JMP | BPF_JSET | BPF_K, rule->a, 6, 5);
	seccomp_emit(code, BPF_ALU | BPF_SUB | BPF_K, 32, 0, 0);
	seccomp_emit(code, BPF_MISC | BPF_TAX, 0, 0, 0);
	seccomp_emit(code, BPF_LD | BPF_IMM, 1, 0, 0);
	seccomp_emit(code, BPF_ALU | BPF_LSH | BPF_X, 0, 0, 0);
	seccomp_emit(code, BPF_JMP | BPF_JSET | BPF_K, rule->b, 1, 0);
}

void seccomp_emit_rule(struct code *code, const struct rule *rule, uint32_t otherwise)
{
	const uint32_t refuse = SECCOMP_RET_ERRNO | (rule->kind == ALLOWED_FAMILY ? EAFNOSUPPORT : EPERM), absent = SECCOMP_RET_ERRNO | ENOSYS;

	switch (rule->kind) {
	case REFUSED:
		emit_return(code, refuse);
		return;
	case ABSENT:
		emit_return(code, absent);
		return;
	case REFUSED_BITS:
		emit_argument(code, rule->argument);
		seccomp_emit(code, BPF_JMP | BPF_JSET | BPF_K, rule->a, 0, 1);
		emit_return(code, refuse);
		break;
	case REFUSED_IS:
		emit_argument(code, rule->argument);
		seccomp_emit(code, BPF_JMP | BPF_JEQ | BPF_K, rule->a, 1, 0);
		seccomp_emit(code, BPF_JMP | BPF_JEQ | BPF_K, rule->b, 0, 1);
		emit_return(code, refuse);
		break;
	case REFUSED_ALL:
		emit_argument(code, rule->argument);
		seccomp_emit(code, BPF_ALU | BPF_AND | BPF_K, rule->a, 0, 0);
		seccomp_emit(code, BPF_JMP | BPF_JEQ | BPF_K, rule->a, 0, 1);
		emit_return(code, refuse);
		break;
	case REFUSED_MODE:
		emit_argument(code, rule->argument);
		seccomp_emit(code, BPF_JMP | BPF_JSET | BPF_K, rule->a, 0, 3);
		emit_argument(code, rule->argument + 1);
		seccomp_emit(code, BPF_JMP | BPF_JSET | BPF_K, rule->b, 0, 1);
		emit_return(code, refuse);
		break;
	case REFUSED_NONE:
		emit_argument(code, rule->argument);
		seccomp_emit(code, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
		seccomp_emit(code, BPF_JMP | BPF_JSET | BPF_K, rule->a, 0, 1);
		emit_return(code, refuse);
		break;
	case ALLOWED_SET:
	case ALLOWED_FAMILY:
		emit_argument(code, rule->argument);
		emit_member(code, rule);
		emit_return(code, refuse);
		break;
	case ALLOWED_BITS:
		emit_argument(code, rule->argument);
		seccomp_emit(code, BPF_JMP | BPF_JEQ | BPF_K, 0xffffffff, 2, 0); /* which only asks */
		seccomp_emit(code, BPF_JMP | BPF_JSET | BPF_K, ~rule->a, 0, 1);
		emit_return(code, refuse);
		break;
	}
	emit_return(code, otherwise);
}

/* No rule has this number. On x86-64 what is beyond the second set of numbers is in it, and looks absent. */
static void emit_no_rule(struct code *code, bool last)
{
#ifdef __x86_64__
	if (last) {
		seccomp_emit(code, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
		emit_return(code, SECCOMP_RET_ERRNO | ENOSYS);
	}
#endif
	(void)last;
	emit_return(code, SECCOMP_RET_ALLOW);
}

/* The search through sorted[low] to sorted[high - 1], of count in all; the number is in the accumulator. */
static void emit_search(struct code *code, const struct rule *const *sorted, size_t low, size_t high, size_t count)
{
	size_t middle = low + (high - low) / 2, branch = code->length;

	if (high - low == 1) {
		seccomp_emit(code, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)sorted[low]->number, 0, 0);
		seccomp_emit_rule(code, sorted[low], SECCOMP_RET_ALLOW);
		code->program[branch].jf = (uint8_t)(code->length - branch - 1);
		emit_no_rule(code, high == count);
		return;
	}
	seccomp_emit(code, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)sorted[middle]->number, 0, 0);
	emit_search(code, sorted, low, middle, count);
	code->program[branch].jt = (uint8_t)(code->length - branch - 1);
	emit_search(code, sorted, middle, high, count);
}

/* The rules that hold without capabilities, by number. */
static size_t sort(uint64_t capabilities, const struct rule **sorted)
{
	size_t count = 0;

	for (size_t i = 0; i < RULES; i++) {
		size_t at = count;

		if (rules[i].capabilities & capabilities)
			continue;
		for (; at > 0 && sorted[at - 1]->number > rules[i].number; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &rules[i];
		count++;
	}
	return count;
}

void seccomp_emit_begin(struct code *code)
{
	emit_load(code, offsetof(struct seccomp_data, arch));
	seccomp_emit(code, BPF_JMP | BPF_JEQ | BPF_K, SECCOMP_ARCHITECTURE, 1, 0);
	emit_return(code, SECCOMP_RET_ERRNO | ENOSYS); /* another architecture's numbers mean other calls */
	emit_load(code, offsetof(struct seccomp_data, nr));
}

size_t seccomp_compile(uint64_t capabilities, struct sock_filter *program)
{
	const struct rule *sorted[RULES];
	size_t count = sort(capabilities, sorted);
	struct code code = {.program = program};

	seccomp_emit_begin(&code);
	emit_search(&code, sorted, 0, count, count);
	return code.length;
}

/* Not inlined, so that its frame is there only when there is a filter: PID 1 keeps the pages of it. */
__attribute__((noinline)) static int install(uint64_t capabilities)
{
	struct sock_filter program[SECCOMP_INSTRUCTIONS_MAX];
	struct sock_fprog filter = {.filter = program};

	filter.len = (unsigned short)seccomp_compile(capabilities, program);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

int seccomp_apply(struct child *child)
{
	return install(child->plan->capabilities);
}
