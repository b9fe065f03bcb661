/* SPDX-License-Identifier: MIT
 *
 * nsinit's own options, a row each, and the functions that read their values into the plan.
 */
#include "option.h"

#include <limits.h>
#include <linux/mount.h>
#include <signal.h>
#include <string.h>

#include "cold.h"
#include "landlock.h"
#include "log.h"
#include "network.h"
#include "secret.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void *field(struct plan *plan, const struct option *option)
{
	return (char *)plan + option->field;
}

const char *option_set_flag(struct plan *plan, const struct option *option, const char *value)
{
	return value_flag(value, field(plan, option)) == 0 ? NULL : "not a yes or no; give 1 or 0";
}

static const char *set_string(struct plan *plan, const struct option *option, const char *value)
{
	if (!*value)
		return "empty; give a value or leave the option out";
	*(const char **)field(plan, option) = value;
	return NULL;
}

static const char *set_time(struct plan *plan, const struct option *option, const char *value)
{
	return value_time(value, field(plan, option)) == 0 ? NULL : "not a time; give 500ms, 5s, 2m, 1h or seconds, up to a year";
}

const char *option_set_signal(struct plan *plan, const struct option *option, const char *value)
{
	return value_signal(value, field(plan, option)) == 0 ? NULL : "not a signal; give a name as TERM or RTMIN+1, or 1 to 64";
}

static const char *set_namespaces(struct plan *plan, const struct option *option, const char *value)
{
	return value_namespaces(value, field(plan, option)) == 0 ? NULL
	       : "not a list of namespaces; give some of uts,ipc,pid,mount,net,user,cgroup,time";
}

static const char *set_join(struct plan *plan, const struct option *option, const char *value)
{
	static const char wrong[] = "not a process; give PID or PID:LIST with some of uts,ipc,pid,mount,net,user,cgroup,time";
	unsigned long pid;
	char number[16];
	const char *list = value_item(value, ':', number, sizeof number);

	(void)option;
	if (value_number(number, INT_MAX, &pid) < 0 || pid == 0 || (list && value_namespaces(list, &plan->join_only) < 0))
		return wrong;
	plan->join = (pid_t)pid;
	return NULL;
}

static const char *set_name(struct plan *plan, const struct option *option, const char *value)
{
	if (strlen(value) > PLAN_HOSTNAME_MAX)
		return "too long; a name has at most 64 bytes";
	return set_string(plan, option, value);
}

static const char *set_net(struct plan *plan, const struct option *option, const char *value)
{
	const char *wrong = network_parse(&plan->network, value);

	return wrong ? wrong : set_string(plan, option, value);
}

static const char *set_clocks(struct plan *plan, const struct option *option, const char *value)
{
	static const char *const names[CLOCKS] = {[CLOCKS_MONOTONIC] = "monotonic", [CLOCKS_BOOTTIME] = "boottime"};
	char item[32], name[16];

	(void)option;
	while (value) {
		const char *seconds;
		int clock = 0;

		value = value_item(value, ',', item, sizeof item);
		seconds = value_item(item, '=', name, sizeof name);
		while (clock < CLOCKS && strcmp(name, names[clock]) != 0)
			clock++;
		if (!seconds || clock == CLOCKS || value_signed(seconds, -INT_MAX, INT_MAX, &plan->clocks[clock].seconds) < 0)
			return "not an offset; give monotonic=SECONDS, boottime=SECONDS or both, with a minus for earlier";
		plan->clocks[clock].set = true;
	}
	return NULL;
}

static const char *set_descriptor(struct plan *plan, const struct option *option, const char *value)
{
	unsigned long number;

	if (value_number(value, 1 << 20, &number) < 0)
		return "not a descriptor; give a number";
	*(int *)field(plan, option) = (int)number;
	return NULL;
}

const char *option_set_verbose(struct plan *plan, const struct option *option, const char *value)
{
	unsigned long level;

	(void)option;
	if (value_number(*value ? value : "0", 9, &level) < 0)
		return "not a level; give 0 to 2";
	plan->verbosity += (int)level;
	return NULL;
}

