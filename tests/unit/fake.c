/* SPDX-License-Identifier: MIT
 *
 * The replaced system calls. The list of names stands in unit.mk; a call that is new in include/sys.h
 * does not link until it is here.
 */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys.h"
#include "unit.h"

enum {
	LINES_MAX = 512,
	LINE_SIZE = 512,
	RULES_MAX = 8,
};

static struct {
	char lines[LINES_MAX][LINE_SIZE];
	size_t count;
	struct {
		const char *name, *part;
		int nth, error;
	} failures[RULES_MAX];
	size_t failure_count;
	const char *real[RULES_MAX];
	size_t real_count;
	const char *proc;
	bool capable, has_ids;
	unsigned uid, gid;
	unsigned long statfs_flags;
	bool pseudo;
	int landlock;
} fake;

void fake_reset(void)
{
	memset(&fake, 0, sizeof fake);
	fake.capable = true;
	fake.landlock = 6;
}

void fake_fail(const char *name, int nth, int error)
{
	assert_true(fake.failure_count < RULES_MAX);
	fake.failures[fake.failure_count].name = name;
	fake.failures[fake.failure_count].nth = nth;
	fake.failures[fake.failure_count++].error = error;
}

void fake_fail_at(const char *name, const char *part, int error)
{
	fake_fail(name, 0, error);
	fake.failures[fake.failure_count - 1].part = part;
}

void fake_real(const char *name)
{
	assert_true(fake.real_count < RULES_MAX);
	fake.real[fake.real_count++] = name;
}

void fake_proc(const char *directory)
{
	fake.proc = directory;
}

void fake_capable(bool capable)
{
	fake.capable = capable;
}

void fake_ids(unsigned uid, unsigned gid)
{
	fake.has_ids = true;
	fake.uid = uid;
	fake.gid = gid;
}

void fake_statfs_flags(unsigned long flags)
{
	fake.statfs_flags = flags;
}

void fake_pseudo(void)
{
	fake.pseudo = true;
}

void fake_landlock(int version)
{
	fake.landlock = version;
}

static bool is_call(const char *line, const char *name)
{
	size_t length = strlen(name);

	return strncmp(line, name, length) == 0 && (line[length] == ' ' || line[length] == '\0');
}

int fake_count(const char *name)
{
	int count = 0;

	for (size_t i = 0; i < fake.count; i++)
		count += is_call(fake.lines[i], name);
	return count;
}

const char *fake_line(size_t nth)
{
	return nth < fake.count ? fake.lines[nth] : NULL;
}

const char *fake_find(size_t *from, const char *part)
{
	for (; *from < fake.count; (*from)++)
		if (strstr(fake.lines[*from], part))
			return fake.lines[(*from)++];
	return NULL;
}

const char *fake_text(void)
{
	static char text[LINES_MAX * 64];

	text[0] = '\0';
	for (size_t i = 0; i < fake.count; i++)
		if (strlen(text) + LINE_SIZE + 2 < sizeof text)
			sprintf(text + strlen(text), "%s\n", fake.lines[i]);
	return text;
}

static bool is_real(const char *name)
{
	for (size_t i = 0; i < fake.real_count; i++)
		if (strcmp(fake.real[i], name) == 0)
			return true;
	return false;
}

/* Records a call. True if it is to fail; errno is then set. */
__attribute__((format(printf, 2, 3))) static bool fails(const char *name, const char *format, ...)
{
	va_list arguments;
	char *line;
	int length, nth;

	if (fake.count == LINES_MAX)
		return false;
	line = fake.lines[fake.count++];
	length = snprintf(line, LINE_SIZE, "%s", name);
	va_start(arguments, format);
	vsnprintf(line + length, (size_t)(LINE_SIZE - length), format, arguments);
	va_end(arguments);
	nth = fake_count(name);
	for (size_t i = 0; i < fake.failure_count; i++) {
		const char *part = fake.failures[i].part;

		if (strcmp(fake.failures[i].name, name) != 0 || (part ? !strstr(line, part) : fake.failures[i].nth != nth))
			continue;
		errno = fake.failures[i].error;
		return true;
	}
	return false;
}

