/* SPDX-License-Identifier: MIT
 *
 * The words for a start that failed. A step that has no row would be a message without sense: tests/unit walks them.
 */
#include "fault.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "hierarchy.h"
#include "landlock.h"
#include "log.h"
#include "mount.h"
#include "out.h"
#include "personality.h"
#include "value.h"

enum {
	OBJECT_MAX = 600, /* a name that is longer is cut, not what follows it */
};

/* What a step worked on, each with a space before it. index is the fault's. */

static void add_cgroup_limit(struct out *out, const struct plan *plan, int index)
{
	static const char *const options[] = {[CGROUP_MEMORY] = "memory", [CGROUP_CPU] = "cpus", [CGROUP_PIDS] = "pids"};

	(void)plan;
	out_print(out, " --%s", options[index]);
}

static void add_namespaces(struct out *out, const struct plan *plan, int index)
{
	(void)index;
	for (unsigned bit = 0; bit < 32; bit++)
		if (value_namespace_name(plan->namespaces & (1UL << bit)))
			out_print(out, " %s", value_namespace_name(plan->namespaces & (1UL << bit)));
}

static void add_pid(struct out *out, const struct plan *plan, int index)
{
	(void)index;
	out_print(out, " %d", (int)plan->join);
}

static void add_network(struct out *out, const struct plan *plan, int index)
{
	static const char *const keys[] = {[ROUTE_INSIDE] = "address", [ROUTE_HOST] = "host-address", [ROUTE_GATEWAY] = "route"};
	const struct network *network = &plan->network;

	out_print(out, " veth");
	if (index == FAULT_PAIR && !strchr(network->host, '%'))
		out_print(out, ", host=%s name=%s", network->host, network->name);
	if (index == FAULT_BRIDGE)
		out_print(out, ", bridge=%s", network->bridge);
	if (index >= 0)
		out_print(out, ", %s=%s", keys[network->routes[index].kind], network->routes[index].address.text);
}

static void add_source(struct out *out, const struct plan *plan, int index)
{
	if (index >= 0)
		out_print(out, " --%s %s", plan->mounts[index].option, plan->mounts[index].source);
	else
		out_print(out, " %s", index == FAULT_PROC ? "/proc" : index == FAULT_SYS ? "/sys" : "/dev, the host's nodes");
}

static void add_target(struct out *out, const struct plan *plan, int index)
{
	out_print(out, " --%s %s", plan->mounts[index].option, plan->mounts[index].target);
}

static void add_mount_row(struct out *out, const struct plan *plan, int index)
{
	(void)plan;
	out_print(out, " %s on /%s", mount_rows[index].type, mount_rows[index].target);
}

static void add_layers(struct out *out, const struct plan *plan, int index)
{
	(void)index;
	out_print(out, " %s, written to %s", plan->rootfs, plan->overlay ? plan->overlay : "memory");
}

static void add_root(struct out *out, const struct plan *plan, int index)
{
	(void)index;
	out_print(out, " %s", plan->rootfs ? plan->rootfs : "/");
}

static void add_limit(struct out *out, const struct plan *plan, int index)
{
	if (index >= 0)
		out_print(out, " --rlimit %s", value_limit_name(plan->limits[index].resource));
	else if (index == LIMIT_NICE)
		out_print(out, " --nice %d", plan->nice);
	else
		out_print(out, " --oom-score-adj %d", plan->oom_score_adj);
}

static void add_rule(struct out *out, const struct plan *plan, int index)
{
	if (index >= 0)
		out_print(out, " %s:%s", landlock_rows[plan->landlock[index].kind].name, plan->landlock[index].object);
}

static void add_trait(struct out *out, const struct plan *plan, int index)
{
	static const char *const names[TRAITS] = {
		[TRAIT_AFFINITY] = "CPUAffinity", [TRAIT_SCHEDULER] = "CPUSchedulingPolicy", [TRAIT_IO] = "IOSchedulingClass",
		[TRAIT_SLACK] = "TimerSlackNSec", [TRAIT_PERSONALITY] = "Personality",
	};

	(void)plan;
	out_print(out, " %s", names[index]);
}

