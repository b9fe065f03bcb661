/* SPDX-License-Identifier: MIT
 *
 * /init of bench/boot's machines, twice: as PID 1 it writes down when it started and becomes the init that is measured;
 * as that one's program it says how long that took, in microseconds, what was done meanwhile and the memory that it takes, in
 * kB. Then it asks for the end, where there is somebody to ask.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int start(char **argv)
{
	int64_t now = now_us();
	int fd = open("/start", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, &now, sizeof now) != sizeof now || close(fd) < 0)
		return 1;
	execv("/measured", argv);
	return 1;
}

/* How many of the wanted mounts are there, how the loopback interface is and what the machine is called. */
static void say_work(char *line)
{
	static const char *const mounts[] = {"/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/run", "/tmp", "/sys/fs/cgroup"};
	struct stat root, at;
	char host[65] = "", flags[16] = "none";
	int fd = open("/sys/class/net/lo/flags", O_RDONLY), count = 0;

	if (fd >= 0 && read(fd, flags, sizeof flags - 1) < 0)
		flags[0] = '\0';
	flags[strcspn(flags, "\n")] = '\0';
	gethostname(host, sizeof host - 1);
	for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++)
		count += stat("/", &root) == 0 && stat(mounts[i], &at) == 0 && at.st_dev != root.st_dev;
	sprintf(line, " mounts %d lo %s host %s", count, flags, host);
}

/* The number behind a name in a file of /proc, -1: there is none. */
static long number(const char *path, const char *name)
{
	char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	const char *at;

	close(fd);
	text[length < 0 ? 0 : length] = '\0';
	at = strstr(text, name);
	return at ? atol(at + strlen(name)) : -1;
}

/* What is free, and what PID 1 has of its own. */
static void say_memory(char *line)
{
	mkdir("/proc", 0555);
	mount("proc", "/proc", "proc", 0, NULL); /* where nobody did */
	sprintf(line, " memory %ld %ld", number("/proc/meminfo", "MemFree:"), number("/proc/1/smaps_rollup", "Anonymous:"));
}

/* The kernel notes the moment, in the clock in which it notes the end of the machine. */
static void ask_for_the_end(void)
{
	char *poweroff[] = {"poweroff", NULL};
	int fd = open("/dev/kmsg", O_WRONLY);

	if (fd >= 0 && write(fd, "<1>asked", 8) == 8 && vfork() == 0) {
		execv("/sbin/poweroff", poweroff);
		_exit(127);
	}
	pause();
}

int main(void)
{
	int64_t now = now_us(), before = 0;
	char line[256], work[128], memory[64];
	int fd;

	if (getpid() == 1 && access("/start", F_OK) != 0)
		return start(getenv("alone") ? (char *[]){"/nsinit", "--", "/program", NULL} : (char *[]){"/init", NULL});
	fd = open("/start", O_RDONLY);
	if (fd < 0 || read(fd, &before, sizeof before) != sizeof before)
		return 1;
	say_work(work);
	say_memory(memory);
	mknod("/dev/ttyS0", S_IFCHR | 0600, makedev(4, 64)); /* where there is no /dev yet */
	fd = open("/dev/ttyS0", O_WRONLY | O_NOCTTY);
	if (fd >= 0 && write(fd, line, (size_t)sprintf(line, "\nboot-us %ld%s%s\n", (long)(now - before), work, memory)) < 0)
		return 1;
	if (access("/sbin/poweroff", X_OK) == 0)
		ask_for_the_end();
	reboot(RB_POWER_OFF);
	return 0;
}
