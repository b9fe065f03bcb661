/* SPDX-License-Identifier: MIT
 *
 * The default system call filter. seccomp(2).
 */
#ifndef SECCOMP_H
#define SECCOMP_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* What the kernel calls the one that we are built for. */
#if defined __x86_64__
#define SECCOMP_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define SECCOMP_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined __arm__
#define SECCOMP_ARCHITECTURE AUDIT_ARCH_ARM
#elif defined __riscv
#define SECCOMP_ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

struct child;

enum seccomp_limits { SECCOMP_INSTRUCTIONS_MAX = 1024 };

/* What becomes of a system call. */
enum rule_kind {
	REFUSED,      /* whatever its arguments */
	ABSENT,       /* looks as if the kernel did not have it, so that libc falls back */
	REFUSED_BITS, /* if argument has one of the bits of a */
	REFUSED_IS,   /* if argument is a or b; of 64 bits the lower half counts, as for the kernel: CVE-2019-10063 */
	REFUSED_ALL,  /* if argument has all of the bits of a */
	REFUSED_MODE, /* if argument has one of the bits of a, and the next one of b */
	REFUSED_NONE, /* if argument is 0 or has one of the bits of a */
	ALLOWED_SET,  /* only if argument is below 64 and a bit of a, or from 32 on of b */
	ALLOWED_FAMILY, /* the same, but as if the kernel did not have it */
	ALLOWED_BITS, /* only if argument has no other bits than those of a, or is all ones */
};

struct rule {
	int number;
	enum rule_kind kind;
	int argument;
	uint32_t a, b;
	uint64_t capabilities; /* any of these allows it */
};

/* A program that grows. */
struct code {
	struct sock_filter *program;
	size_t length;
};

/* Adds an instruction; yes and no are how far a jump goes. */
void seccomp_emit(struct code *code, unsigned operation, uint32_t k, size_t yes, size_t no);

/* Refuses the calls of other architectures, and then has the number of the call in the accumulator. */
void seccomp_emit_begin(struct code *code);

/* What happens to the call of the rule, when it is that call: otherwise, SECCOMP_RET_*, where the rule does not refuse it. */
void seccomp_emit_rule(struct code *code, const struct rule *rule, uint32_t otherwise);

/*
 * Compiles the table of refused calls to BPF, leaving out those that one of capabilities (a set of bits)
 * is there for. Returns how many instructions it took.
 */
size_t seccomp_compile(uint64_t capabilities, struct sock_filter *program);

/* Installs the filter. */
int seccomp_apply(struct child *child);

#endif