static void add_sandbox(struct out *out, const struct plan *plan, int index)
{
	(void)index;
	for (unsigned bit = 0; bit < 32; bit++)
		if (value_namespace_name(plan->sandbox & (1UL << bit)))
			out_print(out, " %s", value_namespace_name(plan->sandbox & (1UL << bit)));
}

static void add_view(struct out *out, const struct plan *plan, int index)
{
	if (index >= 0 && (size_t)index < plan->mount_count)
		out_print(out, " %s, %s", plan->mounts[index].option, plan->mounts[index].target);
	else if (plan->sandbox_root)
		out_print(out, " root, %s", plan->sandbox_root);
}

static void add_ids(struct out *out, const struct plan *plan, int index)
{
	(void)index;
	out_print(out, " %u:%u", (unsigned)plan->identity.uid, (unsigned)plan->identity.gid);
}

static void add_program(struct out *out, const struct plan *plan, int index)
{
	(void)index;
	out_print(out, " %s", plan->argv[0][0] ? plan->argv[0] : "''");
}

/* What each step was about, and its object: a text of the plan's, or what a function adds. */
static const struct {
	const char *subject;
	void (*add)(struct out *out, const struct plan *plan, int index);
	unsigned short text; /* where in the plan; 0: nowhere */
} words[STEP_COUNT] = {
	[STEP_JOIN] = {"--join", add_pid},
	[STEP_CGROUP_FIND] = {"cgroup for", add_cgroup_limit},
	[STEP_CGROUP_MONITOR] = {"monitor of the cgroup"},
	[STEP_CGROUP_MAKE] = {"making a cgroup for", add_cgroup_limit},
	[STEP_CGROUP_LIMITS] = {"cgroup limit", add_cgroup_limit},
	[STEP_PIPE] = {"report pipe"},
	[STEP_NETNS] = {"--net", .text = offsetof(struct plan, net)},
	[STEP_IDMAPPED] = {"ids of", add_source},
	[STEP_NETWORK] = {"--net", add_network},
	[STEP_CLONE] = {"new namespaces", add_namespaces},
	[STEP_CGROUP] = {"entering the cgroup"},
	[STEP_DESCRIPTORS] = {"closing descriptors"},
	[STEP_PARENT_DEATH] = {"--parent-death"},
	[STEP_SECRETS] = {"session keyring"},
	[STEP_IDMAP] = {"user namespace, id map"},
	[STEP_TIME] = {"time namespace"},
	[STEP_JOB] = {"process group of the container"},
	[STEP_PROPAGATION] = {"private mounts"},
	[STEP_SOURCES] = {"source of", add_source},
	[STEP_ROOT] = {"--rootfs", add_root},
	[STEP_OVERLAY] = {"overlay over", add_layers},
	[STEP_NO_DEVICES] = {"nodev for", add_root},
	[STEP_PIVOT] = {"change of root to", add_root},
	[STEP_MOUNTS] = {"mount", add_mount_row},
	[STEP_PTY] = {"--tty, pseudo-terminal"},
	[STEP_BINDS] = {"target of", add_target},
	[STEP_MASKS] = {"masking /proc"},
	[STEP_READ_ONLY] = {"--read-only"},
	[STEP_DETACH] = {"leaving the old root"},
	[STEP_LEAVE] = {"working directory"},
	[STEP_HOSTNAME] = {"--hostname", .text = offsetof(struct plan, hostname)},
	[STEP_DOMAINNAME] = {"--domainname", .text = offsetof(struct plan, domainname)},
	[STEP_LOOPBACK] = {"loopback"},
	[STEP_NETWORK_READY] = {"network, from the launcher"},
	[STEP_VFORK] = {"process for the program"},
	[STEP_PLACE] = {"entering the cgroup"},
	[STEP_FILES] = {"descriptors of its own"},
	[STEP_TERMINAL] = {"terminal of the program"},
	[STEP_CLOSE] = {"closing descriptors"},
	[STEP_LIMITS] = {"limit", add_limit},
	[STEP_TRAITS] = {"treatment by the kernel", add_trait},
	[STEP_SANDBOX] = {"namespaces of the sandbox", add_sandbox},
	[STEP_VIEWS] = {"sandbox", add_view},
	[STEP_NO_NEW_PRIVS] = {"--no-new-privs"},
	[STEP_LANDLOCK] = {"--landlock", add_rule},
	[STEP_SECCOMP] = {"--seccomp"},
	[STEP_BOUNDING] = {"capabilities, bounding set"},
	[STEP_GROUPS] = {"groups of user", add_ids},
	[STEP_GID] = {"group of user", add_ids},
	[STEP_USERS] = {"user namespace of", add_ids},
	[STEP_UID] = {"user", add_ids},
	[STEP_CAPABILITIES] = {"capabilities"},
	[STEP_KEYRING] = {"keyring of the session"},
	[STEP_CWD] = {"--cwd", .text = offsetof(struct plan, cwd)},
	[STEP_LISTEN_PID] = {"LISTEN_PID"},
	[STEP_SIGNALS] = {"signal mask"},
	[STEP_FILTER] = {"system call filter of the sandbox"},
	[STEP_EXEC] = {"program", add_program},
};

