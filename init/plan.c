/* SPDX-License-Identifier: MIT
 *
 * From what was asked for to what will be done. A plan that leaves here is complete and is not changed again.
 */
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "console.h"
#include "env.h"
#include "join.h"
#include "log.h"
#include "mount.h"
#include "network.h"
#include "sys.h"
#include "state.h"
#include "user.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)

enum {
	DEFAULT_NAMESPACES = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWCGROUP,
	/* Without these two there is no PID 1 and no mount of our own. */
	NEEDED_NAMESPACES = CLONE_NEWPID | CLONE_NEWNS,
	BOOT_DRAIN_MS = 10 * 1000,     /* for what a machine runs to end in, unless --drain says more */
	BOOT_ROOT_WAIT_MS = 10 * 1000, /* for the device of a root to come, unless --rootwait does */
};

void plan_default(struct plan *plan)
{
	plan->grace_ms = -1;
	plan->drain_ms = -1;
	plan->verbosity = LOG_WARNING;
	plan->log_fd = STDERR_FILENO;
	plan->ready_fd = plan->status_fd = -1;
	plan->root_wait_ms = BOOT_ROOT_WAIT_MS;
}

bool plan_has_clocks(const struct plan *plan)
{
	return plan->clocks[CLOCKS_MONOTONIC].set || plan->clocks[CLOCKS_BOOTTIME].set;
}

/* --tty new apart, which is for a program that joins as well. */
static bool makes_container(const struct plan *plan)
{
	return plan->unshare || plan->share || plan->net || plan_has_clocks(plan) || plan->uid_map.count || plan->uid_map.automatic ||
	       plan->gid_map.count || plan->gid_map.automatic || plan->rootfs || plan->read_only || plan->ephemeral ||
	       plan->overlay || plan->conf ||
	       plan->mount_count > 0 || plan->hostname || plan->domainname || plan->memory_kib || plan->cpu_hundredths || plan->pids;
}

bool plan_isolates(const struct plan *plan)
{
	return makes_container(plan) || plan->tty == TTY_NEW;
}

bool plan_announces(const struct plan *plan)
{
	return plan->trace || plan->ready_fd >= 0 || plan->status_fd >= 0 || plan->pid_file || plan->detach;
}

const struct hook *plan_hook(const struct plan *plan, int signal)
{
	for (size_t i = plan->hook_count; i > 0; i--) /* the last one said counts */
		if (plan->hooks[i - 1].signal == signal)
			return &plan->hooks[i - 1];
	return NULL;
}

/* Services need no program beside them: then we wait as a pause does. */
static int check_program(struct plan *plan)
{
	if (plan->boot_option) { /* a misspelt --rootfs must not be a boot's --root that nobody looks at */
		log_error("--%s: an option of a boot, and this is none; leave it out, or start us as PID 1 with --boot", plan->boot_option);
		return -1;
	}
	if (plan->essential && !plan->services) {
		log_error("--essential %s: there are no services; give --services as well", plan->essential);
		return -1;
	}
	if (plan->services && !plan->argv[0])
		plan->pause = true;
	if (!plan->argv[0] && !plan->pause) {
		log_error("no program given; put it behind the options, with -- before it; -h lists them");
		return -1;
	}
	if (plan->argv[0] && plan->pause) {
		log_error("--pause %s: takes no program; leave one of them out", plan->argv[0]);
		return -1;
	}
	if ((plan->hook_count > 0 || plan->restart || plan->wait) && plan->pause) {
		log_error("--pause --%s: there is no program; leave one of them out", plan->wait ? "wait" : plan->restart ? "restart" : "on");
		return -1;
	}
	if (plan->restart && plan_hook(plan, plan->restart)) {
		log_error("--restart --on: both take the same signal; give one of them another");
		return -1;
	}
	return 0;
}

/* The log must not leak into the program, and not be a descriptor that is not there. */
static int check_log(const struct plan *plan)
{
	if (plan->log_fd > STDERR_FILENO && fcntl(plan->log_fd, F_SETFD, FD_CLOEXEC) < 0) {
		log_open(STDERR_FILENO, plan->verbosity);
		log_error("--log-fd %d: %s; open it in the caller, as in %d>log", plan->log_fd, strerror(errno), plan->log_fd);
		return -1;
	}
	return 0;
}

/*
 * What the program may do at most. A container gets docker's default set, an entrypoint what it has; --privileged
 * everything, and --cap-drop ALL with --cap-add a few.
 */