/* A flag that is short for a number. */
static const char *set_short(const char *value, int *number, int yes)
{
	bool flag;

	if (value_flag(value, &flag) < 0)
		return "not a yes or no; give 1 or 0";
	if (flag)
		*number = yes;
	return NULL;
}

static const char *set_quiet(struct plan *plan, const struct option *option, const char *value)
{
	(void)option;
	return set_short(value, &plan->verbosity, LOG_ERROR);
}

static const char *set_die(struct plan *plan, const struct option *option, const char *value)
{
	(void)option;
	return set_short(value, &plan->parent_death, SIGKILL);
}

/* One CODE or A-B, and what it becomes; 0 if that is not said. */
const char *option_set_remap(struct plan *plan, const struct option *option, const char *value)
{
	static const char wrong[] = "not exit codes; give CODE, A-B or either with :CODE, from 0 to 255";
	char item[32], from[32], first[32];
	unsigned long low, high, code;

	(void)option;
	while (value) {
		const char *to, *last;

		value = value_item(value, ',', item, sizeof item);
		to = value_item(item, ':', from, sizeof from);
		last = value_item(from, '-', first, sizeof first);
		code = 0;
		if (value_number(first, 255, &low) < 0 || value_number(last ? last : first, 255, &high) < 0 || low > high ||
		    (to && value_number(to, 255, &code) < 0))
			return wrong;
		for (; low <= high; low++)
			plan->remap[low] = (uint16_t)(code + 1);
	}
	return NULL;
}

static const char *set_success(struct plan *plan, const struct option *option, const char *value)
{
	return strchr(value, ':') || option_set_remap(plan, option, value) ? "not exit codes; give CODE or A-B, from 0 to 255" : NULL;
}

const char *option_set_rewrite(struct plan *plan, const struct option *option, const char *value)
{
	char item[32], from_name[32];
	int from, to;

	(void)option;
	while (value) {
		const char *to_name;

		value = value_item(value, ',', item, sizeof item);
		to_name = value_item(item, ':', from_name, sizeof from_name);
		to = 0;
		if (!to_name || value_signal(from_name, &from) < 0 || (strcmp(to_name, "0") != 0 && value_signal(to_name, &to) < 0))
			return "not signals; give FROM:TO by name or number, TO 0 drops it";
		plan->rewrite[from] = (uint8_t)(to + 1);
	}
	return NULL;
}

static const char unheard[] = "nobody can act on KILL, STOP or CHLD; give another signal";

static bool is_unheard(int signal)
{
	return signal == SIGCHLD || signal == SIGKILL || signal == SIGSTOP;
}

static const char *set_rewrite(struct plan *plan, const struct option *option, const char *value)
{
	const char *wrong = option_set_rewrite(plan, option, value);

	for (int signal = 1; !wrong && signal <= PLAN_SIGNAL_MAX; signal++)
		if (is_unheard(signal) && plan->rewrite[signal])
			return unheard;
	return wrong;
}

static struct mount_entry *add_mount(struct plan *plan, const struct option *option, enum mount_kind kind)
{
	struct mount_entry *entry = &plan->mounts[plan->mount_count];

	if (plan->mount_count == COUNT(plan->mounts))
		return NULL;
	plan->mount_count++;
	*entry = (struct mount_entry){.kind = kind, .option = option->name, .recursive = true};
	return entry;
}

static const char too_many_mounts[] = "one mount too many; a plan holds 256";

static int set_mount_word(struct mount_entry *entry, const char *word)
{
	static const struct {
		const char *word;
		uint64_t attribute;
		int recursive; /* -1: says nothing of it */
	} words[] = {
		{"rw", 0, -1}, {"ro", MOUNT_ATTR_RDONLY, -1}, {"nosuid", MOUNT_ATTR_NOSUID, -1}, {"nodev", MOUNT_ATTR_NODEV, -1},
		{"noexec", MOUNT_ATTR_NOEXEC, -1}, {"rec", 0, true}, {"norec", 0, false}, {"idmap", MOUNT_ATTR_IDMAP, -1},
	};

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		entry->attributes |= words[i].attribute;
		if (words[i].recursive >= 0)
			entry->recursive = words[i].recursive;
		return 0;
	}
	return -1;
}

