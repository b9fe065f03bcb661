/* SPDX-License-Identifier: MIT
 *
 * The least that a PID 1 of a machine can do, with "appliance" in its environment what an appliance needs as well: nine mounts, a
 * host name, the loopback interface; then its program, and the end of the machine when that ends.
 */
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void appliance(void)
{
	static const char *const mounts[][3] = {
		{"proc", "/proc", NULL}, {"sysfs", "/sys", NULL}, {"devtmpfs", "/dev", NULL}, {"devpts", "/dev/pts", NULL},
		{"tmpfs", "/dev/shm", "mode=1777"}, {"mqueue", "/dev/mqueue", NULL}, {"tmpfs", "/run", "mode=755"},
		{"tmpfs", "/tmp", "mode=1777"}, {"cgroup2", "/sys/fs/cgroup", "nsdelegate"},
	};
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
		mkdir(mounts[i][1], 0755);
		mount(mounts[i][0], mounts[i][1], mounts[i][0], MS_NOSUID, mounts[i][2]);
	}
	sethostname("bench", 5);
	ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request);
}

int main(void)
{
	char *program[] = {"/program", NULL};
	pid_t child;

	if (getenv("appliance"))
		appliance();
	child = vfork();
	if (child == 0) {
		execv(program[0], program);
		_exit(127);
	}
	while (wait(NULL) != child)
		;
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
