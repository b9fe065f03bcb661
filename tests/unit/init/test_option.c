/* SPDX-License-Identifier: MIT
 *
 * The command line and the environment form. What every row must do is walked over the table itself; what a
 * row takes and refuses stands in rows of its own here.
 */
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"
#include "option.h"
#include "unit.h"

static char *no_environment[] = {NULL};

/* Parses the words into a new plan. The index of the program, or -1. */
static int parse(struct plan *plan, const char *text)
{
	return option_parse(&option_nsinit, plan, words(text), no_environment);
}

static int parse_variable(struct plan *plan, const char *variable)
{
	char *environment[] = {(char *)"HOME=/", (char *)variable, NULL};

	return option_parse(&option_nsinit, plan, words("x"), environment);
}

/* NSINIT_LOG_FD of log-fd */
static const char *variable_name(const struct option *option)
{
	static char name[64];
	size_t length = (size_t)sprintf(name, "NSINIT_%s", option->name);

	for (size_t i = strlen("NSINIT_"); i < length; i++)
		name[i] = name[i] == '-' ? '_' : (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]);
	return name;
}

static const char *joined(const char *a, const char *b, const char *c)
{
	static char text[4][4096];
	static unsigned next;
	char *at = text[next++ % 4];

	snprintf(at, sizeof text[0], "%s%s%s", a, b, c);
	return at;
}

/* --- the table --- */

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_nsinit.count; i++) {
		const struct option *option = &option_nsinit.options[i];

		check_true(option->name, strspn(option->name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(option->name));
		check_true(option->name, strlen(option->name) >= 2 && strlen(option->name) < 32 && option->name[0] != '-');
		check_true(option->name, option->help && option->help[0]);
		check_true(option->name, !option->argument || option->argument[0]);
		check_true(option->name, option->group < OPTIONS_GROUPS && option_group_names[option->group]);
		for (size_t j = 0; j < i; j++) {
			check_true(option->name, strcmp(option->name, option_nsinit.options[j].name) != 0);
			check_true(option->name, !option->letter || option->letter != option_nsinit.options[j].letter);
		}
	}
}

static void test_value_is_missing(void **state)
{
	char letter[] = "-?";

	(void)state;
	for (size_t i = 0; i < option_nsinit.count; i++) {
		if (!option_nsinit.options[i].argument)
			continue;
		check_int(option_nsinit.options[i].name, parse(new_plan(), joined("--", option_nsinit.options[i].name, "")), -1);
		check_text(option_nsinit.options[i].name, said_line(option_nsinit.options[i].name),
		           joined("nsinit: --", joined(option_nsinit.options[i].name, ": its value is missing; give ", option_nsinit.options[i].argument), "\n"));
		if (!option_nsinit.options[i].letter)
			continue;
		letter[1] = option_nsinit.options[i].letter;
		check_int(letter, parse(new_plan(), letter), -1);
		check_part(letter, said_line(letter), joined("nsinit: ", letter, ": its value is missing; give "));
	}
}

static void test_value_is_too_much(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_nsinit.count; i++) {
		if (option_nsinit.options[i].argument)
			continue;
		check_int(option_nsinit.options[i].name, parse(new_plan(), joined("--", option_nsinit.options[i].name, "=1 x")), -1);
		check_part(option_nsinit.options[i].name, said_line(option_nsinit.options[i].name), joined("--", option_nsinit.options[i].name, ": takes no value"));
	}
}

/*
 * An option without a value uses one word, and its variable says yes by 1; only --verbose counts. Those that look at
 * something have no variable: NSINIT_VERSION may be an image's.
 */
static void test_flags(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_nsinit.count; i++) {
		struct plan by_name, by_letter, by_variable;
		const char *name = option_nsinit.options[i].name;
		char letter[] = "-? x";

		if (option_nsinit.options[i].argument || strcmp(name, "verbose") == 0)
			continue;
		by_name = *new_plan();
		check_int(name, parse(&by_name, joined("--", name, " x")), 2);
		by_variable = *new_plan();
		check_int(name, parse_variable(&by_variable, joined(variable_name(&option_nsinit.options[i]), "=1", "")), 1);
		check_true(name, memcmp(&by_name, new_plan(), sizeof by_name) != 0);
		if (option_nsinit.options[i].group == OPTIONS_LOOKING) {
			check_true(name, memcmp(&by_variable, new_plan(), sizeof by_name) == 0);
			check_text(name, said(), "");
			continue;
		}
		check_true(name, memcmp(&by_name, &by_variable, sizeof by_name) == 0);
		check_int(name, parse_variable(new_plan(), joined(variable_name(&option_nsinit.options[i]), "=maybe", "")), -1);
		check_part(name, said_line(name), joined(variable_name(&option_nsinit.options[i]), "=maybe: not a ", ""));
		if (!option_nsinit.options[i].letter)
			continue;
		letter[1] = option_nsinit.options[i].letter;
		by_letter = *new_plan();
		check_int(name, parse(&by_letter, letter), 2);
		check_true(name, memcmp(&by_name, &by_letter, sizeof by_name) == 0);
		check_text(name, said(), "");
	}
}