extern int __real_open(const char *path, int flags, ...);
extern int __real_openat(int dirfd, const char *path, int flags, ...);

/* --- spawn/sys.c --- */

#define REAL(type, name, ...) extern type __real_##name(__VA_ARGS__); extern type __wrap_##name(__VA_ARGS__); type __wrap_##name(__VA_ARGS__)

/* Nobody is made: the launcher's side, with a pid that nobody has. */
REAL(pid_t, sys_fork, unsigned long flags)
{
	if (fails("sys_fork", " %#lx", flags))
		return -1;
	return is_real("sys_fork") ? __real_sys_fork(flags) : 1 << 29;
}

REAL(pid_t, sys_fork_into, unsigned long flags, int cgroup)
{
	if (fails("sys_fork_into", " %#lx %s", flags, path_of(cgroup)))
		return -1;
	return is_real("sys_fork_into") ? __real_sys_fork_into(flags, cgroup) : 1 << 29;
}

REAL(pid_t, sys_vfork_into, unsigned long flags, int cgroup, int (*run)(void *), char *stack, void *argument)
{
	if (fails("sys_vfork_into", " %s", path_of(cgroup)))
		return -1;
	return is_real("sys_vfork_into") ? __real_sys_vfork_into(flags, cgroup, run, stack, argument) : 1 << 29;
}

/* A program is loaded, if any, and never attached. */
REAL(int, sys_bpf, int command, void *attributes, size_t size)
{
	if (fails("sys_bpf", " %d", command))
		return -1;
	return is_real("sys_bpf") ? __real_sys_bpf(command, attributes, size) : 0;
}

REAL(int, sys_unshare, unsigned long flags)
{
	return fails("sys_unshare", " %#lx", flags) ? -1 : 0;
}

/* The kernel's own: it changes nothing. */
REAL(int, sys_open_in_root, int dirfd, const char *path, int flags, mode_t mode)
{
	return fails("sys_open_in_root", " %s", path) ? -1 : __real_sys_open_in_root(dirfd, path, flags, mode);
}

/* The kernel's own. */
REAL(int, sys_open_plain, const char *path, int flags)
{
	return fails("sys_open_plain", " %s", path) ? -1 : __real_sys_open_plain(path, flags);
}

/* The original instead of a copy. */
REAL(int, sys_clone_tree, int dirfd, const char *path, bool recursive)
{
	if (fails("sys_clone_tree", " %s%s", path, recursive ? " rec" : ""))
		return -1;
	return is_real("sys_clone_tree") ? __real_sys_clone_tree(dirfd, path, recursive) : __real_openat(dirfd, path, O_PATH | O_CLOEXEC);
}

/* The path of a descriptor, a new file system's without the part that mkdtemp made up. */
static const char *path_text(int fd)
{
	static char text[4][PATH_MAX];
	static unsigned next;
	char *path = text[next++ % 4], *suffix;

	snprintf(path, PATH_MAX, "%s", path_of(fd));
	suffix = strstr(path, "/detached-") ? strchr(path, '.') : NULL;
	if (suffix)
		memmove(suffix, suffix + strlen(".XXXXXX"), strlen(suffix + strlen(".XXXXXX")) + 1);
	return path;
}

/* What path, looked up from dirfd, stands for; an empty one is dirfd itself. */
static const char *target_text(int dirfd, const char *path)
{
	static char text[2 * PATH_MAX];
	int here = dirfd == AT_FDCWD ? __real_open(".", O_PATH | O_CLOEXEC) : dirfd;
	const char *directory = path_text(here);

	if (here != dirfd)
		close(here);
	if (!*path || strcmp(path, ".") == 0)
		return directory;
	snprintf(text, sizeof text, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, path);
	return *path == '/' ? path : text;
}

