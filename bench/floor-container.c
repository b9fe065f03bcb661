/* SPDX-License-Identifier: MIT
 *
 * The floor of a container: the namespaces, mounts, names and capabilities that nsinit gives one, by the cheapest system
 * call for each, then vfork, exec, wait. It trusts every path, has no options and no messages: 125 is all it says.
 *
 *   floor-container ROOTFS PROGRAM
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MNT_DETACH
#define MNT_DETACH 2 /* umount2(2); linux/mount.h leaves it to libc */
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	NAMESPACES = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWCGROUP,
	GUARDED = MS_NOSUID | MS_NODEV | MS_NOEXEC,
	GUARDED_ATTRIBUTES = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
};

static const struct {
	const char *name, *path;
	unsigned major, minor;
} nodes[] = {
	{"/dev/null", "/dev/null", 1, 3},     {"/dev/zero", "/dev/zero", 1, 5},       {"/dev/full", "/dev/full", 1, 7},
	{"/dev/random", "/dev/random", 1, 8}, {"/dev/urandom", "/dev/urandom", 1, 9}, {"/dev/tty", "/dev/tty", 5, 0},
};

/* What nsinit leaves a container: docker's default set without the making of device nodes. */
static const unsigned kept[] = {
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FSETID, CAP_FOWNER, CAP_NET_RAW, CAP_SETGID, CAP_SETUID, CAP_SETFCAP, CAP_SETPCAP,
	CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_KILL, CAP_AUDIT_WRITE,
};

static uid_t uid;
static gid_t gid;
static bool user; /* an ordinary user: with a user namespace, and what it may not make borrowed from the host */
static int borrowed[COUNT(nodes)], borrowed_sys;

static void must(bool success)
{
	if (!success)
		_exit(125);
}

static int tree(const char *path, unsigned flags)
{
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);

	must(fd >= 0);
	return fd;
}

static void attach(int fd, const char *target)
{
	must(syscall(SYS_move_mount, fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) == 0);
	close(fd);
}

static void put(const char *type, const char *target, unsigned long flags, const char *data)
{
	must(syscall(SYS_mount, type, target, type, flags, data) == 0);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0 && write(fd, text, strlen(text)) > 0);
	close(fd);
}

static void map_ids(void)
{
	char line[32];

	write_file("/proc/self/setgroups", "deny");
	snprintf(line, sizeof line, "0 %u 1\n", uid);
	write_file("/proc/self/uid_map", line);
	snprintf(line, sizeof line, "0 %u 1\n", gid);
	write_file("/proc/self/gid_map", line);
}

static void borrow(void)
{
	for (size_t i = 0; i < COUNT(nodes); i++)
		borrowed[i] = tree(nodes[i].path, 0);
	borrowed_sys = tree("/sys", AT_RECURSIVE);
}

/* The new root, which stays open; the old one lies under it until the mounts are made. */
static int enter(const char *rootfs)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_NODEV};
	int root = tree(rootfs, AT_RECURSIVE);

	must(syscall(SYS_move_mount, root, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH) == 0);
	must(syscall(SYS_mount_setattr, root, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) == 0);
	must(fchdir(root) == 0 && syscall(SYS_pivot_root, ".", ".") == 0);
	return root;
}

/* mount(2) refuses a cgroup2 where the borrowed /sys has one already, move_mount(2) does not. */
static void cover_cgroup(void)
{
	int fs = (int)syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC), fd;

	must(fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0);
	fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, GUARDED_ATTRIBUTES);
	must(fd >= 0);
	attach(fd, "/sys/fs/cgroup");
	close(fs);
}

static void make_sys(void)
{
	struct mount_attr attr = {.attr_set = GUARDED_ATTRIBUTES};

	if (!user) {
		put("sysfs", "/sys", GUARDED | MS_RDONLY, NULL);
		put("cgroup2", "/sys/fs/cgroup", GUARDED | MS_RDONLY, NULL);
		return;
	}
	must(syscall(SYS_mount_setattr, borrowed_sys, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) == 0);
	attach(borrowed_sys, "/sys");
	cover_cgroup();
}

static void make_node(size_t i)
{
	if (!user) {
		must(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) == 0);
	} else {
		must(mknod(nodes[i].path, S_IFREG | 0666, 0) == 0);
		attach(borrowed[i], nodes[i].path);
	}
}