/* --- what each row takes and refuses --- */

static const struct value {
	const char *name;
	const char *good, *bad;
	const char *wrong; /* in the message */
} values[] = {
	{"parent-death", "TERM", "TERMINATE", "not a signal"},
	{"remap", "143", "256", "not exit codes"},
	{"rewrite", "TERM:QUIT", "TERM", "not signals"},
	{"success", "143,1-3", "143x", "not exit codes"},
	{"delay", "5s", "s", "not a time"},
	{"grace", "5s", "5x", "not a time"},
	{"on", "USR1=/bin/true", "USR1=true", "not a signal and a program"},
	{"drain", "500ms", "-1", "not a time"},
	{"log-fd", "2", "two", "not a descriptor"},
	{"rootfs", "/srv", "", "empty"},
	{"bind", "/a:/b", "/a:b", "not a bind"},
	{"volume", "/a", ":/b", "not a bind"},
	{"tmpfs", "/t:size=1m", "t", "not a tmpfs"},
	{"conf", "conf", "", "empty"},
	{"unshare", "net", "nets", "not a list of namespaces"},
	{"share", "uts,ipc", "uts,", "not a list of namespaces"},
	{"net", "none", "bridge:eth0", "not a network"},
	{"clock-offset", "monotonic=5,boottime=-5", "realtime=1", "not an offset"},
	{"hostname", "box", "", "empty"},
	{"domainname", "a.b", "", "empty"},
	{"user", "0:0", "", "empty"},
	{"env", "A=", "A", "not a variable"},
	{"secret", "A=/dev/null", "A", "not a secret"},
	{"cwd", "/tmp", "", "empty"},
	{"overlay", "/o", "", "empty"},
	{"join", "4711:pid,net", "0", "not a process"},
	{"map-uid", "0:1000:1", "0:1000", "not a map"},
	{"map-gid", "auto", "0:1000:0", "not a map"},
	{"memory", "64m", "64", "not a "},
	{"cpus", "1.5", "0", "not a "},
	{"pids", "100", "0", "not a "},
	{"trace", "/tmp/t.svg", "", "empty"},
	{"cap-add", "NET_ADMIN,SYS_TIME", "NET", "not a capability"},
	{"cap-drop", "ALL", "", "not a capability"},
	{"seccomp", "none", "strict", "not a filter"},
	{"landlock", "ro:/", "rx:/", "not a rule"},
	{"rlimit", "nofile=1:2", "nofile=2:1", "not a limit"},
	{"nice", "-20", "-21", "not a niceness"},
	{"oom-score-adj", "1000", "1001", "not a score"},
	{"umask", "022", "8", "not a mask"},
	{"pid-file", "/run/x.pid", "", "empty"},
	{"ready-fd", "3", "x", "not a descriptor"},
	{"status-fd", "3", "", "not a descriptor"},
	{"tty", "new", "old", "not a terminal"},
	{"end", "reboot", "sleep", "not an end"},
	{"exit-port", "/dev/ttyS1", "", "empty"},
	{"failure", "end", "wait", "not what a boot can do"},
	{"root", "LABEL=a", "", "empty"},
	{"rootfstype", "ext4", "", "empty"},
	{"rootflags", "noatime", "", "empty"},
	{"rootwait", "5s", "long", "not a time"},
	{"init", "/sbin/init", "", "empty"},
	{"ip", "10.0.0.2", "", "empty"},
	{"watchdog", "30s", "often", "not a time"},
	{"console", "/dev/hvc0", "", "empty"},
};

static const struct option *option_named(const char *name)
{
	for (size_t i = 0; i < option_nsinit.count; i++)
		if (strcmp(option_nsinit.options[i].name, name) == 0)
			return &option_nsinit.options[i];
	return NULL;
}