/* Copies a part of a value that stays for ever. NULL when there is no memory. */
static char *copy(const char *text, size_t length)
{
	return strndup(text, length);
}

/* SRC[:DST[:OPT,…]]; a bare SRC goes to the same path. */
static const char *add_bind(struct plan *plan, const struct option *option, const char *value)
{
	struct mount_entry *entry = add_mount(plan, option, MOUNT_BIND);
	const char *target = strchr(value, ':'), *words = target ? strchr(target + 1, ':') : NULL;
	char word[16];

	if (!entry)
		return too_many_mounts;
	entry->source = target ? copy(value, (size_t)(target - value)) : value;
	entry->target = !target ? value : words ? copy(target + 1, (size_t)(words - target - 1)) : target + 1;
	if (!entry->source || !entry->target)
		return "no memory for it; give less";
	if (!*entry->source || entry->target[0] != '/')
		return "not a bind; give SRC[:DST[:OPTIONS]], DST from the root on";
	for (words = words ? words + 1 : NULL; words;) {
		words = value_item(words, ',', word, sizeof word);
		if (set_mount_word(entry, word) < 0)
			return "not a mount option; give some of ro,rw,rec,norec,nosuid,nodev,noexec,idmap";
	}
	return NULL;
}

static const char *add_tmpfs(struct plan *plan, const struct option *option, const char *value)
{
	struct mount_entry *entry = add_mount(plan, option, MOUNT_TMPFS);
	const char *data = strchr(value, ':');

	if (!entry)
		return too_many_mounts;
	entry->target = data ? copy(value, (size_t)(data - value)) : value;
	entry->data = data ? data + 1 : NULL;
	if (!entry->target)
		return "no memory for it; give less";
	return entry->target[0] == '/' ? NULL : "not a tmpfs; give DST[:OPTIONS], DST from the root on";
}

static const char *add_map(struct plan *plan, const struct option *option, const char *value)
{
	static const char wrong[] = "not a map; give INSIDE:OUTSIDE:COUNT, or auto";
	struct id_map *map = field(plan, option);
	unsigned long numbers[3];
	char number[16];

	if (strcmp(value, "auto") == 0) {
		map->automatic = true;
		return NULL;
	}
	if (map->count == PLAN_MAPS_MAX)
		return "one range too many; a plan holds 8";
	for (size_t i = 0; i < COUNT(numbers); i++) {
		if (!value)
			return wrong;
		value = value_item(value, ':', number, sizeof number);
		if (value_number(number, UINT32_MAX, &numbers[i]) < 0)
			return wrong;
	}
	if (value || numbers[2] == 0)
		return wrong;
	map->ranges[map->count++] = (struct id_range){(unsigned)numbers[0], (unsigned)numbers[1], (unsigned)numbers[2]};
	return NULL;
}

static const char *add_env(struct plan *plan, const struct option *option, const char *value)
{
	(void)option;
	if (value[0] == '=' || !strchr(value, '='))
		return "not a variable; give NAME=VALUE";
	if (plan->env_count == COUNT(plan->env))
		return "one variable too many; a plan holds 256";
	plan->env[plan->env_count++] = value;
	return NULL;
}

static const char *add_secret(struct plan *plan, const struct option *option, const char *value)
{
	const char *wrong;

	(void)option;
	if (value[0] == '=' || !strchr(value, '='))
		return "not a secret; give NAME=FILE";
	if (plan->env_count == COUNT(plan->env))
		return "one variable too many; a plan holds 256";
	wrong = secret_read(value, &plan->env[plan->env_count]);
	plan->env_count += !wrong;
	plan->secrets = true;
	return wrong;
}

static const char *add_hook(struct plan *plan, const struct option *option, const char *value)
{
	struct hook *hook = &plan->hooks[plan->hook_count];
	char name[16];

	(void)option;
	if (plan->hook_count == COUNT(plan->hooks))
		return "one signal too many; a plan holds 8";
	hook->program = value_item(value, '=', name, sizeof name);
	if (!hook->program || hook->program[0] != '/' || value_signal(name, &hook->signal) < 0)
		return "not a signal and a program; give SIG=/PATH";
	if (is_unheard(hook->signal))
		return unheard;
	plan->hook_count++;
	return NULL;
}

