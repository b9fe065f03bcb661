/* SPDX-License-Identifier: MIT
 *
 * The personalities, a row and an option table each. Where nsinit does better on purpose the manual says so.
 */
#include "personality.h"

#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "nsctl.h"
#include "value.h"
#include "version.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* tini: a variable that is set at all is a yes. */
static const char *set_present(struct plan *plan, const struct option *option, const char *value)
{
	(void)value;
	*(bool *)((char *)plan + option->field) = true;
	return NULL;
}

static const char *set_debug(struct plan *plan, const struct option *option, const char *value)
{
	(void)option;
	if (strcmp(value, "1") == 0)
		plan->verbosity = LOG_DEBUG;
	return NULL;
}

static const char *set_verbosity(struct plan *plan, const struct option *option, const char *value)
{
	unsigned long level;

	(void)option;
	if (value_number(value, 9, &level) == 0)
		plan->verbosity = (int)level;
	return NULL;
}

static const char *set_session(struct plan *plan, const struct option *option, const char *value)
{
	(void)option;
	if (strcmp(value, "0") == 0)
		plan->session = plan->group = plan->end_group = false;
	plan->single_child = !plan->session; /* and no group of its own either */
	return NULL;
}

static const char *set_single_child(struct plan *plan, const struct option *option, const char *value)
{
	(void)value;
	return set_session(plan, option, "0");
}

static const char *set_single_debug(struct plan *plan, const struct option *option, const char *value)
{
	(void)value;
	return set_debug(plan, option, "1");
}

static const struct option tini_options[] = {
	{NULL, 's', OPTIONS_PID1, OPTION_FIELD(subreaper), NULL, option_set_flag, "reap orphans without being PID 1"},
	{NULL, 'p', OPTIONS_PID1, OPTION_FIELD(parent_death), "SIGNAL", option_set_signal, "get SIGNAL when the parent dies"},
	{NULL, 'v', OPTIONS_PID1, 0, NULL, option_set_verbose, "say more, up to three times"},
	{NULL, 'w', OPTIONS_PID1, OPTION_FIELD(warn_reap), NULL, option_set_flag, "say which orphans were reaped"},
	{NULL, 'g', OPTIONS_PID1, OPTION_FIELD(group), NULL, option_set_flag, "forward signals to the program's process group"},
	{NULL, 'e', OPTIONS_PID1, 0, "EXIT_CODE", option_set_remap, "turn an exit code into 0"},
	{NULL, 'l', OPTIONS_PID1, OPTION_FIELD(license), NULL, option_set_flag, "print the license"},
	{NULL, 'h', OPTIONS_PID1, OPTION_FIELD(help), NULL, option_set_flag, "print this"},
	{"version", 0, OPTIONS_PID1, OPTION_FIELD(version), NULL, option_set_flag, "print the version"},
};
static const struct option tini_variables[] = {
	{"TINI_SUBREAPER", 0, OPTIONS_PID1, OPTION_FIELD(subreaper), NULL, set_present, "set: as -s"},
	{"TINI_KILL_PROCESS_GROUP", 0, OPTIONS_PID1, OPTION_FIELD(group), NULL, set_present, "set: as -g"},
	{"TINI_VERBOSITY", 0, OPTIONS_PID1, 0, NULL, set_verbosity, "0 to 3, 1 if it is not set"},
};
static const struct option_set tini = {
	.options = tini_options, .count = COUNT(tini_options), .variables = tini_variables, .variable_count = COUNT(tini_variables),
};

static const struct option dumb_init_options[] = {
	{"single-child", 'c', OPTIONS_PID1, 0, NULL, set_single_child, "signals go to the program only, not to its group"},
	{"rewrite", 'r', OPTIONS_PID1, 0, "s:r", option_set_rewrite, "forward signal s as r, 0 drops it"},
	{"verbose", 'v', OPTIONS_PID1, 0, NULL, set_single_debug, "say what is done"},
	{"help", 'h', OPTIONS_PID1, OPTION_FIELD(help), NULL, option_set_flag, "print this"},
	{"version", 'V', OPTIONS_PID1, OPTION_FIELD(version), NULL, option_set_flag, "print the version"},
};
static const struct option dumb_init_variables[] = {
	{"DUMB_INIT_DEBUG", 0, OPTIONS_PID1, 0, NULL, set_debug, "1: as -v"},
	{"DUMB_INIT_SETSID", 0, OPTIONS_PID1, 0, NULL, set_session, "0: no session for the program"},
};
static const struct option_set dumb_init = {
	.options = dumb_init_options, .count = COUNT(dumb_init_options),
	.variables = dumb_init_variables, .variable_count = COUNT(dumb_init_variables),
};

static void dumb_init_defaults(struct plan *plan)
{
	plan->session = true;
	plan->group = true;
	plan->end_group = true;
	plan->stop_along = true;
	plan->clear_signals = true;
	plan->leave_directory = true;
}