static int parse_value(struct plan *plan, const char *name, const char *value)
{
	return parse(plan, joined(joined("--", name, " "), *value ? value : "''", " x"));
}

/* "--name value", "--name=value", "-n value", "-nvalue" and NSINIT_NAME=value do the same. */
static void check_forms(const struct value *value)
{
	const struct option *option = option_named(value->name);
	char letter[] = "-?";
	const char *const forms[] = {
		joined("--", value->name, joined(" ", value->good, " x")),
		joined("--", value->name, joined("=", value->good, " x")),
	};
	size_t before[] = {3, 2};

	for (size_t i = 0; i < COUNT(forms); i++) {
		check_int(forms[i], parse(new_plan(), forms[i]), before[i]);
		check_text(forms[i], said(), "");
	}
	check_int(value->name, parse_variable(new_plan(), joined(variable_name(option), "=", value->good)), 1);
	check_text(value->name, said(), "");
	if (!option->letter)
		return;
	letter[1] = option->letter;
	check_int(letter, parse(new_plan(), joined(letter, " ", joined(value->good, " x", ""))), 3);
	check_int(letter, parse(new_plan(), joined(letter, "", joined(value->good, " x", ""))), 2);
	check_text(letter, said(), "");
}

static void test_good_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		check_true(values[i].name, option_named(values[i].name));
		check_forms(&values[i]);
	}
	for (size_t i = 0; i < option_nsinit.count; i++) {
		bool known = !option_nsinit.options[i].argument;

		for (size_t j = 0; j < COUNT(values); j++)
			known = known || strcmp(option_nsinit.options[i].name, values[j].name) == 0;
		if (!known)
			print_message("--%s has no values in this test\n", option_nsinit.options[i].name);
	}
}

/* A refusal is one line: the option, the value, what is wrong; what would be right. */
static void test_bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		const char *name = values[i].name, *line;

		check_int(name, parse_value(new_plan(), name, values[i].bad), -1);
		line = said_line(name);
		check_part(name, line, joined(joined("nsinit: --", name, " "), *values[i].bad ? values[i].bad : "''", joined(": ", values[i].wrong, "")));
		check_part(name, line, "; ");
		if (option_named(name)->group == OPTIONS_LOOKING)
			continue; /* has no variable */
		check_int(name, parse_variable(new_plan(), joined(variable_name(option_named(name)), "=", values[i].bad)), -1);
		check_part(name, said_line(name), joined(variable_name(option_named(name)), "=", joined(values[i].bad, ": ", values[i].wrong)));
	}
}

/* More that is refused, without a word on why. */
static void test_more_bad_values(void **state)
{
	static const char *const rows[] = {
		"--remap -1", "--remap 1-", "--remap 2-1", "--remap 1:", "--remap :1", "--remap 1:256", "--remap 1:2:3", "--remap 1,",
		"--remap 1-2-3", "--remap a", "--remap 0000000000000000000000000000000000001",
		"--rewrite TERM:", "--rewrite :TERM", "--rewrite TERM:65", "--rewrite 0:TERM", "--rewrite TERM:INT:HUP", "--rewrite TERM:INT,",
		"--rewrite NOPE:0", "--rewrite TERM:NOPE", "--rewrite TERM,INT",
		"--parent-death 0", "--parent-death 65", "--log-fd -1", "--log-fd 9999999", "--log-fd ''",
		"--bind :", "--bind /a:", "--bind a", "--bind /a:/b:rx", "--bind /a:/b:", "--bind /a:/b:ro,", "--bind /a:/b:ro:rw",
		"--bind /a:/b:averyveryverylongword", "--tmpfs ''", "--tmpfs :size=1",
		"--net ''", "--net 0", "--net 4294967296", "--net veths:mtu=1", "--net vet,h", "--net veth:", "--net veth:mtu", "--net veth:,mtu=1500",
		"--net veth:mtu=1500,", "--net veth:mtu=67", "--net veth:mtu=65536", "--net veth:Host=a", "--net veth:host=", "--net veth:name=lo",
		"--net veth:name=1234567890123456", "--net veth:bridge=a/b", "--net veth:address=10.0.0.1", "--net veth:address=10.0.0.1/33",
		"--net veth:address=10.0.0/24", "--net veth:address=fd00::1/129", "--net veth:host-address=", "--net veth:route=10.0.0.1/24",
		"--net veth:route=automatic",
		"--clock-offset ''", "--clock-offset 5", "--clock-offset monotonic", "--clock-offset monotonic=", "--clock-offset monotonic=1s",
		"--clock-offset monotonic=2147483648", "--clock-offset monotonic=1,", "--clock-offset boottime=1,realtime=1",
		"--on USR1", "--on USR1=", "--on =/x", "--on 65=/x", "--on KILL=/x", "--on STOP=/x", "--on CHLD=/x", "--on USR1:/x",
		"--secret =/dev/null", "--secret A=", "--secret A=/nowhere/file", "--secret A=/",
		"--join x", "--join 1:", "--join 1:nets", "--join -1", "--join 2147483648", "--join :pid",
		"--map-uid 0:0:0", "--map-uid 0:0:1:2", "--map-uid 0::1", "--map-uid 0:0:4294967296", "--map-uid -1:0:1", "--map-uid Auto",
		"--env =1", "--env ''", "--net ''", "--unshare ''", "--unshare uts;ipc", "--grace ''", "--drain 366000h",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(rows[i], parse(new_plan(), rows[i]), -1);
		check_part(rows[i], said_line(rows[i]), "; ");
	}
}