static const char not_root[] = "only root with CAP_SETUID and CAP_SETGID may change user or group; leave --user out";
static const char not_delegated[] = "run as root, or where systemd delegates cgroups: systemd-run --user --scope nsinit ...";

/* The first row that matches is said. error 0: any. */
static const struct {
	unsigned char step, error;
	const char *remedy;
} remedies[] = {
	{STEP_JOIN, EPERM, "only root, or the user who made the container, may enter it"},
	{STEP_JOIN, ESRCH, "the process has ended; give PID 1 of a container that runs"},
	{STEP_JOIN, EINVAL, "Linux 5.8 or later is needed, and a namespace that is not ours already"},
	{STEP_CLONE, EPERM, "an entrypoint takes no option that makes a container, and --subreaper where it is not PID 1; else see nsinit --check"},
	{STEP_CGROUP_FIND, EACCES, not_delegated},
	{STEP_CGROUP_FIND, EPERM, not_delegated},
	{STEP_CGROUP_FIND, EBUSY, "the cgroup we are in holds processes, and none above it is ours; move them into one below it first"},
	{STEP_CGROUP_FIND, ENODEV, "no hierarchy has this controller for us; mount one, or enable it in cgroup.subtree_control of the cgroups above"},
	{STEP_CGROUP_FIND, EROFS, "the cgroup file system is read-only; mount it read-write"},
	{STEP_CGROUP_FIND, ENOENT, "mount /proc first"},
	{STEP_CGROUP_MONITOR, EAGAIN, "too many processes; raise ulimit -u or the pids limit"},
	{STEP_CGROUP_MAKE, EACCES, not_delegated},
	{STEP_CGROUP_MAKE, EPERM, not_delegated},
	{STEP_CGROUP_MAKE, EROFS, "the cgroup file system is read-only; mount it read-write"},
	{STEP_CGROUP_MAKE, EAGAIN, "too many cgroups; raise cgroup.max.descendants above"},
	{STEP_CGROUP_MAKE, ENOSPC, "too many cgroups; remove some"},
	{STEP_CGROUP_LIMITS, EACCES, not_delegated},
	{STEP_CGROUP_LIMITS, EINVAL, "a cgroup above allows less; ask for less"},
	{STEP_CGROUP_LIMITS, ENOENT, "this kernel does not have this limit; leave it out"},
	{STEP_CLONE, EACCES, not_delegated},
	{STEP_CGROUP, EACCES, not_delegated},
	{STEP_CGROUP, EPERM, "it may not; see nsinit --check"},
	{STEP_NETNS, ENOENT, "give host, none, veth, a pid, a path, or a name that ip netns shows"},
	{STEP_NETNS, EINVAL, "it is no network namespace; give a file as those in /run/netns, or /proc/PID/ns/net"},
	{STEP_NETNS, EPERM, "only root may enter it; run as root, or inside the user namespace that it belongs to"},
	{STEP_NETNS, EACCES, "only root may enter it; run as root, or inside the user namespace that it belongs to"},
	{STEP_NETNS, ESRCH, "give the pid of a process that runs"},
	{STEP_CLONE, ENOSPC, "raise user.max_*_namespaces, see sysctl -a and nsinit --check"},
	{STEP_CLONE, EINVAL, "this kernel lacks one of them; see nsinit --check"},
	{STEP_CLONE, EAGAIN, "too many processes; raise ulimit -u or the pids limit"},
	{STEP_CLONE, ENOMEM, "no memory, or PID 1 of the namespace is ending"},
	{STEP_IDMAP, EPERM, "the ranges must be the caller's in /etc/subuid and /etc/subgid; or see nsinit --check"},
	{STEP_TIME, EINVAL, "this kernel has none (CONFIG_TIME_NS, Linux 5.6); leave time and --clock-offset out"},
	{STEP_TIME, EPERM, "an outer container may forbid it; see nsinit --check"},
	{STEP_TIME, ENOSPC, "raise user.max_time_namespaces, see sysctl -a"},
	{STEP_TIME, ENOENT, "mount /proc first"},
	{STEP_TIME, ERANGE, "--clock-offset would set a clock before its start, or too late; give another"},
	{STEP_IDMAP, EACCES, "/proc must be writable; see nsinit --check"},
	{STEP_IDMAP, ENOENT, "mount /proc, and for ranges install newuidmap and newgidmap (package uidmap)"},
	{STEP_IDMAP, EINVAL, "ranges must not overlap, and outside they must exist; correct them"},
	{STEP_IDMAPPED, EINVAL, "its file system, or one below it, cannot; leave idmap out"},
	{STEP_IDMAPPED, ENOSYS, "Linux 5.12 or later is needed; leave idmap out"},
	{STEP_IDMAPPED, ENOENT, "create it, or correct the path"},
	{STEP_IDMAPPED, 0, "only root may; leave idmap out"},
	{STEP_SOURCES, EPERM, "an outer container hides parts of it, see nsinit --check; to run as an entrypoint give --subreaper"},
	{STEP_SOURCES, ENOENT, "create it, or correct the path"},
	{STEP_SOURCES, EACCES, "make it reachable for this user"},
	{STEP_SOURCES, EINVAL, "it holds mounts that must come along; leave norec out"},
	{STEP_SOURCES, ENODEV, "the host's node is not what it should be; restore it"},
	{STEP_SOURCES, ENOSYS, "Linux 5.10 or later is needed"},
	{STEP_ROOT, ENOENT, "create it, or correct the path"},
	{STEP_ROOT, ENOTDIR, "give a directory or an image that holds a root file system"},
	{STEP_ROOT, EACCES, "make it, and the way to it, searchable for this user; an image needs root"},
	{STEP_ROOT, EPERM, "an image needs root for its loop device; unpack it into a directory"},
	{STEP_ROOT, EMEDIUMTYPE, "it holds no squashfs, ext4, erofs, btrfs or xfs that this kernel knows; give an image that does"},
	{STEP_OVERLAY, ENOENT, "create the directory, and mount /proc"},
	{STEP_OVERLAY, EPERM, "overlays of ordinary users need Linux 5.11"},
	{STEP_OVERLAY, ENODEV, "this kernel has no overlayfs; load its module"},
	{STEP_OVERLAY, EACCES, "the directory must be writable for this user"},
	{STEP_OVERLAY, EINVAL, "the layers must not contain each other or be overlays themselves"},
	{STEP_OVERLAY, ELOOP, "the layers must not contain each other or be overlays themselves"},
	{STEP_PIVOT, EINVAL, "the host's root must not be the initramfs; boot with a real root"},
	{STEP_ROOT, ENOSYS, "Linux 5.10 or later is needed"},
	{STEP_MOUNTS, EPERM, "an outer container hides parts of it, see nsinit --check; to run as an entrypoint give --subreaper"},
	{STEP_MOUNTS, EROFS, "make the directory in the rootfs beforehand, it is read-only"},
	{STEP_MOUNTS, ENOTDIR, "it is no directory in the rootfs; remove what is there"},
	{STEP_MOUNTS, EEXIST, "it is no directory in the rootfs; remove what is there"},
	{STEP_MOUNTS, EACCES, "make the directory in the rootfs beforehand, it is not writable"},
	{STEP_MOUNTS, ELOOP, "links in the rootfs lead in a circle; correct them"},
	{STEP_MOUNTS, ENOENT, "the rootfs cannot hold it; make the directory beforehand"},
	{STEP_BINDS, ENOENT, "without --rootfs it must exist; create it"},
	{STEP_BINDS, EROFS, "create it beforehand, the root is read-only"},
	{STEP_BINDS, EACCES, "create it beforehand, its parent is not writable"},
	{STEP_BINDS, ENOTDIR, "a directory goes onto a directory, a file onto a file"},
	{STEP_BINDS, EISDIR, "a directory goes onto a directory, a file onto a file"},
	{STEP_BINDS, ELOOP, "links in the root lead in a circle or through /proc; correct them"},
	{STEP_BINDS, EBUSY, "one mount below hides another, which Linux before 5.12 cannot restrict; add norec"},
	{STEP_BINDS, EINVAL, "a directory goes onto a directory, a file onto a file; for a tmpfs see its options in tmpfs(5)"},
	{STEP_PTY, ENOSPC, "there are too many; raise sysctl kernel.pty.max"},
	{STEP_PTY, EMFILE, "raise ulimit -n"},
	{STEP_PTY, 0, "mount devpts on /dev/pts, or give --tty inherit"},
	{STEP_HOSTNAME, EPERM, "it needs a uts namespace; leave --share uts out"},
	{STEP_DOMAINNAME, EPERM, "it needs a uts namespace; leave --share uts out"},
	{STEP_VFORK, EAGAIN, "too many processes; raise ulimit -u or the pids limit"},
	{STEP_LIMITS, EPERM, "only root with CAP_SYS_RESOURCE may raise a hard limit, nofile up to fs.nr_open; ask for less"},
	{STEP_LIMITS, EACCES, "only root with CAP_SYS_NICE, or CAP_SYS_RESOURCE for the OOM killer, may raise its own standing; ask for less"},
	{STEP_LIMITS, ENOENT, "mount /proc"},
	{STEP_TRAITS, EPERM, "only root (CAP_SYS_NICE) may, and no outer container may forbid it; ask for less"},
	{STEP_TRAITS, EINVAL, "this machine has it not; ask for something else"},
	{STEP_SANDBOX, EPERM, "an outer container forbids it; give it CAP_SYS_ADMIN, or take the directive back in a drop-in"},
	{STEP_SANDBOX, ENOSPC, "raise user.max_*_namespaces, see sysctl -a"},
	{STEP_VIEWS, ENOENT, "create it, or write - before it if it need not be there"},
	{STEP_VIEWS, ENOSYS, "Linux 5.12 or later is needed; take the directive back in a drop-in"},
	{STEP_VIEWS, EROFS, "create it beforehand, what is around it is read-only"},
	{STEP_VIEWS, ENOTDIR, "a directory goes onto a directory, a file onto a file"},
	{STEP_VIEWS, EMEDIUMTYPE, "it holds no squashfs, ext4, erofs, btrfs or xfs that this kernel knows; give an image that does"},
	{STEP_VIEWS, 0, "an outer container may forbid it; take the directive back in a drop-in"},
	{STEP_LANDLOCK, ENOSYS, "it takes Linux 5.13, CONFIG_SECURITY_LANDLOCK and landlock in lsm="},
	{STEP_LANDLOCK, EOPNOTSUPP, "it takes Linux 5.13, CONFIG_SECURITY_LANDLOCK and landlock in lsm="},
	{STEP_LANDLOCK, EPROTONOSUPPORT, "rules for ports take Linux 6.7"},
	{STEP_LANDLOCK, EPERM, "without CAP_SYS_ADMIN it needs --no-new-privs"},
	{STEP_LANDLOCK, 0, "give a path that is there, inside the root, and reachable for this user"},
	{STEP_SECCOMP, EACCES, "without CAP_SYS_ADMIN it needs --no-new-privs"},
	{STEP_SECCOMP, EINVAL, "this kernel has no CONFIG_SECCOMP_FILTER; use --seccomp none"},
	{STEP_CAPABILITIES, EPERM, "--cap-add names one that we do not have; leave it out, or start us with it"},
	{STEP_GROUPS, EPERM, not_root},
	{STEP_GID, EPERM, not_root},
	{STEP_GID, EINVAL, "the id is not mapped in this user namespace; give one that is"},
	{STEP_UID, EPERM, not_root},
	{STEP_UID, EINVAL, "the id is not mapped in this user namespace; give one that is"},
	{STEP_UID, EAGAIN, "the user has too many processes; raise ulimit -u"},
	{STEP_CWD, ENOENT, "create it, or give another"},
	{STEP_CWD, EACCES, "make it searchable for the program's user"},
	{STEP_CWD, ENOTDIR, "give a directory"},
	{STEP_CWD, ELOOP, "it may not lead through a descriptor of a process; give a plain path"},
	{STEP_EXEC, ENOENT, "install it, or check the path, the loader and the interpreter after #!, with no CR behind it"},
	{STEP_EXEC, ENOTDIR, "correct the path"},
	{STEP_EXEC, ELOOP, "correct the path"},
	{STEP_EXEC, ENAMETOOLONG, "correct the path"},
	{STEP_EXEC, EACCES,
	 "give a file, no directory; make it and its interpreter executable (chmod +x), on a file system without noexec, "
	 "and allow it and its loader by --landlock"},
	{STEP_EXEC, ETXTBSY, "it is being written; start it when that is done"},
	{STEP_EXEC, ENOEXEC, "it is no program for this machine"},
	{STEP_EXEC, E2BIG, "give it fewer arguments and a smaller environment"},
};