static const struct option catatonit_options[] = {
	{NULL, 'g', OPTIONS_PID1, OPTION_FIELD(group), NULL, option_set_flag, "forward signals to the program's process group"},
	{"help", 'h', OPTIONS_PID1, OPTION_FIELD(help), NULL, option_set_flag, "print this"},
	{"license", 'L', OPTIONS_PID1, OPTION_FIELD(license), NULL, option_set_flag, "print the license"},
	{NULL, 'P', OPTIONS_PID1, OPTION_FIELD(pause), NULL, option_set_flag, "no program, end on INT or TERM"},
	{"version", 'V', OPTIONS_PID1, OPTION_FIELD(version), NULL, option_set_flag, "print the version"},
};
static const struct option catatonit_variables[] = {
	{"CATATONIT_DEBUG", 0, OPTIONS_PID1, 0, NULL, set_single_debug, "set: say what is done"},
};
static const struct option_set catatonit = {
	.options = catatonit_options, .count = COUNT(catatonit_options),
	.variables = catatonit_variables, .variable_count = COUNT(catatonit_variables),
};

static void catatonit_defaults(struct plan *plan)
{
	plan->subreaper = getpid() != 1;
	plan->close_inherited = true;
}

static const struct option pause_options[] = {
	{NULL, 'v', OPTIONS_PID1, OPTION_FIELD(version), NULL, option_set_flag, "print the version"},
	{NULL, 'V', OPTIONS_PID1, OPTION_FIELD(version), NULL, option_set_flag, "print the version"},
	{NULL, 'h', OPTIONS_PID1, OPTION_FIELD(help), NULL, option_set_flag, "print this"},
	{NULL, 'P', OPTIONS_PID1, OPTION_FIELD(pause), NULL, option_set_flag, "nothing more; for who calls every pause program as catatonit"},
};
static const struct option_set pause_set = {.options = pause_options, .count = COUNT(pause_options)};

static void pause_defaults(struct plan *plan)
{
	plan->pause = true;
	plan->verbosity = LOG_INFO;
}

static void tini_warn(const struct plan *plan)
{
	if (getpid() != 1 && !plan->subreaper)
		log_warning("neither PID 1 nor a subreaper: orphans will not be reaped; use -s or TINI_SUBREAPER, or run as PID 1");
}

static void pause_warn(const struct plan *plan)
{
	(void)plan;
	if (getpid() != 1)
		log_warning("not the first process: nothing is reaped; run as PID 1 of a pod");
}

static const struct option client_options[] = {
	{"force", 'f', OPTIONS_PID1, OPTION_FIELD(force), NULL, option_set_flag, "at once, without asking PID 1; what is mounted stays so"},
	{"version", 'V', OPTIONS_PID1, OPTION_FIELD(version), NULL, option_set_flag, "print the version"},
	{"help", 'h', OPTIONS_PID1, OPTION_FIELD(help), NULL, option_set_flag, "print this"},
};
static const struct option_set client = {.options = client_options, .count = COUNT(client_options)};

static void reboot_defaults(struct plan *plan)
{
	plan->end = END_REBOOT;
}

static void halt_defaults(struct plan *plan)
{
	plan->end = END_HALT;
}

/* Those of a machine's end, which differ in what they ask for. */
#define CLIENT(called, sets) { \
	.name = (called), \
	.set = &client, \
	.usage = called " [-f]\nnsinit " NSINIT_VERSION ", asking PID 1 for the end of the machine.\n", \
	.version = "nsinit version " NSINIT_VERSION " - git." NSINIT_COMMIT "\n", \
	.speaks_on = STDOUT_FILENO, \
	.style = {{called ": ", called ": ", called ": ", called ": "}, NULL}, \
	.failed = 1, \
	.asks = true, .defaults = (sets), \
}

