/* SPDX-License-Identifier: MIT
 *
 * Raw system calls, and nothing else. Constants come from the kernel's own headers; linux/mount.h and
 * libc's sys/mount.h do not go together everywhere, which is why mount(2) is here too.
 */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	KERNEL_SIGSET_BYTES = 8,
	RESOLVE_TRIES = 128,
	LANDLOCK_ATTR_SIZE = 3 * 8, /* what an older kernel does not know of it is 0 */
};

/* 32-bit arm kept its first, 16-bit calls under the plain names. */
#ifdef SYS_setresuid32
#define NR_SETRESUID SYS_setresuid32
#define NR_SETRESGID SYS_setresgid32
#define NR_SETGROUPS SYS_setgroups32
#else
#define NR_SETRESUID SYS_setresuid
#define NR_SETRESGID SYS_setresgid
#define NR_SETGROUPS SYS_setgroups
#endif

pid_t sys_fork(unsigned long flags)
{
	/* The bit of CLONE_NEWTIME is one of the signal's in clone(2). */
	flags &= ~(unsigned long)CLONE_NEWTIME;
	/* The order of clone's arguments differs between architectures, but all of ours are 0. */
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

pid_t sys_fork_into(unsigned long flags, int cgroup)
{
	struct clone_args arguments = {
		.flags = (flags & ~(uint64_t)CLONE_NEWTIME) | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)(unsigned)cgroup,
	};

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

/* Registers of a system call and two that it leaves alone, and how to call the function in the first of these with the second if it returns 0. */
#if defined __x86_64__
enum { RESULT_IS_NUMBER = true };
#define REGISTERS(X) X(number, "rax") X(first, "rdi") X(second, "rsi") X(child, "r12") X(given, "r13")
#define CALL "syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\tmov %%r13, %%rdi\n\tcall *%%r12\n1:"
#define CLOBBERED "rcx", "r11"
#elif defined __aarch64__
enum { RESULT_IS_NUMBER = false };
#define REGISTERS(X) X(number, "x8") X(first, "x0") X(second, "x1") X(child, "x19") X(given, "x20")
#define CALL "svc 0\n\tcbnz x0, 1f\n\tmov x0, x20\n\tblr x19\n1:"
#define CLOBBERED "cc"
#elif defined __arm__
enum { RESULT_IS_NUMBER = false };
#define REGISTERS(X) X(number, "r7") X(first, "r0") X(second, "r1") X(child, "r4") X(given, "r5")
#define CALL "svc 0\n\tcmp r0, #0\n\tbne 1f\n\tmov r0, r5\n\tblx r4\n1:"
#define CLOBBERED "cc"
#elif defined __riscv
enum { RESULT_IS_NUMBER = false };
#define REGISTERS(X) X(number, "a7") X(first, "a0") X(second, "a1") X(child, "s2") X(given, "s3")
#define CALL "ecall\n\tbnez a0, 1f\n\tmv a0, s3\n\tjalr s2\n1:"
#define CLOBBERED "cc"
#endif
#define REGISTER(name, where) register long name __asm__(where); // NOLINT(bugprone-macro-parentheses): a declaration

/* The child comes out of the call on a stack that has no way back out of any function, so it must go on from the very instruction. */
pid_t sys_vfork_into(unsigned long flags, int cgroup, int (*run)(void *), char *stack, void *argument)
{
	enum { STACK_SIZE = 16 }; /* to have one: the kernel only adds it, and the processors want such a multiple */
	const struct clone_args arguments = {
		.flags = flags | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)(unsigned)cgroup,
		.stack = ((uintptr_t)stack & -(uintptr_t)STACK_SIZE) - STACK_SIZE, .stack_size = STACK_SIZE,
	};
	REGISTERS(REGISTER)

	number = SYS_clone3;
	first = (long)&arguments;
	second = sizeof arguments;
	child = (long)run;
	given = (long)argument;
	__asm__ volatile(CALL : "+r"(number), "+r"(first) : "r"(second), "r"(child), "r"(given) : CLOBBERED, "memory");
	if (RESULT_IS_NUMBER)
		first = number;
	if (first >= 0)
		return (pid_t)first;
	errno = (int)-first;
	return -1;
}