static const char *set_restart(struct plan *plan, const struct option *option, const char *value)
{
	const char *wrong = option_set_signal(plan, option, value);

	if (!wrong && is_unheard(plan->restart))
		return unheard;
	return !wrong && plan->restart == SIGTERM ? "TERM ends the program for good; give another signal, as HUP" : wrong;
}

static const char *add_capabilities(struct plan *plan, const struct option *option, const char *value)
{
	return value_capabilities(value, field(plan, option)) == 0 ? NULL : "not a capability; give names as NET_ADMIN,SYS_TIME or ALL";
}

static const char *set_seccomp(struct plan *plan, const struct option *option, const char *value)
{
	if (strcmp(value, "default") != 0 && strcmp(value, "none") != 0)
		return "not a filter; give default or none";
	return set_string(plan, option, value);
}

static const char *add_limit(struct plan *plan, const struct option *option, const char *value)
{
	(void)option;
	if (plan->limit_count == COUNT(plan->limits))
		return "one limit too many; there are 16";
	if (value_limit(value, &plan->limits[plan->limit_count]) < 0)
		return "not a limit; give NAME=SOFT[:HARD], as nofile=1024:4096 or core=unlimited, SOFT up to HARD";
	plan->limit_count++;
	return NULL;
}

static const char *add_landlock(struct plan *plan, const struct option *option, const char *value)
{
	static const char wrong[] = "not a rule; give ro:PATH, rw:PATH, connect:PORT, bind:PORT, either with any for PORT, signal:any or abstract:any";
	struct landlock_rule *rule = &plan->landlock[plan->landlock_count];
	enum landlock_class class;
	char name[16];
	int kind = 0;

	(void)option;
	if (plan->landlock_count == COUNT(plan->landlock))
		return "one rule too many; a plan holds 64";
	rule->object = value_item(value, ':', name, sizeof name);
	while (kind < LANDLOCK_KINDS && strcmp(name, landlock_rows[kind].name) != 0)
		kind++;
	if (!rule->object || !*rule->object || kind == LANDLOCK_KINDS)
		return wrong;
	class = landlock_rows[kind].class;
	rule->kind = (enum landlock_kind)kind;
	rule->any = class != LANDLOCK_FILES && strcmp(rule->object, "any") == 0;
	if (!rule->any && (class == LANDLOCK_SCOPES || (class == LANDLOCK_PORTS && value_number(rule->object, UINT16_MAX, &rule->port) < 0)))
		return wrong;
	plan->landlock_count++;
	return NULL;
}

static const char *set_size(struct plan *plan, const struct option *option, const char *value)
{
	return value_size(value, field(plan, option)) == 0 ? NULL : "not a size; give 64m, 2g or bytes, 1m or more";
}

static const char *set_cpus(struct plan *plan, const struct option *option, const char *value)
{
	return value_hundredths(value, field(plan, option)) == 0 ? NULL : "not a number of processors; give 2, 1.5 or 0.25, from 0.01 to 10000";
}

static const char *set_pids(struct plan *plan, const struct option *option, const char *value)
{
	unsigned long *pids = field(plan, option);

	return value_number(value, 1 << 22, pids) == 0 && *pids >= 2 ? NULL : "not a number of processes; give 2 to 4194304, PID 1 counts";
}

static const char *set_nice(struct plan *plan, const struct option *option, const char *value)
{
	(void)option;
	plan->nice_set = value_signed(value, -20, 19, &plan->nice) == 0;
	return plan->nice_set ? NULL : "not a niceness; give -20 to 19";
}

static const char *set_oom(struct plan *plan, const struct option *option, const char *value)
{
	(void)option;
	plan->oom_set = value_signed(value, -1000, 1000, &plan->oom_score_adj) == 0;
	return plan->oom_set ? NULL : "not a score; give -1000 to 1000";
}

