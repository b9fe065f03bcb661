/* SPDX-License-Identifier: MIT
 *
 * The steps by which a new process sets itself up, one function each, in the order of enum step. What a
 * step does for mounts, the network or the terminal stands in the file of that name; the short ones are here.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "caps.h"
#include "cgroup.h"
#include "cold.h"
#include "decimal.h"
#include "dev.h"
#include "exec.h"
#include "filter.h"
#include "idmap.h"
#include "join.h"
#include "landlock.h"
#include "limit.h"
#include "mount.h"
#include "net.h"
#include "ns.h"
#include "overlay.h"
#include "root.h"
#include "sandbox.h"
#include "seccomp.h"
#include "sys.h"
#include "traits.h"
#include "tty.h"

static int step_no_new_privs(struct child *child)
{
	return child->plan->no_new_privs ? prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) : 0;
}

/* This file and those of the next few steps are not to be touched by a start that has no use for them: they lie where few do, init/layout.ld. */
static int step_seccomp(struct child *child)
{
	return child->plan->seccomp ? seccomp_apply(child) : 0;
}

static int step_place(struct child *child)
{
	return child->plan->cgroup ? cgroup_enter(child) : 0;
}

static int step_landlock(struct child *child)
{
	return child->plan->landlock_count > 0 ? landlock_apply(child) : 0;
}

static int step_traits(struct child *child)
{
	return child->plan->traits.set ? traits_apply(child) : 0;
}

static int step_keyring(struct child *child)
{
	return child->plan->traits.keyring ? traits_keyring(child) : 0;
}

static int step_sandbox(struct child *child)
{
	return child->plan->sandbox ? sandbox_enter(child) : 0;
}

static int step_views(struct child *child)
{
	return child->plan->sandbox ? sandbox_mounts(child) : 0;
}

static bool lists(const gid_t *groups, size_t count, gid_t group)
{
	while (count > 0 && groups[count - 1] != group)
		count--;
	return count > 0;
}

/* Who has just these groups already, started as that user by an engine, is not allowed to set them, and need not. */
LATE static bool has_groups(const struct identity *identity)
{
	gid_t ours[PLAN_GROUPS_MAX + 1];
	int count = getgroups(PLAN_GROUPS_MAX, ours);
	bool same = count >= 0;

	count = same ? count : 0;
	ours[count++] = getegid();
	for (int i = 0; i < count; i++)
		same &= lists(identity->groups, identity->group_count, ours[i]);
	for (size_t i = 0; i < identity->group_count; i++)
		same &= lists(ours, (size_t)count, identity->groups[i]);
	errno = EPERM;
	return same;
}

static int step_groups(struct child *child)
{
	const struct identity *identity = &child->plan->identity;

	if (!identity->set && !identity->clear_groups)
		return 0;
	if (sys_setgroups(identity->group_count, identity->groups) == 0)
		return 0;
	/* A user namespace with one id, ours or one around us, may not call setgroups at all, and has no other group: user_namespaces(7). */
	return errno == EPERM && (idmap_is_single(child->plan) || (child->plan->borrows && !identity->set) || has_groups(identity)) ? 0 : -1;
}

static int step_gid(struct child *child)
{
	return child->plan->identity.set ? sys_setgid(child->plan->identity.gid) : 0;
}

static int step_users(struct child *child)
{
	return child->users ? setns(child->users, CLONE_NEWUSER) : 0;
}

static int step_uid(struct child *child)
{
	return child->plan->identity.set ? sys_setuid(child->plan->identity.uid) : 0;
}

static int step_cwd(struct child *child)
{
	int fd;

	if (!child->plan->cwd)
		return 0;
	if (strcmp(child->plan->cwd, "/") == 0) /* an init has it without asking, where openat2(2) may be refused: an outer container's filter */
		return chdir("/");
	/* A magic link, as /proc/self/fd/7, could lead out of the root: CVE-2024-21626. */
	fd = sys_open_plain(child->plan->cwd, O_PATH | O_DIRECTORY);
	if (fd < 0 && child->plan->optional_cwd)
		fd = sys_open_plain("/", O_PATH | O_DIRECTORY);
	if (fd < 0 || fchdir(fd) < 0)
		return -1;
	return close(fd);
}

static int step_files(struct child *child)
{
	return child->files_end ? sys_unshare_files(child->files_end) : 0;
}

static int step_close(struct child *child)
{
	/* An engine passes descriptors to the program on purpose; the caller of a container does not. */
	return child->plan->namespaces || child->plan->only_stdio ? sys_close_range(STDERR_FILENO + 1 + child->job->passed_count, ~0U) : 0;
}

/* Which signals we ignore does not change, and our memory is that of the program's process: they are asked for once. */
static uint64_t ignored_signals(void)
{
	static uint64_t ignored;
	static bool known;

	for (int signal = 1; !known && signal <= PLAN_SIGNAL_MAX; signal++)
		ignored |= sys_signal_is_ignored(signal) ? 1ULL << (signal - 1) : 0;
	known = true;
	return ignored;
}