static void test_name_length(void **state)
{
	static const char *const names[] = {"hostname", "domainname"};
	char name[PLAN_HOSTNAME_MAX + 2];

	(void)state;
	memset(name, 'n', sizeof name);
	for (size_t i = 0; i < COUNT(names); i++) {
		name[PLAN_HOSTNAME_MAX] = '\0';
		check_int(names[i], parse_value(new_plan(), names[i], name), 3);
		name[PLAN_HOSTNAME_MAX] = 'n';
		name[PLAN_HOSTNAME_MAX + 1] = '\0';
		check_int(names[i], parse_value(new_plan(), names[i], name), -1);
		check_part(names[i], said_line(names[i]), "too long; ");
	}
}

/* --- where each value goes --- */

static void test_fields(void **state)
{
	struct plan *plan = new_plan();

	(void)state;
	assert_int_equal(parse(plan, "-gscwP -p HUP --delay 3 --grace 5s --drain 2 --on USR1=/bin/x --restart HUP --log-fd 7 -R /r --read-only --conf /c --net none "
	                             "--hostname h --domainname d --user u:g --clear-env --cwd /w --dry-run --check -V -h "
	                             "--unshare net --unshare user --share uts --env A=1 --env B=2 --success 7 x"), 48);
	assert_true(plan->group && plan->subreaper && plan->single_child && plan->warn_reap && plan->pause && plan->read_only);
	assert_true(plan->clear_env && plan->dry_run && plan->check && plan->version && plan->help);
	assert_int_equal(plan->parent_death, SIGHUP);
	assert_int_equal(plan->restart, SIGHUP);
	assert_int_equal(plan->grace_ms, 5000);
	assert_int_equal(plan->drain_ms, 2000);
	assert_int_equal(plan->delay_ms, 3000);
	assert_int_equal(plan->hook_count, 1);
	assert_ptr_equal(plan_hook(plan, SIGUSR1), &plan->hooks[0]);
	assert_null(plan_hook(plan, SIGUSR2));
	assert_string_equal(plan->hooks[0].program, "/bin/x");
	assert_int_equal(plan->remap[7], 1);
	assert_int_equal(plan->log_fd, 7);
	assert_string_equal(plan->rootfs, "/r");
	assert_string_equal(plan->conf, "/c");
	assert_string_equal(plan->net, "none");
	assert_string_equal(plan->hostname, "h");
	assert_string_equal(plan->domainname, "d");
	assert_string_equal(plan->user, "u:g");
	assert_string_equal(plan->cwd, "/w");
	assert_int_equal(plan->unshare, CLONE_NEWNET | CLONE_NEWUSER);
	assert_int_equal(plan->share, CLONE_NEWUTS);
	assert_int_equal(plan->env_count, 2);
	assert_string_equal(plan->env[0], "A=1");
	assert_string_equal(plan->env[1], "B=2");
}

static void test_defaults(void **state)
{
	struct plan *plan = new_plan();

	(void)state;
	assert_int_equal(parse(plan, "x"), 1);
	assert_int_equal(plan->grace_ms, -1);
	assert_int_equal(plan->drain_ms, -1);
	assert_int_equal(plan->verbosity, LOG_WARNING);
	assert_int_equal(plan->log_fd, 2);
	assert_false(plan_isolates(plan));
}