static const char *set_umask(struct plan *plan, const struct option *option, const char *value)
{
	(void)option;
	plan->umask_set = value_octal(value, 0777, &plan->umask) == 0;
	return plan->umask_set ? NULL : "not a mask; give an octal number up to 0777";
}

/* One of count names; which it is goes to *number. */
static const char *set_choice(const char *const *names, size_t count, const char *value, unsigned *number, const char *wrong)
{
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		*number = i; /* else it stays what it was: a machine goes on with it */
		return NULL;
	}
	return wrong;
}

static const char *set_tty(struct plan *plan, const struct option *option, const char *value)
{
	static const char *const names[] = {[TTY_AUTO] = "auto", [TTY_NEW] = "new", [TTY_INHERIT] = "inherit"};

	(void)option;
	return set_choice(names, COUNT(names), value, &plan->tty, "not a terminal; give auto, new (one of its own) or inherit (ours)");
}

static const char *set_end(struct plan *plan, const struct option *option, const char *value)
{
	static const char *const names[ENDS] = {[END_POWEROFF] = "poweroff", [END_REBOOT] = "reboot", [END_HALT] = "halt"};

	(void)option;
	return set_choice(names, COUNT(names), value, &plan->end, "not an end; give poweroff, reboot or halt");
}

static const char *set_failure(struct plan *plan, const struct option *option, const char *value)
{
	static const char *const names[FAILURES] = {[FAILURE_SHELL] = "shell", [FAILURE_END] = "end", [FAILURE_PANIC] = "panic"};

	(void)option;
	return set_choice(names, COUNT(names), value, &plan->failure, "not what a boot can do that fails; give shell, end or panic");
}

