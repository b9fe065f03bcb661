/* SPDX-License-Identifier: MIT
 *
 * The least that qemu/run asks of an /init, for the tests of the tools: modules, the program on its terminal, the status on
 * the port that the kernel's command line names, the end. nsinit does all of it better; this one tells whose fault a failure is.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char command_line[4096];

static void mount_all(void)
{
	static const char *const rows[][2] = {{"/dev", "devtmpfs"}, {"/proc", "proc"}, {"/sys", "sysfs"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		mkdir(rows[i][0], 0755);
		mount(rows[i][1], rows[i][0], rows[i][1], 0, NULL);
	}
	for (int i = 0; i < 3; i++) {
		const char *const links[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
		char target[] = "/proc/self/fd/0";

		target[sizeof target - 2] = (char)('0' + i);
		if (symlink(target, links[i]) < 0)
			perror(links[i]);
	}
}

/* A port comes a moment after its driver, and can be opened a moment after that. */
static int open_device(const char *path)
{
	for (int i = 0; i < 10000; i++) {
		int fd = open(path, O_RDWR | O_CLOEXEC);

		if (fd >= 0)
			return fd;
		usleep(1000);
	}
	perror(path);
	return -1;
}

static void load_modules(void)
{
	FILE *list = fopen("/etc/nsinit/modules", "r");
	char line[512];

	while (list && fgets(line, sizeof line, list)) {
		char *parameters = line + strcspn(line, " \n");
		int fd;

		if (*parameters)
			*parameters++ = '\0';
		parameters[strcspn(parameters, "\n")] = '\0';
		fd = open(line, O_RDONLY);
		if (syscall(SYS_finit_module, fd, parameters, 0) < 0 && errno != EEXIST)
			perror(line);
		close(fd);
	}
}

static void mount_fstab(void)
{
	FILE *table = fopen("/etc/fstab", "r");
	char source[64], target[64], type[64], options[64];

	while (table && fscanf(table, "%63s %63s %63s %63s %*d %*d", source, target, type, options) == 4)
		if (mount(source, target, type, 0, options) < 0)
			perror(target);
}

/* The value of a word of the command line, or what is said instead. */
static const char *option(const char *name, const char *otherwise)
{
	static char values[4][64];
	static int used;
	const char *found = strstr(command_line, name);

	return found && sscanf(found + strlen(name), "%63s", values[used]) == 1 ? values[used++] : otherwise;
}

static int run(char **program, const char *terminal)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		int fd = open_device(terminal);

		setsid();
		ioctl(fd, TIOCSCTTY, 0);
		for (int i = 0; i < 3; i++)
			dup2(fd, i);
		execvp(program[0], program);
		perror(program[0]);
		_exit(errno == ENOENT ? 127 : 126);
	}
	while (wait(&status) != pid)
		;
	kill(-1, SIGTERM);
	while (wait(NULL) > 0)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	int fd, status;
	const char *port;

	(void)argc;
	mount_all();
	fd = open("/proc/cmdline", O_RDONLY);
	if (read(fd, command_line, sizeof command_line - 1) < 0)
		perror("/proc/cmdline");
	load_modules();
	mount_fstab();
	status = run(argv + 1, option("nsinit.console=", "/dev/console"));
	printf("nsinit: status %d\n", status);
	fflush(stdout);
	port = option("nsinit.exit-port=", "");
	if (*port) {
		struct pollfd taken = {.fd = open_device(port), .events = POLLOUT};

		dprintf(taken.fd, "nsinit: status %d\n", status);
		poll(&taken, 1, 10000); /* else it is only queued, and goes with the machine */
	}
	sync();
	return reboot(strcmp(option("nsinit.end=", ""), "reboot") == 0 ? RB_AUTOBOOT : RB_POWER_OFF);
}