/* Nothing is attached. */
REAL(int, sys_attach, int fd, int dirfd, const char *path)
{
	return fails("sys_attach", " %s on %s", path_text(fd), target_text(dirfd, path)) ? -1 : 0;
}

static const char *flag_words(unsigned long flags)
{
	static const struct {
		unsigned long flag;
		const char *word;
	} rows[] = {
		{MS_RDONLY, "ro"}, {MS_NOSUID, "nosuid"}, {MS_NODEV, "nodev"}, {MS_NOEXEC, "noexec"}, {MS_REMOUNT, "remount"},
		{MS_BIND, "bind"}, {MS_REC, "rec"}, {MS_PRIVATE, "private"}, {MS_NOATIME, "noatime"}, {MS_NODIRATIME, "nodiratime"},
		{~0UL, "unknown"}, /* what no row before it has taken */
	};
	static char text[256];

	text[0] = '\0';
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (flags & rows[i].flag)
			sprintf(text + strlen(text), "%s%s", *text ? "," : "", rows[i].word);
		flags &= ~rows[i].flag;
	}
	return *text ? text : "rw";
}

REAL(int, sys_mount_attributes, int fd, uint64_t attributes, bool recursive)
{
	if (fails("sys_mount_attributes", " %s %s%s", path_text(fd), flag_words(attributes), recursive ? " rec" : ""))
		return -1;
	return is_real("sys_mount_attributes") ? __real_sys_mount_attributes(fd, attributes, recursive) : 0;
}

REAL(int, sys_map_mount, int fd, int user_namespace, bool recursive)
{
	(void)user_namespace;
	return fails("sys_map_mount", " %s%s", path_text(fd), recursive ? " rec" : "") ? -1 : 0;
}