static void choose_capabilities(struct plan *plan, bool container)
{
	static const uint64_t usual = CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FSETID) | CAP(FOWNER) | CAP(NET_RAW) | CAP(SETGID) |
	                              CAP(SETUID) | CAP(SETFCAP) | CAP(SETPCAP) | CAP(NET_BIND_SERVICE) | CAP(SYS_CHROOT) | CAP(KILL) |
	                              CAP(AUDIT_WRITE);
	uint64_t base = plan->privileged || !container ? ~UINT64_C(0) : usual;

	plan->capabilities = (base & ~plan->cap_drop) | plan->cap_add;
	plan->limit_capabilities = (container && !plan->privileged) || plan->cap_add || plan->cap_drop;
	plan->seccomp = plan->seccomp_name ? strcmp(plan->seccomp_name, "default") == 0 : container && !plan->privileged;
}

static int choose_namespaces(struct plan *plan)
{
	bool privileged = sys_has_capability(CAP_SYS_ADMIN);

	if (plan->share & NEEDED_NAMESPACES) {
		log_error("--share: pid and mount cannot be shared, PID 1 and its mounts live there; leave them out");
		return -1;
	}
	if (plan->unshare & plan->share) {
		log_error("--unshare and --share name the same namespace; leave it out of one");
		return -1;
	}
	if (plan->net && ((plan->unshare | plan->share) & CLONE_NEWNET)) {
		log_error("--net %s: --unshare or --share names net as well; leave one of them out", plan->net);
		return -1;
	}
	if (plan_has_clocks(plan) && (plan->share & CLONE_NEWTIME)) {
		log_error("--clock-offset: would move the clocks of the host; leave --share time out");
		return -1;
	}
	if (!privileged && (plan->share & CLONE_NEWUSER)) {
		log_error("--share user: an ordinary user can make no other namespace without it; leave it out, or run as root");
		return -1;
	}
	plan->namespaces = (DEFAULT_NAMESPACES | plan->unshare) & ~plan->share;
	if (!privileged)
		plan->namespaces |= CLONE_NEWUSER;
	if (plan->net)
		plan->namespaces = network_is_new(&plan->network) ? plan->namespaces | CLONE_NEWNET : plan->namespaces & ~(unsigned long)CLONE_NEWNET;
	if (plan_has_clocks(plan))
		plan->namespaces |= CLONE_NEWTIME;
	return 0;
}

/*
 * "Open the log" does nothing, syslog(2), but needs a capability in the first user namespace. Who lacks it looks at the one
 * inode that this namespace always has, PROC_USER_INIT_INO of the kernel's proc_ns.h: a hundred times the cost.
 */
static bool is_first_user_namespace(void)
{
	enum { SYSLOG_ACTION_OPEN = 1 };
	const ino_t first = 0xEFFFFFFD;
	struct stat status;

	return klogctl(SYSLOG_ACTION_OPEN, NULL, 0) == 0 || (stat("/proc/self/ns/user", &status) == 0 && status.st_ino == first);
}

/*
 * In a user namespace there is one id, the caller's, under the name that --user gives it: else root in a rootfs,
 * where the programs expect one, and oneself on the host's root.
 */
static void map_single_id(struct plan *plan)
{
	struct identity *identity = &plan->identity;

	identity->outer_uid = geteuid();
	identity->outer_gid = getegid();
	identity->group_count = 0;
	if (identity->set)
		return;
	identity->set = true;
	identity->uid = plan->rootfs ? 0 : identity->outer_uid;
	identity->gid = plan->rootfs ? 0 : identity->outer_gid;
}

static bool maps(const struct id_map *map, unsigned inside)
{
	for (size_t i = 0; i < map->count; i++)
		if (inside >= map->ranges[i].inside && inside - map->ranges[i].inside < map->ranges[i].count)
			return true;
	return false;
}

static bool maps_outer_root(const struct id_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->ranges[i].outside == 0)
			return true;
	return false;
}

/*
 * The kernel keeps /proc from a user namespace only by the ids of its files, which are root's: to write core_pattern or
 * sysrq-trigger no capability is needed. So that helps only where root of outside is nobody inside. Of a user namespace that
 * was there before us we cannot know.
 */