/* The same for --net veth, by what was being done: of enum fault_network, or ROUTE_GATEWAY, or ROUTE_INSIDE for any address. */
static const struct {
	short what, error;
	const char *remedy;
} network_remedies[] = {
	{FAULT_PAIR, EPERM, "only root (CAP_NET_ADMIN) may add an interface to this network; run as root, or use --net none or host"},
	{FAULT_PAIR, EEXIST, "there is an interface of this name; give another"},
	{FAULT_PAIR, EOPNOTSUPP, "this kernel has no veth pairs (CONFIG_VETH); load the module: modprobe veth"},
	{FAULT_PAIR, ESRCH, "PID 1 of the container was killed meanwhile; start again"},
	{FAULT_BRIDGE, ENODEV, "make it first, as by: ip link add NAME type bridge, and ip link set NAME up"},
	{FAULT_BRIDGE, EOPNOTSUPP, "it is an interface, but no bridge; give a bridge"},
	{ROUTE_GATEWAY, ENETUNREACH, "the gateway must be in the network of an address= of the container"},
	{ROUTE_GATEWAY, EHOSTUNREACH, "the gateway must be in the network of an address= of the container"},
	{ROUTE_GATEWAY, EINVAL, "it is nobody's address; give the gateway's, in the network of an address= of the container"},
	{ROUTE_GATEWAY, EEXIST, "there is one already; give one gateway for IPv4 and one for IPv6"},
	{ROUTE_INSIDE, EEXIST, "it is given twice; give each address once"},
	{ROUTE_INSIDE, EACCES, "IPv6 is switched off; see sysctl net.ipv6.conf.all.disable_ipv6, or leave it out"},
	{ROUTE_INSIDE, EOPNOTSUPP, "this kernel has no IPv6; leave it out"},
	{ROUTE_INSIDE, EINVAL, "no interface can have it, and with an MTU below 1280 none of IPv6; give another"},
	{ROUTE_INSIDE, EADDRNOTAVAIL, "no interface can have it; give another"},
};