/* A new, empty directory instead of a file system. */
REAL(int, sys_detached_mount, const char *type, const char *key, const char *value, uint64_t attributes)
{
	static char path[256];

	if (fails("sys_detached_mount", " %s%s%s%s%s %s", type, key ? " " : "", key ? key : "", key ? "=" : "", key ? value : "", flag_words(attributes)))
		return -1;
	snprintf(path, sizeof path, "%s/detached-%s.XXXXXX", place(), type);
	return mkdtemp(path) ? __real_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* The same. */
REAL(int, sys_detached_mount_options, const char *type, const char *const options[][2])
{
	static char path[256];
	char text[256] = "";

	for (size_t i = 0; options[i][0] && strlen(text) < 128; i++)
		snprintf(text + strlen(text), 128, " %s%s%s", options[i][0], options[i][1] ? "=" : "", options[i][1] ? options[i][1] : "");
	if (fails("sys_detached_mount_options", " %s%s", type, text))
		return -1;
	snprintf(path, sizeof path, "%s/detached-%s.XXXXXX", place(), type);
	return mkdtemp(path) ? __real_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

REAL(int, sys_mount, const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	(void)source;
	return fails("sys_mount", " %s on %s %s%s%s", type ? type : "none", target_text(AT_FDCWD, target), flag_words(flags),
	             data ? " " : "", data ? data : "") ? -1 : 0;
}

REAL(int, sys_umount, const char *target, int flags)
{
	return fails("sys_umount", " %s%s", target_text(AT_FDCWD, target), flags == 2 ? " detach" : "") ? -1 : 0;
}

REAL(int, sys_pivot_root, const char *new_root, const char *put_old)
{
	return fails("sys_pivot_root", " %s %s in %s", new_root, put_old, target_text(AT_FDCWD, ".")) ? -1 : 0;
}

REAL(int, sys_setgroups, size_t count, const gid_t *groups)
{
	char text[128] = "";

	for (size_t i = 0; i < count && i < 8; i++)
		sprintf(text + strlen(text), " %u", (unsigned)groups[i]);
	return fails("sys_setgroups", " %zu:%s", count, text) ? -1 : 0;
}

REAL(int, sys_setgid, gid_t gid)
{
	return fails("sys_setgid", " %u", (unsigned)gid) ? -1 : 0;
}

REAL(int, sys_setuid, uid_t uid)
{
	return fails("sys_setuid", " %u", (unsigned)uid) ? -1 : 0;
}

REAL(bool, sys_has_capability, int capability)
{
	(void)capability;
	return fake.capable;
}

/* All that there are. */
REAL(uint64_t, sys_permitted, void)
{
	return ~UINT64_C(0);
}

REAL(int, sys_set_capabilities, uint64_t permitted, uint64_t inheritable)
{
	return fails("sys_set_capabilities", " %#llx %#llx", (unsigned long long)permitted, (unsigned long long)inheritable) ? -1 : 0;
}

REAL(int, sys_clock, clockid_t clock, struct timespec *now)
{
	return clock_gettime(clock, now);
}

REAL(int, sys_reboot, int command)
{
	return fails("sys_reboot", " %#x", (unsigned)command) ? -1 : 0;
}

REAL(int, sys_module, int fd, const char *parameters)
{
	return fails("sys_module", " %s%s%s", path_of(fd), *parameters ? " " : "", parameters) ? -1 : 0;
}

REAL(int, sys_swap, const char *path, bool on)
{
	return fails("sys_swap", " %s %s", path, on ? "on" : "off") ? -1 : 0;
}

/* A successful one would not return. */
REAL(int, sys_exec_descriptor, int fd, char **argv, char **envp)
{
	(void)envp;
	fails("sys_exec_descriptor", " %s as %s", path_of(fd), argv[0]);
	errno = ENOENT;
	return -1;
}

/* Goes to the kernel. */
REAL(int, sys_rename_new, int directory, const char *name, int to, const char *new_name)
{
	return fails("sys_rename_new", " %s", name) ? -1 : __real_sys_rename_new(directory, name, to, new_name);
}

REAL(int, sys_join_keyring, void)
{
	return fails("sys_join_keyring", "%s", "") ? -1 : 0;
}

REAL(int, sys_link_user_keyring, void)
{
	return fails("sys_link_user_keyring", "%s", "") ? -1 : 0;
}

REAL(int, sys_schedule, int policy, int priority)
{
	return fails("sys_schedule", " %d %d", policy, priority) ? -1 : 0;
}

REAL(int, sys_io_priority, int class, int priority)
{
	return fails("sys_io_priority", " %d %d", class, priority) ? -1 : 0;
}

/* A descriptor of nobody. */
REAL(int, sys_pidfd, pid_t pid)
{
	return fails("sys_pidfd", " %d", (int)pid) ? -1 : __real_open("/dev/null", O_RDWR | O_CLOEXEC);
}

REAL(int, sys_ioctl, int fd, unsigned long request, void *argument)
{
	return fails("sys_ioctl", " %s %#lx", path_of(fd), request) ? -1 : __real_sys_ioctl(fd, request, argument);
}

REAL(int, sys_terminal_number, int fd, unsigned long request, unsigned *number)
{
	return fails("sys_terminal_number", " %s", path_of(fd)) ? -1 : __real_sys_terminal_number(fd, request, number);
}

REAL(ssize_t, sys_send, int socket, const void *packet, size_t size, int descriptor)
{
	if (fails("sys_send", " %zu bytes with %s", size, path_of(descriptor)))
		return -1;
	return is_real("sys_send") ? __real_sys_send(socket, packet, size, descriptor) : (ssize_t)size;
}

REAL(ssize_t, sys_receive, int socket, void *packet, size_t size, int *descriptor)
{
	return fails("sys_receive", " %zu", size) ? -1 : __real_sys_receive(socket, packet, size, descriptor);
}

/* A descriptor of nobody. */
REAL(int, sys_landlock_create, const uint64_t *denied)
{
	if (!denied)
		return fails("sys_landlock_create", " version") ? -1 : fake.landlock;
	if (fails("sys_landlock_create", " files %#llx ports %#llx scopes %#llx", (unsigned long long)denied[0], (unsigned long long)denied[1],
	          (unsigned long long)denied[2]))
		return -1;
	return __real_open("/dev/null", O_RDWR | O_CLOEXEC);
}

REAL(int, sys_landlock_path, int ruleset, uint64_t rights, int fd)
{
	(void)ruleset;
	return fails("sys_landlock_path", " %s %#llx", path_of(fd), (unsigned long long)rights) ? -1 : 0;
}

REAL(int, sys_landlock_port, int ruleset, uint64_t rights, uint64_t port)
{
	(void)ruleset;
	return fails("sys_landlock_port", " %llu %#llx", (unsigned long long)port, (unsigned long long)rights) ? -1 : 0;
}

REAL(int, sys_landlock_restrict, int ruleset)
{
	return fails("sys_landlock_restrict", " %s", path_of(ruleset)) ? -1 : 0;
}

REAL(int, sys_close_range, unsigned first, unsigned last)
{
	return fails("sys_close_range", " %u to %d", first, (int)last) ? -1 : 0; /* -1: to the end */
}

REAL(int, sys_unshare_files, unsigned first)
{
	return fails("sys_unshare_files", " %u", first) ? -1 : 0;
}

REAL(int, sys_signal_mask, int how, const sigset_t *set, sigset_t *old)
{
	if (fails("sys_signal_mask", " %d", how))
		return -1;
	return is_real("sys_signal_mask") ? __real_sys_signal_mask(how, set, old) : 0;
}

REAL(bool, sys_signal_is_ignored, int signal)
{
	if (is_real("sys_signal_is_ignored"))
		return __real_sys_signal_is_ignored(signal);
	return signal == SIGHUP || signal == SIGRTMAX;
}

REAL(int, sys_signal_default, int signal)
{
	if (fails("sys_signal_default", " %d", signal))
		return -1;
	return is_real("sys_signal_default") ? __real_sys_signal_default(signal) : 0;
}

REAL(int, sys_queue_signal, pid_t pid, const siginfo_t *info)
{
	if (fails("sys_queue_signal", " %d %d value %d", (int)pid, info->si_signo, info->si_value.sival_int))
		return -1;
	return is_real("sys_queue_signal") ? __real_sys_queue_signal(pid, info) : 0;
}

/* --- libc --- */

/* The last part of a path as /proc/self/name or /proc/1/name; NULL if it is none. */
static const char *name_in_proc(const char *path)
{
	const char *process = strncmp(path, "/proc/", 6) == 0 ? path + 6 : "", *slash = strchr(process, '/');
	bool is_process = slash && (strncmp(process, "self/", 5) == 0 || strspn(process, "0123456789") == (size_t)(slash - process));

	return is_process ? slash + 1 : NULL;
}

/* The kernel's own, a process in /proc apart. */
static int open_moved(const char *name, int dirfd, const char *path, int flags, mode_t mode)
{
	const char *moved_name = fake.proc ? name_in_proc(path) : NULL;
	char moved[PATH_MAX];

	if (fails(name, " %s", path))
		return -1;
	if (moved_name) {
		snprintf(moved, sizeof moved, "%s/%s", fake.proc, moved_name);
		path = moved;
	}
	return __real_openat(dirfd, path, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

extern int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return open_moved("open", AT_FDCWD, path, flags, mode);
}

extern int __wrap_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return open_moved("openat", dirfd, path, flags, mode);
}

REAL(int, fstatfs, int fd, struct statfs *status)
{
	int result = __real_fstatfs(fd, status);

	if (fake.statfs_flags)
		status->f_flags = (long)fake.statfs_flags;
	if (fake.pseudo && strcmp(basename(path_of(fd)), "proc") == 0)
		status->f_type = PROC_SUPER_MAGIC;
	if (fake.pseudo && strcmp(basename(path_of(fd)), "sys") == 0)
		status->f_type = SYSFS_MAGIC;
	return result;
}

/* The kernel's own. */
REAL(int, chdir, const char *path)
{
	return fails("chdir", " %s", path) ? -1 : __real_chdir(path);
}

/* A successful one would not return, so it always fails: as if there were no such file, unless asked for another error. */
REAL(int, execve, const char *path, char *const argv[], char *const envp[])
{
	char text[256] = "";

	for (size_t i = 0; argv[i] && strlen(text) < 128; i++)
		snprintf(text + strlen(text), 128, " %s", argv[i]);
	if (fails("execve", " %.128s:%s", path, text))
		return -1;
	if (is_real("execve"))
		return __real_execve(path, argv, envp);
	errno = ENOENT;
	return -1;
}

REAL(int, sethostname, const char *name, size_t length)
{
	return fails("sethostname", " %.*s", (int)length, name) ? -1 : 0;
}

REAL(int, setdomainname, const char *name, size_t length)
{
	return fails("setdomainname", " %.*s", (int)length, name) ? -1 : 0;
}

REAL(int, mknodat, int dirfd, const char *path, mode_t mode, dev_t dev)
{
	(void)dirfd;
	return fails("mknodat", " %s %o %llu", path, (unsigned)mode, (unsigned long long)dev) ? -1 : 0;
}

REAL(int, setpgid, pid_t pid, pid_t group)
{
	if (fails("setpgid", " %d %d", (int)pid, (int)group))
		return -1;
	return is_real("setpgid") ? __real_setpgid(pid, group) : 0;
}

extern int __real_prctl(int option, ...);
extern int __wrap_prctl(int option, ...);
int __wrap_prctl(int option, ...)
{
	unsigned long value;
	va_list arguments;

	va_start(arguments, option);
	value = va_arg(arguments, unsigned long);
	va_end(arguments);
	if (fails("prctl", " %d %d", option, (int)value))
		return -1;
	return is_real("prctl") ? __real_prctl(option, value, 0, 0, 0) : 0;
}

/* A descriptor that is no socket. */
REAL(int, socket, int domain, int type, int protocol)
{
	return fails("socket", " %d %d %d", domain, type, protocol) ? -1 : __real_open("/dev/null", O_RDWR | O_CLOEXEC);
}

extern int __real_ioctl(int fd, unsigned long request, ...);
extern int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (fails("ioctl", " %#lx", request))
		return -1;
	return is_real("ioctl") ? __real_ioctl(fd, request, argument) : 0;
}

REAL(int, kill, pid_t pid, int signal)
{
	if (fails("kill", " %d %d", (int)pid, signal))
		return -1;
	return is_real("kill") ? __real_kill(pid, signal) : 0;
}

REAL(int, prlimit, pid_t pid, int resource, const struct rlimit *limit, struct rlimit *old)
{
	(void)pid;
	(void)old;
	return fails("prlimit", " %d %llu %llu", resource, (unsigned long long)limit->rlim_cur, (unsigned long long)limit->rlim_max) ? -1 : 0;
}

REAL(int, setpriority, int which, int who, int priority)
{
	return fails("setpriority", " %d %d %d", which, who, priority) ? -1 : 0;
}

REAL(int, setns, int fd, int kinds)
{
	(void)fd;
	return fails("setns", " %#x", (unsigned)kinds) ? -1 : 0;
}

REAL(uid_t, geteuid, void)
{
	return fake.has_ids ? fake.uid : __real_geteuid();
}

REAL(gid_t, getegid, void)
{
	return fake.has_ids ? fake.gid : __real_getegid();
}