static int step_signals(struct child *child)
{
	sigset_t none;

	if (!child->plan->clear_signals)
		return sys_signal_mask(SIG_SETMASK, child->mask, NULL);
	for (uint64_t left = ignored_signals(); left; left &= left - 1)
		sys_signal_default(__builtin_ctzll(left) + 1);
	if (child->plan->ignore_pipe)
		signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	return sys_signal_mask(SIG_SETMASK, &none, NULL);
}

/* A socket activated service takes the descriptors only if LISTEN_PID is its own pid: sd_listen_fds(3). */
static int step_listen_pid(struct child *child)
{
	if (child->plan->listen_pid && child->argv == child->plan->argv) /* a hook is not who was meant */
		*decimal(child->plan->listen_pid, (unsigned long)getpid()) = '\0';
	return 0;
}

static int step_filter(struct child *child)
{
	return child->plan->filter.restrictions ? filter_apply(child) : 0;
}

static int step_exec(struct child *child)
{
	const struct plan *plan = child->plan;

	return exec_named(plan->program ? plan->program : child->argv[0], child->argv, plan->envp);
}

static int (*const steps[STEP_COUNT])(struct child *) = {
	[STEP_CGROUP] = cgroup_enter,
	[STEP_DESCRIPTORS] = ns_descriptors,
	[STEP_PARENT_DEATH] = ns_parent_death,
	[STEP_SECRETS] = ns_secrets,
	[STEP_JOIN] = join_enter,
	[STEP_IDMAP] = idmap_apply,
	[STEP_TIME] = ns_time,
	[STEP_JOB] = tty_job,
	[STEP_PROPAGATION] = mount_propagation,
	[STEP_SOURCES] = mount_sources,
	[STEP_ROOT] = root_open,
	[STEP_OVERLAY] = overlay_apply,
	[STEP_NO_DEVICES] = root_no_devices,
	[STEP_PIVOT] = root_pivot,
	[STEP_DETACH] = root_detach,
	[STEP_MOUNTS] = mount_rows_apply,
	[STEP_PTY] = tty_new,
	[STEP_BINDS] = mount_entries_apply,
	[STEP_MASKS] = mount_masks,
	[STEP_READ_ONLY] = root_read_only,
	[STEP_LEAVE] = root_leave,
	[STEP_HOSTNAME] = ns_hostname,
	[STEP_DOMAINNAME] = ns_domainname,
	[STEP_LOOPBACK] = net_loopback,
	[STEP_NETWORK_READY] = net_ready,
	[STEP_PLACE] = step_place,
	[STEP_FILES] = step_files,
	[STEP_TERMINAL] = tty_job,
	[STEP_CLOSE] = step_close,
	[STEP_LIMITS] = limit_apply,
	[STEP_TRAITS] = step_traits,
	[STEP_SANDBOX] = step_sandbox,
	[STEP_VIEWS] = step_views,
	[STEP_NO_NEW_PRIVS] = step_no_new_privs,
	[STEP_LANDLOCK] = step_landlock,
	[STEP_GROUPS] = step_groups,
	[STEP_GID] = step_gid,
	[STEP_USERS] = step_users,
	[STEP_SECCOMP] = step_seccomp,
	[STEP_BOUNDING] = caps_bound,
	[STEP_UID] = step_uid,
	[STEP_CAPABILITIES] = caps_apply,
	[STEP_KEYRING] = step_keyring,
	[STEP_CWD] = step_cwd,
	[STEP_LISTEN_PID] = step_listen_pid,
	[STEP_SIGNALS] = step_signals,
	[STEP_FILTER] = step_filter,
	[STEP_EXEC] = step_exec,
};

int child_await(struct child *child, enum word word)
{
	enum word said;

	if (read(child->container->words, &said, sizeof said) == sizeof said && said == word)
		return 0;
	errno = ECANCELED;
	return -1;
}

int64_t spawn_times[STEP_COUNT];

void child_time(const struct plan *plan, enum step step)
{
	struct timespec now;

	if (!plan->trace)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	spawn_times[step] = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int take(struct child *child, enum step step)
{
	if (steps[step](child) == 0) {
		child_time(child->plan, step);
		return 0;
	}
	child->fault.step = step;
	child->fault.error = errno;
	return -1;
}

int child_walk(struct child *child, enum step first, enum step last)
{
	for (enum step step = first + 1; step < last; step++)
		if (take(child, step) < 0)
			return -1;
	return 0;
}

int child_join(struct child *child)
{
	static const enum step joining[] = {
		STEP_CGROUP, STEP_DESCRIPTORS, STEP_PARENT_DEATH, STEP_SECRETS, STEP_JOIN, STEP_JOB, STEP_PTY,
	};

	for (size_t i = 0; i < sizeof joining / sizeof joining[0]; i++)
		if (take(child, joining[i]) < 0)
			return -1;
	return 0;
}
