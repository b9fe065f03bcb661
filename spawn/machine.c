/* SPDX-License-Identifier: MIT
 *
 * The machine. Whatever may be there already is no error: a kernel with CONFIG_DEVTMPFS_MOUNT, an initramfs before us
 * and a container manager all mount some of it.
 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>

#include "dev.h"
#include "mount.h"
#include "netlink.h"
#include "sys.h"

enum {
	GUARDED = MS_NOSUID | MS_NODEV | MS_NOEXEC,
	UEVENTS = 1, /* the group of the kernel's own messages, NETLINK_KOBJECT_UEVENT */
	OPEN_RETRY_MS = 2,
};

const struct mount_row machine_rows[] = {
	{"proc", "proc", GUARDED, NULL, 0, 0, NULL},
	{"sys", "sysfs", GUARDED, NULL, 0, 0, NULL},
	{"dev", "devtmpfs", MS_NOSUID, "mode=755", 0, 0, NULL},
	{"dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "ptmxmode=0666,mode=620,gid=5", 0, 0, NULL},
	{"dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", 0, 0, NULL},
	{"dev/mqueue", "mqueue", GUARDED, NULL, 0, MOUNT_OPTIONAL, NULL},
	{"run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755", 0, MOUNT_ROOTFS, NULL},
	{"tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", 0, MOUNT_ROOTFS, NULL},
	{"sys/fs/cgroup", "cgroup2", GUARDED, "nsdelegate", 0, MOUNT_OPTIONAL, NULL},
};
const size_t machine_row_count = sizeof machine_rows / sizeof machine_rows[0];

/*
 * reboot(2), "Behavior inside PID namespaces": what neither ends nor restarts is refused in all but the first, and to a container
 * without CAP_SYS_BOOT. That Ctrl-Alt-Del comes as a signal is wanted anyway; the inode of /proc/self/ns/pid says the same for 2 ms.
 */
static bool is_first_pid_namespace(void)
{
	return sys_reboot(RB_DISABLE_CAD) == 0;
}

/* A kernel that finds no /dev/console starts us without any descriptor, and the next file opened would be our log. */
static void fill_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)openat(AT_FDCWD, "/", O_PATH); /* takes the lowest that is free */
}

bool machine_is_ours(void)
{
	if (getpid() != 1)
		return false;
	fill_descriptors();
	if (chdir("/") < 0 || !is_first_pid_namespace())
		return false;
	machine_mount(&machine_rows[0]);
	return true;
}

static bool is_mounted(const char *target, const char *parent)
{
	struct stat at, above;

	return stat(target, &at) == 0 && stat(parent, &above) == 0 && at.st_dev != above.st_dev;
}

/* For "dev/pts" it is "dev". */
static void name_parent(char *parent, size_t size, const char *target)
{
	const char *slash = strrchr(target, '/');
	size_t length = slash ? (size_t)(slash - target) : 0;

	strcpy(parent, ".");
	if (length > 0 && length < size) {
		memcpy(parent, target, length);
		parent[length] = '\0';
	}
}

int machine_mount(const struct mount_row *row)
{
	char parent[32];

	name_parent(parent, sizeof parent, row->target);
	if (is_mounted(row->target, parent))
		return 0;
	mkdir(row->target, 0755); /* what cannot be made is not there to be mounted on, which says more */
	if (sys_mount(row->type, row->target, row->type, row->flags, row->data) == 0 || errno == EBUSY)
		return 0;
	if (errno == ENODEV && strcmp(row->type, "devtmpfs") == 0)
		return sys_mount("tmpfs", row->target, "tmpfs", row->flags, row->data);
	return -1;
}

int machine_nodes(void)
{
	int dev = openat(AT_FDCWD, "dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;
	mode_t mask = umask(0);

	result = dev < 0 ? -1 : dev_fill(dev);
	umask(mask);
	if (dev >= 0)
		close(dev);
	return result;
}

int machine_devices(void)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK, .nl_groups = UEVENTS};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&kernel, sizeof kernel) == 0)
		return fd;
	close(fd);
	return -1;
}

int machine_device(int devices, int64_t ms)
{
	struct pollfd descriptor = {.fd = devices, .events = POLLIN};
	char news[64];

	if (ms <= 0 || poll(&descriptor, 1, (int)ms) != 1)
		return -1;
	while (recv(devices, news, sizeof news, 0) > 0) /* whichever they were: what is there is looked for anew */
		;
	return 0;
}

static bool may_come(int error)
{
	return error == ENOENT || error == ENXIO || error == ENODEV;
}

int machine_open(const char *path, int flags, int64_t wait_ms)
{
	int fd = openat(AT_FDCWD, path, flags | O_CLOEXEC), devices = -1, error;
	int64_t deadline_ms;

	if (fd >= 0 || !may_come(errno))
		return fd;
	deadline_ms = netlink_now_ms() + wait_ms;
	devices = machine_devices();
	do {
		fd = openat(AT_FDCWD, path, flags | O_CLOEXEC); /* again, now that we would hear of it */
		error = errno;
		if (fd < 0 && may_come(error)) /* no news tells when a node that is there can be opened */
			machine_device(devices, error == ENOENT ? deadline_ms - netlink_now_ms() : OPEN_RETRY_MS);
	} while (fd < 0 && may_come(error) && netlink_now_ms() < deadline_ms);
	if (devices >= 0)
		close(devices);
	errno = error;
	return fd;
}

void machine_end(enum plan_end end)
{
	static const unsigned commands[] = {[END_POWEROFF] = RB_POWER_OFF, [END_REBOOT] = RB_AUTOBOOT, [END_HALT] = RB_HALT_SYSTEM};

	sys_reboot((int)commands[end]);
}

int machine_make_sane(int fd)
{
	struct termios settings, before;

	if (tcgetattr(fd, &settings) < 0)
		return -1;
	before = settings;
	settings.c_iflag |= ICRNL | IXON;
	settings.c_iflag &= ~(tcflag_t)(INLCR | IGNCR);
	settings.c_oflag |= OPOST | ONLCR;
	settings.c_cflag |= CREAD | HUPCL | CLOCAL;
	settings.c_lflag |= ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	/* It usually is, and a line takes a millisecond to be set up. */
	if (settings.c_iflag != before.c_iflag || settings.c_oflag != before.c_oflag || settings.c_cflag != before.c_cflag ||
	    settings.c_lflag != before.c_lflag)
		tcsetattr(fd, TCSANOW, &settings);
	return 0;
}