int sys_unshare(unsigned long flags)
{
	return (int)syscall(SYS_unshare, flags);
}

static int open_resolved(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC), .mode = mode, .resolve = resolve};
	int fd = -1;

	/* EAGAIN: a rename or mount elsewhere raced with a "..", openat2(2). Ask again, but not for as long as somebody likes. */
	for (int tries = 0; tries < RESOLVE_TRIES; tries++) {
		fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof how);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int sys_open_in_root(int dirfd, const char *path, int flags, mode_t mode)
{
	return open_resolved(dirfd, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int sys_open_plain(const char *path, int flags)
{
	return open_resolved(AT_FDCWD, path, flags, 0, RESOLVE_NO_MAGICLINKS);
}

int sys_clone_tree(int dirfd, const char *path, bool recursive)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (*path ? 0 : AT_EMPTY_PATH);

	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

int sys_attach(int fd, int dirfd, const char *path)
{
	return (int)syscall(SYS_move_mount, fd, "", dirfd, path, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS);
}

static int set_attributes(int fd, const struct mount_attr *attributes, bool recursive)
{
	return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attributes, sizeof *attributes);
}

int sys_mount_attributes(int fd, uint64_t attributes, bool recursive)
{
	const struct mount_attr added = {.attr_set = attributes};

	return set_attributes(fd, &added, recursive);
}

int sys_map_mount(int fd, int user_namespace, bool recursive)
{
	const struct mount_attr mapped = {.attr_set = MOUNT_ATTR_IDMAP, .propagation = MS_PRIVATE, .userns_fd = (uint32_t)user_namespace};

	return set_attributes(fd, &mapped, recursive);
}

static int set_option(int fs, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0);
}

static int make_mount(const char *type, const char *const options[][2], uint64_t attributes)
{
	int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), fd = -1, error, result = 0;

	if (fs < 0)
		return -1;
	for (size_t i = 0; options[i][0] && result == 0; i++)
		result = set_option(fs, options[i][0], options[i][1]);
	if (result == 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
	error = errno;
	close(fs);
	errno = error;
	return fd;
}

int sys_detached_mount(const char *type, const char *key, const char *value, uint64_t attributes)
{
	const char *const options[][2] = {{"source", type}, {key, value}, {NULL, NULL}};

	return make_mount(type, options, attributes);
}

int sys_detached_mount_options(const char *type, const char *const options[][2])
{
	return make_mount(type, options, 0);
}

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	return (int)syscall(SYS_mount, source, target, type, flags, data);
}

int sys_umount(const char *target, int flags)
{
	return (int)syscall(SYS_umount2, target, flags);
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int sys_setgroups(size_t count, const gid_t *groups)
{
	return (int)syscall(NR_SETGROUPS, count, groups);
}

int sys_setgid(gid_t gid)
{
	return (int)syscall(NR_SETRESGID, gid, gid, gid);
}

int sys_setuid(uid_t uid)
{
	return (int)syscall(NR_SETRESUID, uid, uid, uid);
}

bool sys_has_capability(int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &header, data) == 0 && (data[capability / 32].effective & (1U << capability % 32));
}

uint64_t sys_permitted(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

int sys_set_capabilities(uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted = data[i].effective = (uint32_t)(permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	return (int)syscall(SYS_capset, &header, data);
}

int sys_clock(clockid_t clock, struct timespec *now)
{
#ifdef SYS_clock_gettime64
	return (int)syscall(SYS_clock_gettime64, clock, now);
#else
	return (int)syscall(SYS_clock_gettime, clock, now);
#endif
}

int sys_reboot(int command)
{
	return (int)syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, NULL);
}

int sys_module(int fd, const char *parameters)
{
	return (int)syscall(SYS_finit_module, fd, parameters, 0);
}

int sys_swap(const char *path, bool on)
{
	return (int)(on ? syscall(SYS_swapon, path, 0) : syscall(SYS_swapoff, path));
}

int sys_exec_descriptor(int fd, char **argv, char **envp)
{
	return (int)syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
}

int sys_rename_new(int directory, const char *name, int to, const char *new_name)
{
	enum { NO_REPLACE = 1 };

	return (int)syscall(SYS_renameat2, directory, name, to, new_name, NO_REPLACE);
}

int sys_join_keyring(void)
{
	return (int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0);
}

int sys_link_user_keyring(void)
{
	return (int)syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING, 0, 0);
}