static void test_verbosity(void **state)
{
	static const struct {
		const char *words;
		int verbosity;
	} rows[] = {
		{"x", LOG_WARNING}, {"-v x", LOG_INFO}, {"-vv x", LOG_DEBUG}, {"-v -v x", LOG_DEBUG},
		{"--verbose --verbose x", LOG_DEBUG}, {"-q x", LOG_ERROR}, {"-vq x", LOG_ERROR}, {"-qv x", LOG_WARNING},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();

		check_true(rows[i].words, parse(plan, rows[i].words) > 0);
		check_int(rows[i].words, plan->verbosity, rows[i].verbosity);
	}
}

static void test_verbose_variable(void **state)
{
	static const struct {
		const char *variable;
		int verbosity; /* -1: refused */
	} rows[] = {
		{"NSINIT_VERBOSE=0", LOG_WARNING}, {"NSINIT_VERBOSE=1", LOG_INFO}, {"NSINIT_VERBOSE=2", LOG_DEBUG}, {"NSINIT_VERBOSE=x", -1},
		{"NSINIT_QUIET=1", LOG_ERROR}, {"NSINIT_QUIET=0", LOG_WARNING}, {"NSINIT_QUIET=", LOG_WARNING},
		{"NSINIT_VERBOSE=", LOG_WARNING}, /* nothing is no, as for every flag */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();

		check_int(rows[i].variable, parse_variable(plan, rows[i].variable), rows[i].verbosity < 0 ? -1 : 1);
		if (rows[i].verbosity >= 0)
			check_int(rows[i].variable, plan->verbosity, rows[i].verbosity);
		said();
	}
}

/* Codes that a row names; every other stays as it is. */
static void test_remap(void **state)
{
	static const struct {
		const char *words;
		struct { unsigned first, last, to; } codes[4];
	} rows[] = {
		{"-e 143 x", {{143, 143, 0}}},
		{"-e143:0 x", {{143, 143, 0}}},
		{"-e 1:2 x", {{1, 1, 2}}},
		{"-e 0:255 x", {{0, 0, 255}}},
		{"-e 255:255 x", {{255, 255, 255}}},
		{"-e 130-143:7 x", {{130, 143, 7}}},
		{"-e 0-255 x", {{0, 255, 0}}},
		{"-e 5-5:6 x", {{5, 5, 6}}},
		{"-e 1,3-4:5,9:10 x", {{1, 1, 0}, {3, 4, 5}, {9, 9, 10}}},
		{"-e 1 -e 2:3 x", {{1, 1, 0}, {2, 2, 3}}},
		{"-e 1-9:1 -e 5:2 x", {{1, 4, 1}, {6, 9, 1}, {5, 5, 2}}}, /* the later one wins */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();

		check_true(rows[i].words, parse(plan, rows[i].words) > 0);
		for (unsigned code = 0; code < 256; code++) {
			unsigned wanted = 0;

			for (size_t j = 0; j < COUNT(rows[i].codes) && (j == 0 || rows[i].codes[j].last); j++)
				if (code >= rows[i].codes[j].first && code <= rows[i].codes[j].last)
					wanted = rows[i].codes[j].to + 1;
			check_int(rows[i].words, plan->remap[code], wanted);
		}
	}
}

static void test_rewrite(void **state)
{
	static const struct {
		const char *words;
		struct { int from, to; } signals[4];
	} rows[] = {
		{"-r TERM:QUIT x", {{SIGTERM, SIGQUIT}}},
		{"-rTERM:QUIT x", {{SIGTERM, SIGQUIT}}},
		{"-r 15:3 x", {{15, 3}}},
		{"-r SIGTERM:sigquit x", {{SIGTERM, SIGQUIT}}},
		{"-r TERM:0 x", {{SIGTERM, 0}}},
		{"-r RTMIN+1:RTMAX x", {{35, 64}}},
		{"-r 64:1 x", {{64, 1}}},
		{"-r TERM:QUIT,HUP:0,USR1:USR2 x", {{SIGTERM, SIGQUIT}, {SIGHUP, 0}, {SIGUSR1, SIGUSR2}}},
		{"-r TERM:QUIT -r TERM:INT x", {{SIGTERM, SIGINT}}}, /* the later one wins */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();

		check_true(rows[i].words, parse(plan, rows[i].words) > 0);
		for (int signal = 0; signal <= PLAN_SIGNAL_MAX; signal++) {
			int wanted = 0;

			for (size_t j = 0; j < COUNT(rows[i].signals) && rows[i].signals[j].from; j++)
				if (signal == rows[i].signals[j].from)
					wanted = rows[i].signals[j].to + 1;
			check_int(rows[i].words, plan->rewrite[signal], wanted);
		}
	}
}

