/* SPDX-License-Identifier: MIT
 *
 * The process group, session and terminal of a new process.
 */
#include "tty.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "child.h"

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

static int job_session(const struct job *job)
{
	if (setsid() < 0)
		return -1;
	return job->console >= 0 ? ioctl(job->console, TIOCSCTTY, 0) : 0;
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
