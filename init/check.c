/* SPDX-License-Identifier: MIT
 *
 * --check. Each ability is tried for real, in a child that ends at once; nothing is guessed from a version.
 * The settings by which distributions refuse user namespaces are read, because the errno does not tell them apart.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "idmap.h"
#include "landlock.h"
#include "log.h"
#include "mount.h"
#include "netlink.h"
#include "out.h"
#include "spawn.h"
#include "sys.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct plan trial; /* large, and in the file if it were const */

static unsigned long user_namespace(void)
{
	return sys_has_capability(CAP_SYS_ADMIN) ? 0 : CLONE_NEWUSER;
}

/* Runs test in a child with these namespaces. 0, or the errno of what failed. */
static int try_in(unsigned long namespaces, int (*test)(void))
{
	pid_t pid = sys_fork(namespaces | (namespaces ? user_namespace() : 0));
	int status;

	if (pid < 0)
		return errno;
	if (pid == 0)
		_exit(test && test() < 0 ? errno : 0);
	if (waitpid(pid, &status, 0) < 0)
		return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* In a user namespace that is to have a root. */
static int own_mounts(void)
{
	struct child child = {.plan = &trial};

	return idmap_apply(&child) < 0 ? -1 : sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int test_proc(void)
{
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	return sys_mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static int test_tree(void)
{
	return sys_clone_tree(AT_FDCWD, "/dev", true);
}

static int test_attributes(void)
{
	int fd = test_tree();

	return fd < 0 ? -1 : sys_mount_attributes(fd, MOUNT_ATTR_RDONLY, true);
}

/* As a start with --rootfs makes it, pts(4). */
static int test_terminal(void)
{
	int master, locked = 0;

	if (own_mounts() < 0 || sys_mount("devpts", "/dev", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=666") < 0)
		return -1;
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	return master < 0 || ioctl(master, TIOCSPTLCK, &locked) < 0 ? -1 : ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
}

static int test_overlay(void)
{
	static const char unprivileged[] = "userxattr,", layers[] = "userxattr,lowerdir=/dev/l,upperdir=/dev/u,workdir=/dev/w";

	if (own_mounts() < 0 || sys_mount("tmpfs", "/dev", "tmpfs", 0, NULL) < 0 || mkdir("/dev/l", 0755) < 0 || mkdir("/dev/u", 0755) < 0 ||
	    mkdir("/dev/w", 0755) < 0)
		return -1;
	return sys_mount("overlay", "/dev", "overlay", 0, layers + (trial.namespaces ? 0 : sizeof unprivileged - 1));
}

static int test_resolve(void)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? -1 : sys_open_in_root(root, "proc", O_PATH, 0);
}

static int test_ranges(void)
{
	return sys_close_range(STDERR_FILENO + 1, ~0U);
}

/* In a network of its own: whether the kernel can, not whether the host's may be changed. */
static int test_veth(void)
{
	int fd = netlink_open();

	return fd < 0 ? -1 : netlink_veth(fd, "nsinit%d", "nsinit%d", NULL, getpid(), 0);
}

static int test_network_power(void)
{
	errno = EPERM;
	return sys_has_capability(CAP_NET_ADMIN) ? 0 : -1;
}

static int test_time(void)
{
	return sys_unshare(CLONE_NEWTIME);
}

static int test_writable_proc(void)
{
	return open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
}

static int test_landlock(void)
{
	return sys_landlock_create(NULL);
}

static int test_landlock_ports(void)
{
	errno = EPROTONOSUPPORT;
	return test_landlock() < LANDLOCK_VERSION_PORTS ? -1 : 0;
}

static const char no_cgroup[] = "run as root, or where systemd delegates cgroups (systemd-run --user --scope); the controller must be enabled";

/* Makes a cgroup with a limit that limits nothing, as a start would, and removes it. */
static int try_limits(unsigned long memory_kib, unsigned long cpu_hundredths, unsigned long pids)
{
	struct cgroup cgroup;
	struct fault fault;

	trial.memory_kib = memory_kib;
	trial.cpu_hundredths = cpu_hundredths;
	trial.pids = pids;
	if (cgroup_make(&trial, &cgroup, &fault) == 0)
		return cgroup_remove(&cgroup);
	errno = fault.error;
	return -1;
}

static int test_memory(void)
{
	return try_limits(1UL << 20, 0, 0);
}

static int test_cpus(void)
{
	return try_limits(0, 100, 0);
}

static int test_pids(void)
{
	return try_limits(0, 0, 1000);
}

/* In the order in which a start needs them. */
static const struct ability {
	const char *name;
	unsigned long namespaces;
	int (*test)(void);
	bool needed; /* by every container */
	const char *remedy;
} abilities[] = {
	{"user namespace", CLONE_NEWUSER, NULL, false, "see the settings below, or run as root"},
	{"pid namespace", CLONE_NEWPID, NULL, true, "CONFIG_PID_NS, or an outer container's seccomp filter"},
	{"mount namespace", CLONE_NEWNS, NULL, true, "run as root, or allow user namespaces"},
	{"uts namespace", CLONE_NEWUTS, NULL, false, "CONFIG_UTS_NS; --share uts does without"},
	{"ipc namespace", CLONE_NEWIPC, NULL, false, "CONFIG_IPC_NS; --share ipc does without"},
	{"cgroup namespace", CLONE_NEWCGROUP, NULL, false, "CONFIG_CGROUPS; --share cgroup does without"},
	{"net namespace", CLONE_NEWNET, NULL, false, "CONFIG_NET_NS; only --net none and veth need it"},
	{"veth pair", CLONE_NEWNET, test_veth, false, "CONFIG_VETH: modprobe veth; only --net veth needs it"},
	{"interfaces of this network", 0, test_network_power, false, "run as root; only --net veth needs it"},
	{"time namespace", CLONE_NEWTIME, test_time, false, "CONFIG_TIME_NS, Linux 5.6; only --unshare time and --clock-offset need it"},
	{"openat2", 0, test_resolve, true, "Linux 5.6, or an outer container's seccomp filter"},
	{"close_range", 0, test_ranges, true, "Linux 5.9, or an outer container's seccomp filter"},
	{"open_tree", CLONE_NEWNS, test_tree, true, "Linux 5.2, or an outer container's seccomp filter"},
	{"mount_setattr", CLONE_NEWNS, test_attributes, false, "Linux 5.12; before it no bind can be idmap"},
	{"new /proc", CLONE_NEWNS | CLONE_NEWPID, test_proc, true,
	 "an outer container masks parts of /proc; start that one with its /proc unmasked (docker: --security-opt systempaths=unconfined)"},
	{"terminal", CLONE_NEWNS, test_terminal, false, "CONFIG_UNIX98_PTYS, or an outer container forbids it; --tty inherit does without"},
	{"overlay", CLONE_NEWNS, test_overlay, false,
	 "Linux 5.11 and CONFIG_OVERLAY_FS: modprobe overlay; only --ephemeral and --overlay need it"},
	{"Landlock", 0, test_landlock, false, "it takes Linux 5.13, CONFIG_SECURITY_LANDLOCK and landlock in lsm="},
	{"Landlock for ports", 0, test_landlock_ports, false, "rules for ports take Linux 6.7"},
	{"--memory", 0, test_memory, false, no_cgroup},
	{"--cpus", 0, test_cpus, false, no_cgroup},
	{"--pids", 0, test_pids, false, no_cgroup},
	{"id maps", CLONE_NEWUSER, test_writable_proc, false, "mount /proc read-write for this user"},
};

/* Where distributions refuse: a file, the value that refuses, and how to allow. */
static const struct setting {
	const char *path, *refuses, *remedy;
} settings[] = {
	{"/proc/sys/user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"},
	{"/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1 (Debian)"},
	{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
	 "an AppArmor profile with userns for nsinit, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu)"},
};

static bool refuses(const struct setting *setting)
{
	char text[16] = "";
	int fd = open(setting->path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	if (n > 0)
		text[strcspn(text, "\n")] = '\0';
	return n > 0 && strcmp(text, setting->refuses) == 0;
}

static bool print_ability(struct out *out, const struct ability *ability)
{
	int error = try_in(ability->namespaces, ability->test);

	if (error == 0)
		out_print(out, "yes  %s\n", ability->name);
	else
		out_print(out, "NO   %s: %s; %s\n", ability->name, strerror(error), ability->remedy);
	return error == 0 || !ability->needed;
}

int check_run(void)
{
	struct out out = OUT(STDOUT_FILENO);
	struct utsname name;
	bool fine = true;

	uname(&name);
	trial.namespaces = user_namespace();
	trial.identity.outer_uid = geteuid();
	trial.identity.outer_gid = getegid();
	out_print(&out, "Linux %s %s, as %s\n", name.release, name.machine,
	          user_namespace() ? "an ordinary user: a user namespace comes with every container" : "root");
	for (size_t i = 0; i < COUNT(abilities); i++)
		fine = print_ability(&out, &abilities[i]) && fine;
	for (size_t i = 0; i < COUNT(settings); i++)
		if (refuses(&settings[i]))
			out_print(&out, "%s  %s is %s; allow by: %s\n", user_namespace() ? "NO " : "-- ", settings[i].path, settings[i].refuses,
			          settings[i].remedy);
	out_print(&out, fine ? "nsinit can make containers here.\n"
	                     : "nsinit cannot make containers here until the remedies are applied; an entrypoint (PID 1, or -s) makes none.\n");
	out_flush(&out);
	return fine ? 0 : 1;
}