static bool needs_masks(const struct plan *plan)
{
	if (!(plan->namespaces & CLONE_NEWUSER))
		return true;
	if (plan->uid_map.count > 0)
		return maps_outer_root(&plan->uid_map) || maps_outer_root(&plan->gid_map);
	return plan->identity.outer_uid == 0 || plan->identity.outer_gid == 0;
}

/* --map-uid and --map-gid: both or none, and 0 in each, because PID 1 is root of what it makes. */
static int choose_maps(struct plan *plan)
{
	struct id_map *uid = &plan->uid_map, *gid = &plan->gid_map;

	if (!uid->count && !uid->automatic && !gid->count && !gid->automatic)
		return 0;
	if ((uid->automatic && user_automatic_map("etc/subuid", geteuid(), uid) < 0) ||
	    (gid->automatic && user_automatic_map("etc/subgid", getegid(), gid) < 0))
		return -1;
	if (!maps(uid, 0) || !maps(gid, 0)) {
		log_error("--map-uid, --map-gid: 0 is not mapped in both; PID 1 needs it, give 0:OUTSIDE:COUNT");
		return -1;
	}
	plan->namespaces |= CLONE_NEWUSER;
	return 0;
}

/* A bind whose ids are mapped takes the maps of the container. */
static int check_binds(struct plan *plan)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		if (!(plan->mounts[i].attributes & MOUNT_ATTR_IDMAP))
			continue;
		if (plan->uid_map.count == 0) {
			log_error("--%s %s: idmap needs ids to map to; give --map-uid and --map-gid", plan->mounts[i].option, plan->mounts[i].source);
			return -1;
		}
		plan->idmapped = true;
	}
	return 0;
}

/* Sets *home to what HOME becomes, NULL: it stays. */
static int choose_identity(struct plan *plan, const char **home)
{
	const char *root = plan->rootfs ? plan->rootfs : "/";

	*home = NULL;
	if (plan->user && user_resolve(root, plan->user, &plan->identity, home) < 0)
		return -1;
	if (plan->uid_map.count > 0)
		plan->identity.set = plan->identity.clear_groups = true;
	else if (plan->namespaces & CLONE_NEWUSER)
		map_single_id(plan);
	else if (plan->rootfs)
		plan->identity.clear_groups = true; /* those of the caller mean nothing in there */
	if (plan->rootfs && !plan->user)
		*home = "/root";
	if (!*home && (plan->rootfs || plan->user))
		*home = "/";
	return 0;
}

/*
 * On a root of its own, a program that we start on our terminal gets one of its own. On the host's root it is a job of the shell
 * that called us, which ^Z stops and fg continues; so is one in a pipeline or in the background, where others use the
 * terminal as well. In these the system call filter keeps TIOCSTI from it.
 */
static int choose_terminal(struct plan *plan)
{
	const char *lacks = plan->pause ? "--pause has no program" : plan->detach ? "--detach leaves the terminal"
	                  : plan->single_child ? "--single-child has no session for the program" : NULL;

	if (plan->tty == TTY_NEW && lacks) {
		log_error("--tty new: %s; leave one of them out", lacks);
		return -1;
	}
	if (plan->tty == TTY_NEW || (plan->tty == TTY_AUTO && plan->rootfs && !lacks && console_is_ours()))
		plan->pty = console_replaced();
	return 0;
}

int plan_container(struct plan *plan)
{
	const char *home;

	if (check_program(plan) < 0 || check_log(plan) < 0 || choose_namespaces(plan) < 0 || network_complete(plan) < 0 || conf_expand(plan) < 0)
		return -1;
	if (plan->subreaper) {
		log_error("--subreaper: a container has a PID 1 that reaps; leave it or the options that make a container out");
		return -1;
	}
	if ((plan->hostname || plan->domainname) && !(plan->namespaces & CLONE_NEWUTS)) {
		log_error("--hostname, --domainname: would name the host itself; leave --share uts out");
		return -1;
	}
	if ((plan->read_only || plan->ephemeral || plan->overlay) && !plan->rootfs) {
		log_error("--%s: needs a root of its own; give --rootfs DIR, or --rootfs / for the host's",
		          plan->read_only ? "read-only" : plan->ephemeral ? "ephemeral" : "overlay");
		return -1;
	}
	if (plan->ephemeral && plan->overlay) {
		log_error("--overlay %s: --ephemeral forgets what it would keep; leave one of them out", plan->overlay);
		return -1;
	}
	if (choose_maps(plan) < 0 || check_binds(plan) < 0 || choose_terminal(plan) < 0)
		return -1;
	plan->borrows = (plan->namespaces & CLONE_NEWUSER) || (plan->rootfs && !is_first_user_namespace());
	choose_capabilities(plan, true);
	if (plan->rootfs && !plan->cwd)
		plan->cwd = "/";
	if (choose_identity(plan, &home) < 0)
		return -1;
	plan->masks = plan->rootfs && !plan->privileged && needs_masks(plan);
	return env_build(plan, environ, home);
}