static void test_binds(void **state)
{
	static const struct {
		const char *words, *source, *target;
		uint64_t attributes;
		bool recursive;
	} rows[] = {
		{"--bind /a x", "/a", "/a", 0, true},
		{"--bind /a:/b x", "/a", "/b", 0, true},
		{"--bind a/b:/b x", "a/b", "/b", 0, true},
		{"--bind=.:/b x", ".", "/b", 0, true},
		{"--volume /a:/b:ro x", "/a", "/b", MOUNT_ATTR_RDONLY, true},
		{"--bind /a:/b:rw x", "/a", "/b", 0, true},
		{"--bind /a:/b:norec x", "/a", "/b", 0, false},
		{"--bind /a:/b:rec,norec,rec x", "/a", "/b", 0, true},
		{"--bind /a:/b:idmap,norec x", "/a", "/b", MOUNT_ATTR_IDMAP, false},
		{"--bind /a:/b:ro,nosuid,nodev,noexec,norec x", "/a", "/b",
		 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();

		check_true(rows[i].words, parse(plan, rows[i].words) > 0);
		check_int(rows[i].words, plan->mount_count, 1);
		check_int(rows[i].words, plan->mounts[0].kind, MOUNT_BIND);
		check_text(rows[i].words, plan->mounts[0].source, rows[i].source);
		check_text(rows[i].words, plan->mounts[0].target, rows[i].target);
		check_int(rows[i].words, plan->mounts[0].attributes, rows[i].attributes);
		check_int(rows[i].words, plan->mounts[0].recursive, rows[i].recursive);
		check_part(rows[i].words, rows[i].words, plan->mounts[0].option);
	}
}

static void test_tmpfs(void **state)
{
	struct plan *plan = new_plan();

	(void)state;
	assert_true(parse(plan, "--tmpfs /t --bind /a --tmpfs /u:size=1m,mode=700 x") > 0);
	assert_int_equal(plan->mount_count, 3); /* in the order given */
	assert_int_equal(plan->mounts[0].kind, MOUNT_TMPFS);
	assert_string_equal(plan->mounts[0].target, "/t");
	assert_null(plan->mounts[0].data);
	assert_int_equal(plan->mounts[1].kind, MOUNT_BIND);
	assert_string_equal(plan->mounts[2].target, "/u");
	assert_string_equal(plan->mounts[2].data, "size=1m,mode=700");
}

/* --- Landlock --- */

static void test_landlock(void **state)
{
	static const struct {
		const char *word;
		enum landlock_kind kind;
		bool any;
		const char *object;
		unsigned long port;
	} rows[] = {
		{"ro:/usr", LANDLOCK_RO, false, "/usr", 0},        {"rw:.", LANDLOCK_RW, false, ".", 0},
		{"ro:/a:b,c", LANDLOCK_RO, false, "/a:b,c", 0},    {"rw:any", LANDLOCK_RW, false, "any", 0}, /* a file of that name */
		{"connect:443", LANDLOCK_CONNECT, false, "443", 443}, {"bind:65535", LANDLOCK_BIND, false, "65535", 65535},
		{"bind:0", LANDLOCK_BIND, false, "0", 0},          {"connect:any", LANDLOCK_CONNECT, true, "any", 0},
		{"signal:any", LANDLOCK_SIGNAL, true, "any", 0},   {"abstract:any", LANDLOCK_ABSTRACT, true, "any", 0},
	};
	static const char *const wrong[] = {
		"ro", "ro:", ":/", "RO:/", "read-only:/", "connect:", "connect:65536", "connect:-1", "connect:http", "bind:80,81", "bind:80 ", "signal:9",
		"signal", "abstract:x", "connect:any,bind:any",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		const struct landlock_rule *rule = &plan->landlock[0];

		check_int(rows[i].word, parse(plan, joined("--landlock ", rows[i].word, " x")), 3);
		check_int(rows[i].word, plan->landlock_count, 1);
		check_int(rows[i].word, rule->kind, rows[i].kind);
		check_int(rows[i].word, rule->any, rows[i].any);
		check_text(rows[i].word, rule->object, rows[i].object);
		check_int(rows[i].word, rule->port, rows[i].port);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct plan *plan = new_plan();
		char line[64], *argv[] = {(char *)"nsinit", line, NULL}, *environment[] = {NULL};

		strcpy(stpcpy(line, "--landlock="), wrong[i]);
		check_int(wrong[i], option_parse(&option_nsinit, plan, argv, environment), -1);
		check_part(wrong[i], said_line(wrong[i]), "not a rule");
		check_int(wrong[i], plan->landlock_count, 0);
	}
}

/* --- limits --- */

static void test_limits(void **state)
{
	static const struct {
		const char *word, *wrong;
		int limit;
	} rows[] = {
		{"--bind=/a", "one mount too many", PLAN_MOUNTS_MAX},
		{"--volume=/a", "one mount too many", PLAN_MOUNTS_MAX},
		{"--tmpfs=/a", "one mount too many", PLAN_MOUNTS_MAX},
		{"--env=A=1", "one variable too many", PLAN_ENV_MAX},
		{"--secret=A=/dev/null", "one variable too many", PLAN_ENV_MAX},
		{"--on=USR1=/x", "one signal too many", PLAN_HOOKS_MAX},
		{"--landlock=ro:/", "one rule too many", PLAN_LANDLOCK_MAX},
		{"--rlimit=core=0", "one limit too many", PLAN_LIMITS_MAX},
		{"--map-uid=0:0:1", "one range too many", PLAN_MAPS_MAX},
		{"--map-gid=0:0:1", "one range too many", PLAN_MAPS_MAX},
	};
	static char text[8000];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();

		text[0] = '\0';
		for (int n = 0; n < rows[i].limit; n++)
			strcat(strcat(text, rows[i].word), " ");
		check_int(rows[i].word, parse(plan, text), rows[i].limit + 1);
		check_int(rows[i].word, plan->mount_count + plan->env_count + plan->hook_count + plan->limit_count + plan->landlock_count + plan->uid_map.count +
		          plan->gid_map.count, rows[i].limit);
		check_int(rows[i].word, parse(new_plan(), strcat(text, rows[i].word)), -1);
		check_part(rows[i].word, said_line(rows[i].word), rows[i].wrong);
	}
}