static const char *network_remedy(const struct plan *plan, const struct fault *fault)
{
	const int index = fault->index;
	int what = index < 0 ? index : plan->network.routes[index].kind == ROUTE_GATEWAY ? ROUTE_GATEWAY : ROUTE_INSIDE;

	for (size_t i = 0; i < sizeof network_remedies / sizeof network_remedies[0]; i++)
		if (network_remedies[i].what == what && network_remedies[i].error == fault->error)
			return network_remedies[i].remedy;
	return "see nsinit --check";
}

static const char *remedy(const struct plan *plan, const struct fault *fault)
{
	if (fault->step == STEP_NETWORK)
		return network_remedy(plan, fault);
	if (fault->step == STEP_EXEC && fault->error == ENOENT && strchr(plan->argv[0], ' '))
		return "give the program and each argument as a word of its own";
	for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++)
		if (remedies[i].step == fault->step && (remedies[i].error == 0 || remedies[i].error == fault->error))
			return remedies[i].remedy;
	return "see nsinit --check";
}

static int status(const struct plan *plan, const struct fault *fault)
{
	const struct personality *personality = plan->personality;

	/* Too large an environment: each secret alone has been looked at, and these are ours, not the program's. */
	if (fault->step != STEP_EXEC || (fault->error == E2BIG && plan->secrets))
		return personality->failed;
	return fault->error == ENOENT || fault->error == ENOTDIR ? personality->not_found : personality->not_executable;
}

