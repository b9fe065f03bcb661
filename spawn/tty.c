/* SPDX-License-Identifier: MIT
 *
 * The process group, session and terminal of a new process.
 *
 * A new terminal is never opened by a path that a container could have changed: the master comes from the ptmx of
 * the devpts that we have just mounted, the slave from the master, /dev/console from the slave (CVE-2025-52565).
 */
#include "tty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "child.h"
#include "root.h"
#include "sys.h"

enum {
	PTY_SLAVE_MAJOR = 136, /* UNIX98_PTY_SLAVE_MAJOR, linux/major.h; the minor is the number */
	/* Not readiness, but a full or empty pseudo-terminal must never hold the launcher up: O_NONBLOCK. */
	MASTER_FLAGS = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
};

static int job_shared(const struct job *job)
{
	(void)job;
	return 0;
}

static int job_group(const struct job *job)
{
	if (setpgid(0, 0) < 0)
		return -1;
	/* The terminal may have gone between the look and now; the program is then as well off without. */
	if (job->foreground && tcsetpgrp(job->console, getpid()) < 0 && errno != ENOTTY && errno != EIO)
		return -1;
	return 0;
}

/* The descriptors of mask become fd. */
static int replace_stdio(int fd, unsigned mask)
{
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if ((mask & 1U << i) && dup2(fd, i) < 0)
			return -1;
	return 0;
}

/* Each may stand where another one has to go: all are taken out of the way first. */
static int pass_descriptors(const struct job *job)
{
	const int first = STDERR_FILENO + 1, count = (int)job->passed_count;

	for (int i = 0; i < count; i++) {
		job->passed[i] = fcntl(job->passed[i], F_DUPFD_CLOEXEC, first + count);
		if (job->passed[i] < 0)
			return -1;
	}
	for (int i = 0; i < count; i++)
		if (dup2(job->passed[i], first + i) < 0)
			return -1;
	return 0;
}

static int job_session(const struct job *job)
{
	if (setsid() < 0 || (job->console >= 0 && ioctl(job->console, TIOCSCTTY, 0) < 0))
		return -1;
	if (replace_stdio(job->console, job->stdio) < 0)
		return -1;
	for (int i = STDIN_FILENO; job->files && i <= STDERR_FILENO; i++)
		if (job->files[i] >= 0 && replace_stdio(job->files[i], 1U << i) < 0)
			return -1;
	return pass_descriptors(job);
}

int tty_job(struct child *child)
{
	static int (*const kinds[])(const struct job *) = {
		[JOB_SHARED] = job_shared,
		[JOB_GROUP] = job_group,
		[JOB_SESSION] = job_session,
	};

	return kinds[child->job->kind](child->job);
}

/* That of a devpts, which a container can mount but not forge, whatever else it has at that place. */
static int open_joined_master(void)
{
	int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int pts = root_mounted(root, "dev/pts", DEVPTS_SUPER_MAGIC);
	int master = pts < 0 ? -1 : openat(pts, "ptmx", MASTER_FLAGS), error = errno;

	close(pts);
	close(root);
	errno = error;
	return master;
}

static int open_master(const struct child *child)
{
	int master;

	if (child->plan->rootfs)
		return openat(child->container->dev, "pts/ptmx", MASTER_FLAGS);
	if (child->plan->join) {
		master = open_joined_master();
		if (master >= 0 || errno != EACCES) /* the host's is for root only: an ordinary user has no more power than who made it */
			return master;
	}
	return sys_open_plain("/dev/ptmx", MASTER_FLAGS);
}

/* TIOCGPTPEER, Linux 4.13, opens the slave by no path at all. */
static int open_slave(int master)
{
	int unlock = 0;

	return ioctl(master, TIOCSPTLCK, &unlock) < 0 ? -1 : ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/* What the old terminal has: special characters, UTF-8, size. */
static int copy_settings(int slave, unsigned stdio)
{
	struct termios settings;
	struct winsize size;
	int fd = STDIN_FILENO;

	while (fd <= STDERR_FILENO && (!(stdio & 1U << fd) || tcgetattr(fd, &settings) < 0))
		fd++;
	if (fd > STDERR_FILENO) /* none of them was one */
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && ioctl(slave, TIOCSWINSZ, &size) < 0)
		return -1;
	return tcsetattr(slave, TCSANOW, &settings);
}

/* The terminal is the user's, who may want to open it by its name, as /dev/stderr does. */
static int give_owner(int slave, const struct identity *identity)
{
	return identity->set ? fchown(slave, identity->uid, (gid_t)-1) : 0;
}

/* /dev/console is the slave that we hold, whatever stands at its name. */
static int bind_console(int dev, int master, int slave)
{
	struct stat status;
	unsigned number;
	int tree = sys_clone_tree(slave, "", false);

	if (tree < 0 || fstat(tree, &status) < 0 || sys_terminal_number(master, TIOCGPTN, &number) < 0)
		return -1;
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(PTY_SLAVE_MAJOR, number)) {
		errno = ENODEV;
		return -1;
	}
	return mknodat(dev, "console", S_IFREG | 0600, 0) < 0 || sys_attach(tree, dev, "console") < 0 ? -1 : close(tree);
}

/* Nothing inside shall have the launcher's terminal open: /proc/1/fd could be another way to it. */
static int forget_terminal(const struct child *child)
{
	const bool held = child->plan->rootfs || child->plan->join;
	int null = openat(held ? child->container->dev : AT_FDCWD, held ? "null" : "/dev/null", O_RDWR | O_CLOEXEC);

	return null < 0 || replace_stdio(null, child->plan->pty) < 0 ? -1 : close(null);
}

int tty_new(struct child *child)
{
	const struct report report = {.kind = REPORT_TERMINAL};
	struct container *container = child->container;
	int master, slave;

	if (!child->plan->pty)
		return 0;
	master = open_master(child);
	slave = master < 0 ? -1 : open_slave(master);
	if (slave < 0 || copy_settings(slave, child->plan->pty) < 0 || give_owner(slave, &child->plan->identity) < 0)
		return -1;
	if (child->plan->rootfs && bind_console(container->dev, master, slave) < 0)
		return -1;
	if (forget_terminal(child) < 0 || sys_send(container->report, &report, sizeof report, master) < 0)
		return -1;
	container->terminal = slave;
	return close(master);
}
