/* SPDX-License-Identifier: MIT
 *
 * --dry-run: the plan as text, one fact a line.
 */
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "landlock.h"
#include "machine.h"
#include "mount.h"
#include "out.h"
#include "plan.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct word {
	uint64_t bit;
	const char *word;
};

/* MS_* of mount(2) and MOUNT_ATTR_* of mount_setattr(2) have the same four lowest bits. */
static void print_attributes(struct out *out, uint64_t attributes)
{
	static const struct word words[] = {
		{MOUNT_ATTR_NOSUID, "nosuid"}, {MOUNT_ATTR_NODEV, "nodev"}, {MOUNT_ATTR_NOEXEC, "noexec"}, {MOUNT_ATTR_IDMAP, "idmap"},
	};

	out_print(out, "%s", attributes & MOUNT_ATTR_RDONLY ? "ro" : "rw");
	for (size_t i = 0; i < COUNT(words); i++)
		if (attributes & words[i].bit)
			out_print(out, ",%s", words[i].word);
}

static void print_namespaces(struct out *out, unsigned long namespaces)
{
	if (!namespaces)
		return;
	out_print(out, "namespaces:");
	for (unsigned bit = 0; bit < 32; bit++)
		if (value_namespace_name(namespaces & (1UL << bit)))
			out_print(out, " %s", value_namespace_name(namespaces & (1UL << bit)));
	out_print(out, "\n");
}

static void print_map(struct out *out, const char *name, const struct id_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		out_print(out, "%s map: %u ids from %u inside are those from %u outside\n", name, map->ranges[i].count,
		          map->ranges[i].inside, map->ranges[i].outside);
}

static void print_identity(struct out *out, const struct plan *plan)
{
	const struct identity *identity = &plan->identity;

	print_map(out, "uid", &plan->uid_map);
	print_map(out, "gid", &plan->gid_map);
	if ((plan->namespaces & CLONE_NEWUSER) && !plan->join && plan->uid_map.count == 0)
		out_print(out, "id map: %u:%u inside is %u:%u outside\n", (unsigned)identity->uid, (unsigned)identity->gid,
		          (unsigned)identity->outer_uid, (unsigned)identity->outer_gid);
	if (!identity->set)
		return;
	out_print(out, "user: %u:%u", (unsigned)identity->uid, (unsigned)identity->gid);
	for (size_t i = 0; i < identity->group_count; i++)
		out_print(out, "%s%u", i == 0 ? " groups " : ",", (unsigned)identity->groups[i]);
	out_print(out, "\n");
}

static void print_privileges(struct out *out, const struct plan *plan)
{
	char size[24];

	if (plan->limit_capabilities) {
		out_print(out, "capabilities:");
		for (unsigned i = 0; value_capability_name(i); i++)
			if (plan->capabilities & (UINT64_C(1) << i))
				out_print(out, " %s", value_capability_name(i));
		out_print(out, "%s\n", plan->capabilities ? "" : " none");
	}
	if (plan->no_new_privs)
		out_print(out, "no new privileges: yes\n");
	if (plan->seccomp)
		out_print(out, "system call filter: default\n");
	for (size_t i = 0; i < plan->landlock_count; i++)
		out_print(out, "landlock: %s %s\n", landlock_rows[plan->landlock[i].kind].name, plan->landlock[i].object);
	for (size_t i = 0; i < plan->limit_count; i++)
		out_print(out, "limit: %s %lu, hard %lu\n", value_limit_name(plan->limits[i].resource), (unsigned long)plan->limits[i].soft,
		          (unsigned long)plan->limits[i].hard);
	if (plan->memory_kib)
		out_print(out, "memory: %s\n", value_size_text(plan->memory_kib, size));
	if (plan->cpu_hundredths)
		out_print(out, "processors: %lu.%lu%lu\n", plan->cpu_hundredths / 100, plan->cpu_hundredths / 10 % 10, plan->cpu_hundredths % 10);
	if (plan->pids)
		out_print(out, "processes: %lu\n", plan->pids);
	if (plan->nice_set)
		out_print(out, "niceness: %d\n", plan->nice);
	if (plan->oom_set)
		out_print(out, "oom score: %d\n", plan->oom_score_adj);
	if (plan->umask_set)
		out_print(out, "umask: %o\n", (unsigned)plan->umask);
}