/*
 * A program that joins keeps to the rules of one that a container starts with. Who it is depends on the user namespace: an
 * ordinary user is there already whoever the map says.
 */
int plan_join(struct plan *plan)
{
	const char *home = plan->user ? "/" : "/root";

	if (check_program(plan) < 0 || check_log(plan) < 0)
		return -1;
	if (plan->services) {
		log_error("--join %d: there is a PID 1 already, which is who supervises; leave --services out", (int)plan->join);
		return -1;
	}
	if (makes_container(plan) || plan->subreaper) {
		log_error("--join %d: makes no container; leave the options that make one out, and --subreaper", (int)plan->join);
		return -1;
	}
	plan->namespaces = join_differing(plan->join);
	if (!plan->namespaces) {
		log_error("--join %d: %s; give the PID of a process in a container", (int)plan->join,
		          errno ? strerror(errno == ENOENT ? ESRCH : errno) : "it is in no namespace but ours");
		return -1;
	}
	if (plan->join_only & ~plan->namespaces)
		log_warning("--join %d: some of the namespaces are ours already", (int)plan->join);
	plan->namespaces &= plan->join_only ? plan->join_only : ~0UL;
	if (choose_terminal(plan) < 0)
		return -1;
	choose_capabilities(plan, true);
	if (plan->user && user_resolve("/", plan->user, &plan->identity, &home) < 0)
		return -1;
	plan->identity.set = plan->user || geteuid() == 0;
	plan->identity.clear_groups = geteuid() == 0;
	if ((plan->namespaces & CLONE_NEWNS) && !plan->cwd)
		plan->cwd = "/";
	return env_build(plan, environ, plan->namespaces & CLONE_NEWNS ? home : NULL);
}

int plan_entrypoint(struct plan *plan)
{
	const char *home = NULL;

	if (check_program(plan) < 0 || check_log(plan) < 0)
		return -1;
	if (plan_isolates(plan)) {
		log_error("an engine's init makes no container; leave --rootfs, --net, --memory and their like out, and ask the engine for it");
		return -1;
	}
	choose_capabilities(plan, false);
	if (plan->user && user_resolve("/", plan->user, &plan->identity, &home) < 0)
		return -1;
	return env_build(plan, environ, plan->user && !home ? "/" : home);
}

/* A machine has no container's options, but for its name and a root that forgets. */
static bool isolates_machine(struct plan *plan)
{
	const char *hostname = plan->hostname;
	bool ephemeral = plan->ephemeral, isolates;

	plan->hostname = NULL;
	plan->ephemeral = false;
	isolates = plan_isolates(plan);
	plan->hostname = hostname;
	plan->ephemeral = ephemeral;
	return isolates;
}

static int complete_boot(struct plan *plan, const char **home)
{
	if (getpid() != 1 && !plan->dry_run && plan->again == STATE_NONE) {
		log_error("--boot: only PID 1 can; leave it out, or start us as PID 1");
		return -1;
	}
	if (isolates_machine(plan) || plan->subreaper || plan->pause || plan->join) {
		log_error("--boot: a machine is no container; leave the options that make one, --subreaper and --pause out");
		return -1;
	}
	return plan->user ? user_resolve("/", plan->user, &plan->identity, home) : 0;
}

int plan_boot(struct plan *plan)
{
	static char *shell[] = {NULL, "/bin/sh", NULL};
	const char *home = NULL;

	plan->boot = true;
	if (complete_boot(plan, &home) < 0) {
		plan->misread = true;
		if (!plan->machine)
			return -1;
	}
	if (plan->drain_ms < 0)
		plan->drain_ms = BOOT_DRAIN_MS;
	plan->pause = !plan->argv[0]; /* but only if there are services, of which some may be known later */
	if (plan->pause && !plan->services)
		plan->argv = shell + 1;
	if (!plan->cwd)
		plan->cwd = "/";
	choose_capabilities(plan, false);
	return env_build(plan, environ, plan->user && !home ? "/" : home);
}