/* --- where options end --- */

static void test_end(void **state)
{
	static const struct {
		const char *words;
		int program; /* 1 is the first word */
	} rows[] = {
		{"", 1},
		{"--", 2},
		{"x", 1},
		{"x -g", 1},
		{"-g x -s", 2},
		{"-g -- -s", 3},
		{"-- -- x", 2},
		{"-- x", 2},
		{"- -g", 1},
		{"'' -g", 1},
		{"-gs x", 2},
		{"-gp TERM x", 3},
		{"-gpTERM x", 2},
		{"-gp -- x", -1}, /* "--" is the value, and no signal */
		{"--cwd -- x", 3},
		{"--cwd=-- x", 2},
		{"--cwd= x", -1},
		{"--env A=B=C x", 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_int(rows[i].words, parse(new_plan(), rows[i].words), rows[i].program);
}

static void test_words_after_the_program_are_not_read(void **state)
{
	struct plan *plan = new_plan();

	(void)state;
	assert_int_equal(parse(plan, "x -g --nonsense --cwd /"), 1);
	assert_false(plan->group);
	assert_null(plan->cwd);
	assert_string_equal(said(), "");
}

/* --- what is unknown --- */

static void test_unknown(void **state)
{
	static const struct {
		const char *words, *said;
	} rows[] = {
		{"--rootsf / x", "--rootsf: no such option; did you mean --rootfs?"},
		{"--rotfs / x", "did you mean --rootfs?"},
		{"--rootffs=/ x", "did you mean --rootfs?"},
		{"--gruop x", "did you mean --group?"},
		{"--Group x", "did you mean --group?"},
		{"--subreapers x", "did you mean --subreaper?"},
		{"--dryrun x", "did you mean --dry-run?"},
		{"--clearenv x", "did you mean --clear-env?"},
		{"--hostnam h x", "did you mean --hostname?"},
		{"--nonsense x", "--nonsense: no such option; -h lists them"},
		{"--a-name-that-is-longer-than-any-option-ever-was x", "-h lists them"},
		{"--=1 x", "--=1: no such option; "},
		{"-y x", "-y: no such option; -h lists them"},
		{"-gy x", "-y: no such option; -h lists them"},
		{"-g=1 x", "-=: no such option; -h lists them"},
		{"--rootfsx=/ x", "did you mean --rootfs?"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(rows[i].words, parse(new_plan(), rows[i].words), -1);
		check_part(rows[i].words, said_line(rows[i].words), rows[i].said);
	}
}

/* A prefix is not enough: an option that comes later would change what it means. */
static void test_abbreviation(void **state)
{
	(void)state;
	assert_int_equal(parse(new_plan(), "--rootf / x"), -1);
	assert_int_equal(parse(new_plan(), "--verb x"), -1);
}

/* --- the environment --- */

static void test_environment(void **state)
{
	static const struct {
		const char *words;
		char *environment[4];
		int64_t grace_ms;
		bool group;
	} rows[] = {
		{"x", {NULL}, -1, false},
		{"x", {(char *)"NSINIT_GRACE=5s"}, 5000, false},
		{"x", {(char *)"NSINIT_GRACE=5s", (char *)"NSINIT_GROUP=1"}, 5000, true},
		{"x", {(char *)"NSINIT_GROUP=yes"}, -1, true},
		{"x", {(char *)"NSINIT_GROUP=0"}, -1, false},
		{"x", {(char *)"NSINIT_GROUP="}, -1, false},
		{"--grace 1s x", {(char *)"NSINIT_GRACE=5s"}, 1000, false}, /* the command line wins */
		{"--grace=1s -g x", {(char *)"NSINIT_GROUP=0", (char *)"NSINIT_GRACE=5s"}, 1000, true},
		{"x", {(char *)"XNSINIT_GRACE=5s", (char *)"NSINITGRACE=5s", (char *)"GRACE=5s"}, -1, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();

		check_true(rows[i].words, option_parse(&option_nsinit, plan, words(rows[i].words), (char **)rows[i].environment) > 0);
		check_int(rows[i].words, plan->grace_ms, rows[i].grace_ms);
		check_int(rows[i].words, plan->group, rows[i].group);
		check_text(rows[i].words, said(), "");
	}
}

/* A variable that names no option may be somebody else's: it is mentioned, when it is known to whom, and no error. */
static void test_unknown_variable(void **state)
{
	static const char *const rows[] = {
		"NSINIT_NONSENSE=1", "NSINIT_=1", "NSINIT_GRACE", "NSINIT_A_NAME_THAT_IS_LONGER_THAN_ANY_OPTION_EVER_WAS=1", "NSINIT_G=1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();

		char *environment[] = {(char *)"HOME=/", (char *)rows[i], (char *)"NSINIT_GROUP=1", NULL};

		check_int(rows[i], parse_variable(plan, rows[i]), 1);
		check_text(rows[i], said(), "");
		check_true(rows[i], plan->unknown);
		option_unknown(&option_nsinit, environment);
		check_part(rows[i], said_line(rows[i]), "ignored");
		check_int(rows[i], plan->grace_ms, -1);
	}
}

/* --- help --- */

static void test_help(void **state)
{
	struct out out = OUT(STDOUT_FILENO);
	char line[128];
	const char *text;

	(void)state;
	capture(STDOUT_FILENO);
	option_help(&option_nsinit, &out);
	out_flush(&out);
	text = captured_help();
	for (size_t i = 0; i < option_nsinit.count; i++) {
		snprintf(line, sizeof line, "--%s%s%s ", option_nsinit.options[i].name, option_nsinit.options[i].argument ? " " : "",
		         option_nsinit.options[i].argument ? option_nsinit.options[i].argument : "");
		check_part(option_nsinit.options[i].name, text, line);
		check_part(option_nsinit.options[i].name, text, option_nsinit.options[i].help);
	}
	for (size_t i = 0; i < OPTIONS_GROUPS; i++)
		check_part(option_group_names[i], text, option_group_names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_table), test(test_value_is_missing), test(test_value_is_too_much), test(test_flags), test(test_good_values),
		test(test_bad_values), test(test_more_bad_values), test(test_name_length), test(test_fields), test(test_defaults),
		test(test_verbosity), test(test_verbose_variable), test(test_remap), test(test_rewrite), test(test_binds), test(test_tmpfs),
		test(test_landlock), test(test_limits), test(test_end), test(test_words_after_the_program_are_not_read), test(test_unknown),
		test(test_abbreviation), test(test_environment), test(test_unknown_variable), test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