static void print_terminal(struct out *out, const struct plan *plan)
{
	if (!plan->pty)
		return;
	out_print(out, "terminal: a new one, as descriptors");
	for (unsigned fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (plan->pty & 1U << fd)
			out_print(out, " %u", fd);
	out_print(out, "\n");
}

static void print_veth(struct out *out, const struct network *network)
{
	static const char *const words[] = {[ROUTE_INSIDE] = "address", [ROUTE_HOST] = "address of the host's side", [ROUTE_GATEWAY] = "gateway"};

	out_print(out, "network: %s inside, %s outside", network->name,
	          strchr(network->host, '%') ? "nsinit and a number" : network->host);
	if (network->bridge[0])
		out_print(out, ", on bridge %s", network->bridge);
	if (network->mtu)
		out_print(out, ", MTU %u", network->mtu);
	out_print(out, "\n");
	for (size_t i = 0; i < network->route_count; i++)
		out_print(out, "%s: %s\n", words[network->routes[i].kind], network->routes[i].address.text);
}

static void print_network(struct out *out, const struct network *network)
{
	switch (network->kind) {
	case NETWORK_PATH:
		out_print(out, "network: %s\n", network->path);
		break;
	case NETWORK_PID:
		out_print(out, "network: that of process %d\n", (int)network->pid);
		break;
	case NETWORK_VETH:
		print_veth(out, network);
		break;
	default: /* is said by the namespaces */
		break;
	}
}

static void print_clocks(struct out *out, const struct clock_offset *clocks)
{
	static const char *const words[CLOCKS] = {[CLOCKS_MONOTONIC] = "monotonic", [CLOCKS_BOOTTIME] = "boottime"};

	for (int i = 0; i < CLOCKS; i++)
		if (clocks[i].set)
			out_print(out, "clock: %s %s%d s\n", words[i], clocks[i].seconds < 0 ? "" : "+", clocks[i].seconds);
}

static void print_row(struct out *out, const struct mount_row *row)
{
	out_print(out, "mount: %s on /%s ", row->type, row->target);
	print_attributes(out, row->flags);
	out_print(out, "\n");
}

static void print_mounts(struct out *out, const struct plan *plan)
{
	for (size_t i = 0; i < mount_row_count && plan->namespaces && !plan->join; i++)
		if (mount_row_wanted(plan, &mount_rows[i]))
			print_row(out, &mount_rows[i]);
	for (size_t i = 0; i < machine_row_count && plan->boot; i++)
		if (plan->machine || !(machine_rows[i].policy & MOUNT_ROOTFS))
			print_row(out, &machine_rows[i]);
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_entry *entry = &plan->mounts[i];

		if (entry->kind == MOUNT_TMPFS) {
			out_print(out, "mount: tmpfs on %s rw,nosuid,nodev%s%s\n", entry->target, entry->data ? "," : "", entry->data ? entry->data : "");
			continue;
		}
		out_print(out, "bind: %s on %s ", entry->source, entry->target);
		print_attributes(out, entry->attributes);
		out_print(out, "%s (--%s)\n", entry->recursive ? ",rec" : "", entry->option);
	}
}

static void print_pid1(struct out *out, const struct plan *plan)
{
	char from[16], to[16];

	for (int signal = 1; signal <= PLAN_SIGNAL_MAX; signal++)
		if (plan->rewrite[signal])
			out_print(out, "rewrite: %s to %s\n", value_signal_name(signal, from),
			          plan->rewrite[signal] == 1 ? "nothing" : value_signal_name(plan->rewrite[signal] - 1, to));
	for (unsigned code = 0; code < COUNT(plan->remap); code++)
		if (plan->remap[code])
			out_print(out, "remap: %u to %u\n", code, plan->remap[code] - 1U);
	for (size_t i = 0; i < plan->hook_count; i++)
		out_print(out, "on %s: %s\n", value_signal_name(plan->hooks[i].signal, from), plan->hooks[i].program);
	if (plan->restart)
		out_print(out, "on %s: the program again\n", value_signal_name(plan->restart, from));
	if (plan->delay_ms > 0)
		out_print(out, "delay of TERM: %ld ms\n", (long)plan->delay_ms);
	if (plan->grace_ms >= 0)
		out_print(out, "grace: %ld ms\n", (long)plan->grace_ms);
	if (plan->wait)
		out_print(out, "wait: yes\n");
	if (plan->drain_ms >= 0)
		out_print(out, "drain: %ld ms\n", (long)plan->drain_ms);
	if (plan->parent_death)
		out_print(out, "parent death: %s\n", value_signal_name(plan->parent_death, to));
	if (plan->group)
		out_print(out, "forward to: the process group\n");
	if (plan->single_child)
		out_print(out, "process group: ours\n");
	if (plan->subreaper)
		out_print(out, "subreaper: yes\n");
}

/* A word in quotes where a shell would need them, so that the line can be pasted. */
static void print_word(struct out *out, const char *word)
{
	const char *at = word;

	while ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '+' && *at <= ':') || *at == '_' || *at == '=')
		at++;
	if (*word && !*at) {
		out_print(out, " %s", word);
		return;
	}
	out_print(out, " '");
	for (at = word; *at; at++)
		out_print(out, *at == '\'' ? "'\\''" : "%c", *at);
	out_print(out, "'");
}

void plan_print(const struct plan *plan, const char *role)
{
	struct out out = OUT(STDOUT_FILENO);

	out_print(&out, "role: %s\n", role);
	print_namespaces(&out, plan->namespaces);
	if (plan->join)
		out_print(&out, "join: process %d\n", (int)plan->join);
	else if (plan->namespaces)
		out_print(&out, "root: %s%s\n", plan->rootfs ? plan->rootfs : "the host's", plan->read_only ? ", read-only" : "");
	if (plan->ephemeral || plan->overlay)
		out_print(&out, "written to: %s\n", plan->overlay ? plan->overlay : "memory, forgotten at the end");
	print_mounts(&out, plan);
	print_network(&out, &plan->network);
	print_clocks(&out, plan->clocks);
	if (plan->hostname)
		out_print(&out, "hostname: %s\n", plan->hostname);
	if (plan->domainname)
		out_print(&out, "domainname: %s\n", plan->domainname);
	print_identity(&out, plan);
	print_privileges(&out, plan);
	print_terminal(&out, plan);
	print_pid1(&out, plan);
	if (plan->pid_file)
		out_print(&out, "pid file: %s\n", plan->pid_file);
	if (plan->detach)
		out_print(&out, "detached: yes\n");
	if (plan->cwd)
		out_print(&out, "directory: %s\n", plan->cwd);
	if (plan->services)
		out_print(&out, "services: %s\n", plan->services);
	out_print(&out, plan->argv[0] ? "program:" : plan->services ? "program: none" : "program: none, pause");
	for (char **word = plan->argv; *word; word++)
		print_word(&out, *word);
	out_print(&out, "\n");
	out_flush(&out);
}