const char *fault_step_name(enum step step)
{
	return words[step].subject ? words[step].subject : "";
}

bool fault_is_valid(const struct plan *plan, const struct fault *fault)
{
	const struct {
		enum step step;
		int first, count;
	} indexed[] = {
		{STEP_CGROUP_FIND, 0, CGROUP_IO},
		{STEP_CGROUP_MAKE, 0, CGROUP_IO},
		{STEP_CGROUP_LIMITS, 0, CGROUP_IO},
		{STEP_SOURCES, FAULT_SYS, (int)plan->mount_count},
		{STEP_IDMAPPED, 0, (int)plan->mount_count},
		{STEP_NETWORK, FAULT_LINK, (int)plan->network.route_count},
		{STEP_MOUNTS, 0, (int)mount_row_count},
		{STEP_BINDS, 0, (int)plan->mount_count},
		{STEP_VIEWS, -1, (int)plan->mount_count},
		{STEP_LANDLOCK, -1, (int)plan->landlock_count},
		{STEP_LIMITS, LIMIT_OOM, (int)plan->limit_count},
		{STEP_TRAITS, 0, TRAITS},
	};

	if (fault->step <= STEP_NONE || fault->step >= STEP_COUNT || !words[fault->step].subject)
		return false;
	for (size_t i = 0; i < sizeof indexed / sizeof indexed[0]; i++)
		if (indexed[i].step == fault->step)
			return fault->index >= indexed[i].first && fault->index < indexed[i].count;
	return true;
}

int fault_report(const struct plan *plan, const struct fault *fault)
{
	const struct personality *personality = plan->personality;
	struct out what = OUT(-1);

	if (words[fault->step].add)
		words[fault->step].add(&what, plan, fault->index);
	else if (words[fault->step].text)
		out_print(&what, " %s", *(const char *const *)(const void *)((const char *)plan + words[fault->step].text));
	what.text[what.length < OBJECT_MAX ? what.length : OBJECT_MAX] = '\0'; /* room for reason and remedy in the line */
	if (fault->step == STEP_EXEC && personality->exec_failed)
		log_error("%s%s%s%s", personality->exec_failed, plan->argv[0], personality->exec_why, strerror(fault->error));
	else
		log_error("%s%s: %s; %s", words[fault->step].subject, what.text, strerror(fault->error), remedy(plan, fault));
	return status(plan, fault);
}