static const struct option options[] = {
	{"group", 'g', OPTIONS_PID1, OPTION_FIELD(group), NULL, option_set_flag, "forward signals to the program's process group"},
	{"subreaper", 's', OPTIONS_PID1, OPTION_FIELD(subreaper), NULL, option_set_flag, "reap orphans without being PID 1, make no namespace"},
	{"parent-death", 'p', OPTIONS_PID1, OPTION_FIELD(parent_death), "SIG", option_set_signal, "get SIG when our parent dies"},
	{"remap", 'e', OPTIONS_PID1, 0, "CODE[:CODE],...", option_set_remap, "turn an exit code, or a range A-B, into 0 or another"},
	{"rewrite", 'r', OPTIONS_PID1, 0, "SIG:SIG,...", set_rewrite, "forward one signal as another, :0 drops it"},
	{"single-child", 'c', OPTIONS_PID1, OPTION_FIELD(single_child), NULL, option_set_flag, "no process group or session for the program"},
	{"warn-reap", 'w', OPTIONS_PID1, OPTION_FIELD(warn_reap), NULL, option_set_flag, "say which orphans were reaped"},
	{"pause", 'P', OPTIONS_PID1, OPTION_FIELD(pause), NULL, option_set_flag, "no program: hold the namespaces, reap, end on TERM or INT"},
	{"success", 0, OPTIONS_PID1, 0, "CODE,...", set_success, "exit codes, or ranges A-B, that count as 0; 143 is TERM"},
	{"delay", 0, OPTIONS_PID1, OPTION_FIELD(delay_ms), "TIME", set_time, "hold a TERM for TIME first; a second one cuts it short"},
	{"grace", 0, OPTIONS_PID1, OPTION_FIELD(grace_ms), "TIME", set_time, "KILL the program TIME after a forwarded TERM"},
	{"on", 0, OPTIONS_PID1, 0, "SIG=PROGRAM", add_hook, "on SIG, run PROGRAM PID SIG instead of forwarding it"},
	{"restart", 0, OPTIONS_PID1, OPTION_FIELD(restart), "SIG", set_restart, "on SIG, end the program as by a TERM and start it again"},
	{"wait", 0, OPTIONS_PID1, OPTION_FIELD(wait), NULL, option_set_flag, "after the program, wait for what is left to end"},
	{"drain", 0, OPTIONS_PID1, OPTION_FIELD(drain_ms), "TIME", set_time, "after the program, TERM what is left, KILL it at TIME"},
	{"verbose", 'v', OPTIONS_PID1, 0, NULL, option_set_verbose, "say more; -vv: of signals and processes too"},
	{"quiet", 'q', OPTIONS_PID1, 0, NULL, set_quiet, "say nothing but errors"},
	{"log-fd", 0, OPTIONS_PID1, OPTION_FIELD(log_fd), "FD", set_descriptor, "say it on descriptor FD, not on stderr"},

	{"rootfs", 'R', OPTIONS_ROOT, OPTION_FIELD(rootfs), "DIR", set_string, "make DIR, or the file system in an image file, the root"},
	{"read-only", 0, OPTIONS_ROOT, OPTION_FIELD(read_only), NULL, option_set_flag, "the root itself cannot be written to"},
	{"ephemeral", 0, OPTIONS_ROOT, OPTION_FIELD(ephemeral), NULL, option_set_flag, "what is written to the root is forgotten at the end"},
	{"overlay", 0, OPTIONS_ROOT, OPTION_FIELD(overlay), "DIR", set_string, "what is written to the root goes to DIR, in its upper/"},
	{"bind", 0, OPTIONS_ROOT, 0, "SRC[:DST[:OPT,...]]", add_bind, "SRC at DST; OPT: ro rw rec norec nosuid nodev noexec idmap"},
	{"volume", 0, OPTIONS_ROOT, 0, "SRC[:DST[:OPT,...]]", add_bind, "the same as --bind"},
	{"tmpfs", 0, OPTIONS_ROOT, 0, "DST[:OPT,...]", add_tmpfs, "an empty file system in memory; OPT: size= mode="},
	{"conf", 0, OPTIONS_ROOT, OPTION_FIELD(conf), "DIR", set_string, "what DIR holds, read-only in /etc: hosts, resolv.conf, ..."},

	{"unshare", 0, OPTIONS_NAMESPACES, OPTION_FIELD(unshare), "LIST", set_namespaces, "new namespaces: those of net,user,time beside the usual ones"},
	{"share", 0, OPTIONS_NAMESPACES, OPTION_FIELD(share), "LIST", set_namespaces, "the caller's, no new ones: some of uts,ipc,net,user,cgroup"},
	{"join", 0, OPTIONS_NAMESPACES, 0, "PID[:LIST]", set_join, "enter the namespaces of process PID and its cgroup; LIST: some"},
	{"net", 0, OPTIONS_NAMESPACES, OPTION_FIELD(net), "host|none|veth[:OPT,...]", set_net,
	 "the network, or a PATH, PID or NAME of one; veth's OPT: address= route= host-address= bridge= host= name= mtu="},
	{"clock-offset", 0, OPTIONS_NAMESPACES, 0, "OPT,...", set_clocks, "seconds clocks go ahead by; OPT: monotonic= boottime="},
	{"hostname", 0, OPTIONS_NAMESPACES, OPTION_FIELD(hostname), "NAME", set_name, "the host name inside (else that of --conf, else ours)"},
	{"domainname", 0, OPTIONS_NAMESPACES, OPTION_FIELD(domainname), "NAME", set_name, "the NIS domain name inside"},

	{"user", 0, OPTIONS_IDENTITY, OPTION_FIELD(user), "USER[:GROUP]", set_string, "run the program as USER, by name or number"},
	{"map-uid", 0, OPTIONS_IDENTITY, OPTION_FIELD(uid_map), "IN:OUT:N|auto", add_map, "N users from IN on are those from OUT on; auto: /etc/subuid"},
	{"map-gid", 0, OPTIONS_IDENTITY, OPTION_FIELD(gid_map), "IN:OUT:N|auto", add_map, "N groups from IN on are those from OUT on; auto: /etc/subgid"},
	{"env", 0, OPTIONS_IDENTITY, 0, "NAME=VALUE", add_env, "set a variable of the program's environment"},
	{"secret", 0, OPTIONS_IDENTITY, 0, "NAME=FILE", add_secret, "set a variable to what FILE holds"},
	{"clear-env", 0, OPTIONS_IDENTITY, OPTION_FIELD(clear_env), NULL, option_set_flag, "start from an empty environment but TERM and a plain PATH"},
	{"cwd", 0, OPTIONS_IDENTITY, OPTION_FIELD(cwd), "DIR", set_string, "start the program in DIR"},

	{"cap-add", 0, OPTIONS_LIMITS, OPTION_FIELD(cap_add), "LIST", add_capabilities, "capabilities beside the default ones"},
	{"cap-drop", 0, OPTIONS_LIMITS, OPTION_FIELD(cap_drop), "LIST", add_capabilities, "capabilities to do without; ALL and --cap-add give a few"},
	{"privileged", 0, OPTIONS_LIMITS, OPTION_FIELD(privileged), NULL, option_set_flag, "every capability, no filter, nothing of /proc hidden"},
	{"no-new-privs", 0, OPTIONS_LIMITS, OPTION_FIELD(no_new_privs), NULL, option_set_flag, "setuid programs and file capabilities give nothing"},
	{"seccomp", 0, OPTIONS_LIMITS, OPTION_FIELD(seccomp_name), "default|none", set_seccomp, "the system call filter; containers have the default one"},
	{"landlock", 0, OPTIONS_LIMITS, 0, "RULE", add_landlock, "allow this, and deny the program all that no rule allows: ro:PATH rw:PATH connect:PORT bind:PORT"},
	{"memory", 0, OPTIONS_LIMITS, OPTION_FIELD(memory_kib), "SIZE", set_size, "how much memory the container may use, as 64m or 2g"},
	{"cpus", 0, OPTIONS_LIMITS, OPTION_FIELD(cpu_hundredths), "N[.NN]", set_cpus, "how many processors' time the container may use"},
	{"pids", 0, OPTIONS_LIMITS, OPTION_FIELD(pids), "N", set_pids, "how many processes and threads the container may have"},
	{"rlimit", 0, OPTIONS_LIMITS, 0, "NAME=SOFT[:HARD]", add_limit, "a resource limit, as nofile=1024"},
	{"nice", 0, OPTIONS_LIMITS, 0, "N", set_nice, "the niceness, -20 to 19"},
	{"oom-score-adj", 0, OPTIONS_LIMITS, 0, "N", set_oom, "how soon the OOM killer takes the program, -1000 to 1000"},
	{"umask", 0, OPTIONS_LIMITS, 0, "MODE", set_umask, "the file mode mask"},

	{"tty", 0, OPTIONS_LIFETIME, 0, "auto|new|inherit", set_tty, "a terminal of its own, or ours; auto: with --rootfs its own"},
	{"die-with-parent", 0, OPTIONS_LIFETIME, 0, NULL, set_die, "KILL for us when our parent dies, and for all when we do"},
	{"detach", 0, OPTIONS_LIFETIME, OPTION_FIELD(detach), NULL, option_set_flag, "go to the background once the program runs"},
	{"pid-file", 0, OPTIONS_LIFETIME, OPTION_FIELD(pid_file), "FILE", set_string, "holds the pid of PID 1, as seen here, while it runs"},
	{"ready-fd", 0, OPTIONS_LIFETIME, OPTION_FIELD(ready_fd), "FD", set_descriptor, "gets a newline once the program runs"},
	{"status-fd", 0, OPTIONS_LIFETIME, OPTION_FIELD(status_fd), "FD", set_descriptor, "gets JSON lines: started, ready, stopped"},

	{"services", 0, OPTIONS_LIFETIME, OPTION_FIELD(services), "DIR|NAME,...", set_string, "start services from systemd's unit files: all of DIR, or NAME"},
	{"essential", 0, OPTIONS_LIFETIME, OPTION_FIELD(essential), "NAME", set_string, "the service with whose end, and status, we end"},

	{"boot", 0, OPTIONS_BOOT, OPTION_FIELD(boot), NULL, option_set_flag, "be the PID 1 of a machine; so it is under the name init"},
	{"end", 0, OPTIONS_BOOT, 0, "poweroff|reboot|halt", set_end, "what becomes of the machine when the program has ended"},
	{"exit-port", 0, OPTIONS_BOOT, OPTION_FIELD(exit_port), "DEVICE", set_string, "gets the program's status, as a line, at the end"},
	{"failure", 0, OPTIONS_BOOT, 0, "shell|end|panic", set_failure, "what a boot does that cannot go on"},
	{"root", 0, OPTIONS_BOOT, OPTION_FIELD(root), "DEVICE", set_string, "the root to change to: /dev/NAME, or LABEL= UUID= PARTUUID="},
	{"rootfstype", 0, OPTIONS_BOOT, OPTION_FIELD(root_type), "TYPE,...", set_string, "its file system, if that is not to be found out"},
	{"rootflags", 0, OPTIONS_BOOT, OPTION_FIELD(root_flags), "OPT,...", set_string, "its mount options"},
	{"rootwait", 0, OPTIONS_BOOT, OPTION_FIELD(root_wait_ms), "TIME", set_time, "how long its device may take to appear, else 10 s"},
	{"rw", 0, OPTIONS_BOOT, OPTION_FIELD(root_writable), NULL, option_set_flag, "mount it for writing"},
	{"init", 0, OPTIONS_BOOT, OPTION_FIELD(next_init), "PATH", set_string, "the init in it, else /sbin/init, or nsinit itself"},
	{"ip", 0, OPTIONS_BOOT, OPTION_FIELD(ip), "ADDRESS::GATEWAY:MASK::DEV", set_string, "an address for an interface, as for the kernel"},
	{"respawn", 0, OPTIONS_BOOT, OPTION_FIELD(respawn), NULL, option_set_flag, "start the program again when it ends"},
	{"ask-first", 0, OPTIONS_BOOT, OPTION_FIELD(ask_first), NULL, option_set_flag, "start the program when Enter is pressed on its terminal"},
	{"watchdog", 0, OPTIONS_BOOT, OPTION_FIELD(watchdog_ms), "TIME", set_time, "have the machine reset when nsinit hangs for TIME"},
	{"console", 0, OPTIONS_BOOT, OPTION_FIELD(console), "DEVICE", set_string, "the program's terminal, if not /dev/console"},

	{"dry-run", 0, OPTIONS_LOOKING, OPTION_FIELD(dry_run), NULL, option_set_flag, "print the plan, do nothing"},
	{"cmdline", 0, OPTIONS_LOOKING, OPTION_FIELD(cmdline), "TEXT", set_string, "the same for a machine with this command line of the kernel"},
	{"check", 0, OPTIONS_LOOKING, OPTION_FIELD(check), NULL, option_set_flag, "print what this kernel and user can do, and the remedies"},
	{"trace", 0, OPTIONS_LOOKING, OPTION_FIELD(trace), "FILE", set_string, "how long each step of the start took; - is the log, *.svg drawn"},
	{"verify", 0, OPTIONS_LOOKING, OPTION_FIELD(verify), NULL, option_set_flag, "say what is wrong with the unit files that follow"},
	{"list-directives", 0, OPTIONS_LOOKING, OPTION_FIELD(list_directives), NULL, option_set_flag, "print the directives of unit files and what becomes of them"},
	{"version", 'V', OPTIONS_LOOKING, OPTION_FIELD(version), NULL, option_set_flag, "print the version"},
	{"help", 'h', OPTIONS_LOOKING, OPTION_FIELD(help), NULL, option_set_flag, "print the options"},
};

/* What every start reads of this file, if it has no option. */
HOT static const char prefix[] = "NSINIT_";
HOT const struct option_set option_nsinit = {.options = options, .count = COUNT(options), .prefix = prefix};

const char *const option_group_names[OPTIONS_GROUPS] = {
	[OPTIONS_PID1] = "PID 1",
	[OPTIONS_ROOT] = "Root and mounts",
	[OPTIONS_NAMESPACES] = "Namespaces",
	[OPTIONS_IDENTITY] = "Identity and environment",
	[OPTIONS_LIMITS] = "Privileges and limits",
	[OPTIONS_LIFETIME] = "Terminal and lifetime",
	[OPTIONS_BOOT] = "Boot",
	[OPTIONS_LOOKING] = "Looking",
};