static void make_dev(void)
{
	static const struct {
		const char *target, *path;
	} links[] = {
		{"/proc/self/fd", "/dev/fd"},       {"/proc/self/fd/0", "/dev/stdin"}, {"/proc/self/fd/1", "/dev/stdout"},
		{"/proc/self/fd/2", "/dev/stderr"}, {"pts/ptmx", "/dev/ptmx"},
	};

	put("tmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=755");
	for (size_t i = 0; i < COUNT(links); i++)
		must(symlink(links[i].target, links[i].path) == 0);
	for (size_t i = 0; i < COUNT(nodes); i++)
		make_node(i);
	must(mkdir("/dev/pts", 0755) == 0 && mkdir("/dev/shm", 0755) == 0 && mkdir("/dev/mqueue", 0755) == 0);
	put("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC,
	    user ? "newinstance,ptmxmode=0666,mode=620" : "newinstance,ptmxmode=0666,mode=620,gid=5");
	put("tmpfs", "/dev/shm", GUARDED, "mode=1777");
	put("mqueue", "/dev/mqueue", GUARDED, NULL);
}

/* What nsinit hides or guards of /proc, each if this kernel has it. */
static void mask(void)
{
	static const char *const files[] = {
		"/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
	};
	static const char *const directories[] = {"/proc/scsi", "/proc/acpi"};
	static const char *const guarded[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

	for (size_t i = 0; i < COUNT(files); i++)
		syscall(SYS_mount, "/dev/null", files[i], NULL, MS_BIND, NULL);
	for (size_t i = 0; i < COUNT(directories); i++)
		syscall(SYS_mount, "tmpfs", directories[i], "tmpfs", GUARDED | MS_RDONLY, "size=0,nr_inodes=1");
	for (size_t i = 0; i < COUNT(guarded); i++)
		if (syscall(SYS_mount, guarded[i], guarded[i], NULL, MS_BIND, NULL) == 0)
			syscall(SYS_mount, NULL, guarded[i], NULL, MS_REMOUNT | MS_BIND | GUARDED | MS_RDONLY, NULL);
}

static void make_container(const char *rootfs)
{
	int root;

	must(syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) == 0);
	if (user)
		map_ids();
	must(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) > 0 && prctl(PR_SET_DUMPABLE, 0) == 0);
	must(syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	if (user)
		borrow();
	umask(0);
	root = enter(rootfs);
	put("proc", "/proc", GUARDED, NULL);
	make_sys();
	make_dev();
	put("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755");
	put("tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777");
	syscall(SYS_mount, "tmpfs", "/sys/firmware", "tmpfs", GUARDED | MS_RDONLY, "size=0,nr_inodes=1");
	if (!user)
		mask();
	umask(022);
	must(fchdir(root) == 0 && syscall(SYS_umount2, ".", MNT_DETACH) == 0 && chdir("/") == 0);
	close(root);
	must(sethostname("bench", 5) == 0);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
	unsigned long long keep = 0;

	for (size_t i = 0; i < COUNT(kept); i++)
		keep |= 1ULL << kept[i];
	for (unsigned long i = 0; i <= CAP_LAST_CAP; i++)
		if (!(keep >> i & 1))
			prctl(PR_CAPBSET_DROP, i);
	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = (unsigned)(keep >> (32 * i));
	must(syscall(SYS_capset, &header, data) == 0);
}

/* Waits for one process and gives its status on. */
static int outlive(pid_t pid, const sigset_t *all)
{
	int status;

	for (;;) {
		int signal = sigwaitinfo(all, NULL);

		if (signal == SIGCHLD && waitpid(pid, &status, WNOHANG) == pid)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

int main(int argc, char **argv)
{
	sigset_t all, before;
	pid_t pid;

	if (argc < 3)
		return 125;
	uid = geteuid();
	gid = getegid();
	user = uid != 0;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = (pid_t)syscall(SYS_clone, NAMESPACES | (user ? CLONE_NEWUSER : 0) | SIGCHLD, 0, 0, 0, 0);
	must(pid >= 0);
	if (pid > 0)
		return outlive(pid, &all);
	make_container(argv[1]);
	pid = vfork();
	if (pid == 0) {
		drop_capabilities();
		sigprocmask(SIG_SETMASK, &before, NULL);
		execv(argv[2], argv + 2);
		_exit(127);
	}
	return outlive(pid, &all);
}