int sys_schedule(int policy, int priority)
{
	return (int)syscall(SYS_sched_setscheduler, 0, policy, &priority);
}

int sys_io_priority(int class, int priority)
{
	enum { WHO_PROCESS = 1, CLASS_SHIFT = 13 };

	return (int)syscall(SYS_ioprio_set, WHO_PROCESS, 0, class << CLASS_SHIFT | priority);
}

int sys_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int sys_ioctl(int fd, unsigned long request, void *argument)
{
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

int sys_terminal_number(int fd, unsigned long request, unsigned *number)
{
	return (int)syscall(SYS_ioctl, fd, request, number);
}

/* Room for one descriptor, aligned as a header must be: cmsg(3). */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

ssize_t sys_send(int socket, const void *packet, size_t size, int descriptor)
{
	union control control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
	struct iovec data = {.iov_base = (void *)packet, .iov_len = size};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

	memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
	return sendmsg(socket, &message, MSG_NOSIGNAL);
}

ssize_t sys_receive(int socket, void *packet, size_t size, int *descriptor)
{
	union control control = {.header = {0}};
	struct iovec data = {.iov_base = packet, .iov_len = size};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	ssize_t n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

	*descriptor = -1;
	if (n >= 0 && message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS)
		memcpy(descriptor, CMSG_DATA(&control.header), sizeof *descriptor);
	return n;
}

int sys_landlock_create(const uint64_t *denied)
{
	if (!denied)
		return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	return (int)syscall(SYS_landlock_create_ruleset, denied, LANDLOCK_ATTR_SIZE, 0);
}

int sys_landlock_path(int ruleset, uint64_t rights, int fd)
{
	const struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};

	return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int sys_landlock_port(int ruleset, uint64_t rights, uint64_t port)
{
	enum { RULE_NET_PORT = 2 }; /* and struct landlock_net_port_attr are not in every linux/landlock.h */
	const uint64_t rule[] = {rights, port};

	return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, rule, 0);
}

int sys_landlock_restrict(int ruleset)
{
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

int sys_bpf(int command, void *attributes, size_t size)
{
	return (int)syscall(SYS_bpf, command, attributes, size);
}

int sys_close_range(unsigned first, unsigned last)
{
	return (int)syscall(SYS_close_range, first, last, 0);
}

int sys_unshare_files(unsigned first)
{
	return (int)syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_UNSHARE);
}

int sys_signal_mask(int how, const sigset_t *set, sigset_t *old)
{
	return (int)syscall(SYS_rt_sigprocmask, how, set, old, KERNEL_SIGSET_BYTES);
}

/* The kernel's struct sigaction differs between architectures, but in what comes first; all 0 is SIG_DFL. */
struct action {
	unsigned long handler;
	uint64_t rest[3]; /* flags, restorer, mask: 16 bytes on arm, 24 on x86-64 */
};

int sys_signal_default(int signal)
{
	const struct action action = {0};

	return (int)syscall(SYS_rt_sigaction, signal, &action, NULL, KERNEL_SIGSET_BYTES);
}

bool sys_signal_is_ignored(int signal)
{
	struct action action = {0};

	return syscall(SYS_rt_sigaction, signal, NULL, &action, KERNEL_SIGSET_BYTES) == 0 && action.handler == (unsigned long)SIG_IGN;
}

int sys_queue_signal(pid_t pid, const siginfo_t *info)
{
	return (int)syscall(SYS_rt_sigqueueinfo, pid, info->si_signo, info);
}