static const struct personality personalities[] = {
	{
		.name = "nsinit",
		.set = &option_nsinit,
		.usage = "nsinit [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
		         "Runs PROGRAM under a PID 1 that reaps, forwards signals and ends with its status.\n"
		         "As PID 1, or with -s, right here; otherwise in new namespaces. Options are\n"
		         "variables too: NSINIT_GRACE=5s. Manual: nsinit(8).\n",
		/* Docker looks for " - git.SHA" here. */
		.version = "nsinit version " NSINIT_VERSION " - git." NSINIT_COMMIT "\n",
		.speaks_on = STDOUT_FILENO,
		.style = {{"nsinit: ", "nsinit: ", "nsinit: ", "nsinit: "}, NULL},
		.failed = 125, .not_found = 127, .not_executable = 126,
	},
	{
		.name = "init",
		.set = &option_nsinit,
		.usage = "init [OPTION]... [--] [PROGRAM [ARGUMENT]...]\n"
		         "nsinit " NSINIT_VERSION ", as PID 1 of a machine. Without PROGRAM it is a shell. Any option is also a\n"
		         "word of the kernel's command line: nsinit.grace=5s. Manual: nsinit(8).\n",
		.version = "nsinit version " NSINIT_VERSION " - git." NSINIT_COMMIT "\n",
		.speaks_on = STDOUT_FILENO,
		.style = {{"nsinit: ", "nsinit: ", "nsinit: ", "nsinit: "}, NULL},
		.failed = 125, .not_found = 127, .not_executable = 126,
		.boots = true, .prepare = boot_prepare,
	},
	CLIENT("poweroff", NULL),
	CLIENT("reboot", reboot_defaults),
	CLIENT("halt", halt_defaults),
	{
		/* As which engines call the init of --init; Docker wants tini's words for a version. */
		.name = "docker-init", .alias = "podman-init",
		.set = &option_nsinit,
		.usage = "docker-init [OPTION]... [--] PROGRAM [ARGUMENT]...\nnsinit " NSINIT_VERSION ", as an engine's init.\n",
		.version = "tini version 0.19.0 - git." NSINIT_COMMIT "\n",
		.speaks_on = STDOUT_FILENO,
		.style = {{"nsinit: ", "nsinit: ", "nsinit: ", "nsinit: "}, NULL},
		.failed = 125, .not_found = 127, .not_executable = 126,
		.here = true,
	},
	{
		.name = "tini",
		.set = &tini,
		.usage = "tini [OPTIONS] PROGRAM -- [ARGS] | --version\nnsinit " NSINIT_VERSION ", acting as tini.\n",
		.version = "tini version 0.19.0 - git." NSINIT_COMMIT "\n",
		.speaks_on = STDOUT_FILENO,
		.style = {{"[FATAL tini (", "[WARN  tini (", "[INFO  tini (", "[DEBUG tini ("}, ")] "},
		.exec_failed = "exec ", .exec_why = " failed: ",
		.failed = 1, .not_found = 127, .not_executable = 126,
		.here = true, .warn = tini_warn,
	},
	{
		.name = "dumb-init",
		.set = &dumb_init,
		.usage = "Usage: dumb-init [option] command [[arg] ...]\nnsinit " NSINIT_VERSION ", acting as dumb-init.\n",
		.version = "dumb-init v1.2.5\n",
		.speaks_on = STDERR_FILENO, .helps_on_stderr = true,
		.style = {{"[dumb-init] ", "[dumb-init] ", "[dumb-init] ", "[dumb-init] "}, NULL},
		.exec_failed = "", .exec_why = ": ",
		.failed = 1, .not_found = 2, .not_executable = 2,
		.here = true, .defaults = dumb_init_defaults,
	},
	{
		.name = "catatonit",
		.set = &catatonit,
		.usage = "usage: catatonit [-ghLPV] [--] <progname> [<arguments>...]\nnsinit " NSINIT_VERSION ", acting as catatonit.\n",
		.version = "tini version 0.1.7_catatonit\n",
		.speaks_on = STDOUT_FILENO,
		.style = {{"ERROR (catatonit:", "WARN (catatonit:", "INFO (catatonit:", "DEBUG (catatonit:"}, "): "},
		.exec_failed = "failed to exec ", .exec_why = ": ",
		.helps_on_stderr = true,
		.failed = 1, .not_found = 1, .not_executable = 1,
		.here = true, .defaults = catatonit_defaults,
	},
	{
		.name = "pause",
		.set = &pause_set,
		.usage = "pause [-v]\nnsinit " NSINIT_VERSION ", acting as a pod's pause program.\n",
		.version = "pause.c " NSINIT_VERSION "\n",
		.speaks_on = STDOUT_FILENO,
		.style = {{"pause: ", "pause: ", "pause: ", "pause: "}, NULL},
		.failed = 1, .not_found = 1, .not_executable = 1,
		.here = true, .defaults = pause_defaults, .warn = pause_warn,
	},
	{.name = "nsctl", .alias = "systemctl", .run = nsctl_run},
};

/* Packages and releases add the kind of build or the machine: tini-static, dumb-init_1.2.5_x86_64, catatonit.x86_64. */
static bool is_called(const char *called, const char *name)
{
	size_t length = name ? strlen(name) : 0;

	return length > 0 && strncmp(called, name, length) == 0 && (strchr("-_.", called[length]));
}

const struct personality *personality_choose(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *name = slash ? slash + 1 : argv0 ? argv0 : "";

	if (argv0 && strcmp(argv0, "/dev/init") == 0) /* where engines put theirs until 2022; no machine has an init there */
		name = "docker-init";
	for (size_t i = 0; i < COUNT(personalities); i++)
		if (is_called(name, personalities[i].name) || is_called(name, personalities[i].alias))
			return &personalities[i];
	return &personalities[0];
}
