/* SPDX-License-Identifier: MIT
 *
 * The client of control.c: its words. It knows how things are said, and PID 1 how they are.
 */
#include "nsctl.h"

#include <string.h>
#include <unistd.h>

#include "cold.h"
#include "enable.h"
#include "graph.h"
#include "log.h"
#include "out.h"
#include "query.h"
#include "status.h"
#include "tail.h"
#include "value.h"
#include "version.h"

enum { NAME_SIZE = 256 };

struct nsctl_options nsctl_options COLD;
struct out nsctl_out COLD;

/* What PID 1 does. */
static int request(const struct nsctl_verb *verb, const char *name)
{
	static const struct {
		const char *name, *request;
	} others[] = {{"force-reload", "reload-or-restart"}, {"condrestart", "try-restart"}, {"reload-or-try-restart", "try-reload-or-restart"},
		{"daemon-reexec", "reexec"}};
	const char *word = verb->name;

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(word, others[i].name) == 0)
			word = others[i].request;
	return query_run(&(struct query){word, name, nsctl_options.signal, !nsctl_options.no_block, NULL, NULL});
}

static int nothing(const struct nsctl_verb *verb, const char *name)
{
	(void)verb;
	(void)name;
	return 0;
}

const struct nsctl_verb nsctl_verbs[] = {
	{"list", NULL, "every service, its state, PID, restarts and since when", status_list, false},
	{"status", "[NAME]", "what there is to know of it, with its processes and last lines", status_show, false},
	{"start", "NAME", "start it, with what it needs", request, false},
	{"stop", "NAME", "stop it, with what needs it", request, false},
	{"restart", "NAME", "stop it and start it again", request, false},
	{"try-restart", "NAME", "the same, if it runs", request, false},
	{"reload", "NAME", "let it read its configuration again", request, false},
	{"reload-or-restart", "NAME", "reload it if it can, else restart it", request, false},
	{"kill", "NAME", "send its processes a signal, TERM or that of --signal", request, false},
	{"reset-failed", "[NAME]", "forget that it has failed, and how often it was started", request, false},
	{"is-active", "NAME", "say whether it runs; status 0: it does", status_is_active, false},
	{"is-failed", "NAME", "say whether it has failed; status 0: it has", status_is_failed, false},
	{"is-enabled", "NAME", "say whether it starts at each boot; status 0: it does", enable_is, false},
	{"enable", "NAME", "let it start at each boot", enable_link, false},
	{"disable", "NAME", "let it start no more at boots", enable_unlink, false},
	{"mask", "NAME", "let nothing start it", enable_mask, false},
	{"unmask", "NAME", "take that back", enable_unmask, false},
	{"cat", "NAME", "print its unit file and its drop-ins", enable_print, false},
	{"show", "NAME", "print properties, all or those of -p, as scripts read them", status_properties, false},
	{"tree", "[NAME]", "what needs what; --processes: with their processes, --reverse: what needs it", graph_tree, false},
	{"analyze", "[critical-chain|plot]", "how long each took to start; the chain that took longest; a picture, SVG", graph_analyze, true},
	{"logs", "NAME", "print what it has printed, on a machine; -f: and what it prints from now on", tail_logs, false},
	{"reexec", "[FILE]", "let PID 1 go on as another nsinit; services run on", request, true},
	{"daemon-reload", NULL, "read all unit files again", request, false},
	{"poweroff", NULL, "stop everything, and end PID 1, or the machine", request, false},
	{"reboot", NULL, "the same, and start the machine again", request, false},
	{"halt", NULL, "the same, and leave the machine on", request, false},
	/* systemctl's */
	{"list-units", "[PATTERN]", NULL, status_list, true},
	{"list-dependencies", "[NAME]", NULL, graph_tree, false},
	{"list-unit-files", "[PATTERN]", NULL, nothing, true},
	{"force-reload", "NAME", NULL, request, false},
	{"condrestart", "NAME", NULL, request, false},
	{"try-reload-or-restart", "NAME", NULL, request, false},
	{"reload-or-try-restart", "NAME", NULL, request, false},
	{"preset", "NAME", NULL, enable_link, false}, /* Debian's: everything is enabled when it is installed */
	{"daemon-reexec", NULL, NULL, request, false},
	{"is-system-running", NULL, NULL, status_is_system, false},
	{NULL},
};

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER };

const struct nsctl_option nsctl_option_table[] = {
	{"--json", NULL, NULL, "list, status, tree and analyze: JSON", OPTION_FLAG, &nsctl_options.json},
	{"--quiet", "-q", NULL, "say nothing, the exit status tells", OPTION_FLAG, &nsctl_options.quiet},
	{"--follow", "-f", NULL, "logs: wait for what comes", OPTION_FLAG, &nsctl_options.follow},
	{"--lines", "-n", "N", "logs, status: the last N lines", OPTION_NUMBER, &nsctl_options.lines},
	{"--property", "-p", "NAME,...", "show: only these", OPTION_TEXT, &nsctl_options.properties},
	{"--value", NULL, NULL, "show: without their names", OPTION_FLAG, &nsctl_options.value},
	{"--signal", "-s", "SIGNAL", "kill: which one", OPTION_TEXT, &nsctl_options.signal},
	{"--processes", NULL, NULL, "tree: with the processes of each", OPTION_FLAG, &nsctl_options.processes},
	{"--reverse", NULL, NULL, "tree: what needs it, not what it needs", OPTION_FLAG, &nsctl_options.reverse},
	{"--no-block", NULL, NULL, "do not wait until it is done", OPTION_FLAG, &nsctl_options.no_block},
	/* systemctl's: for what we have not, and what says how to print or to wait, which we do in one way */
	{"--user", NULL, NULL, NULL, OPTION_FLAG, &nsctl_options.user}, {"--global", NULL, NULL, NULL, OPTION_FLAG, &nsctl_options.user},
	{"--root", NULL, "", NULL, OPTION_TEXT, &nsctl_options.root},
#define PASSED_OVER(name, letter) {name, letter, "", NULL, OPTION_TEXT, &nsctl_options.passed_over}
	PASSED_OVER("--type", "-t"), PASSED_OVER("--state", NULL), PASSED_OVER("--output", "-o"), PASSED_OVER("--job-mode", NULL),
	PASSED_OVER("--machine", "-M"), PASSED_OVER("--host", "-H"), PASSED_OVER("--kill-who", NULL), PASSED_OVER("--preset-mode", NULL),
	{NULL},
};

static int help(void)
{
	struct out out = OUT(STDOUT_FILENO);

	out_print(&out, "Usage: nsctl [OPTION]... VERB [NAME]...\n\n");
	for (const struct nsctl_verb *verb = nsctl_verbs; verb->name; verb++)
		if (verb->help)
			out_print(&out, "  %-18s %s\n", verb->name, verb->help);
	out_char(&out, '\n');
	for (const struct nsctl_option *option = nsctl_option_table; option->name; option++)
		if (option->help)
			out_print(&out, "  %-2s %-11s %-8s %s\n", option->letter ? option->letter : "", option->name, option->argument ? option->argument : "",
			          option->help);
	out_print(&out, "\nWithout a verb it is list. What else systemctl has as options is passed over. Manual: nsctl(8).\n");
	out_flush(&out);
	return 0;
}

static int version(void)
{
	struct out out = OUT(STDOUT_FILENO);

	out_print(&out, "nsctl of nsinit " NSINIT_VERSION "\n");
	out_flush(&out);
	return 0;
}

static const struct nsctl_verb *find_verb(const char *name)
{
	for (const struct nsctl_verb *verb = nsctl_verbs; verb->name; verb++)
		if (strcmp(name, verb->name) == 0)
			return verb;
	return NULL;
}

/* --- options --- */

/* The value that belongs to the option: NULL: it is no such option. Sets *next if it is the next word. */
static const char *value_of(const char *word, const char *following, size_t row, bool *next)
{
	const char *name = nsctl_option_table[row].name, *letter = nsctl_option_table[row].letter;
	size_t length = strlen(name);

	*next = false;
	if (strncmp(word, name, length) == 0 && word[length] == '=')
		return word + length + 1;
	if (letter && strncmp(word, letter, 2) == 0 && word[2] && nsctl_option_table[row].kind != OPTION_FLAG)
		return word + 2 + (word[2] == '=');
	if (strcmp(word, name) != 0 && (!letter || strcmp(word, letter) != 0))
		return NULL;
	*next = nsctl_option_table[row].kind != OPTION_FLAG;
	return *next && following ? following : "";
}

/* How many words the option has. */
static int take_option(char **argv)
{
	for (size_t i = 0; nsctl_option_table[i].name; i++) {
		bool next;
		const char *value = value_of(argv[0], argv[1], i, &next);

		if (!value)
			continue;
		if (nsctl_option_table[i].kind == OPTION_FLAG)
			*(bool *)nsctl_option_table[i].field = true;
		else if (nsctl_option_table[i].kind == OPTION_TEXT)
			*(const char **)nsctl_option_table[i].field = value;
		else if (nsctl_option_table[i].kind == OPTION_NUMBER && value_number(value, 1000000, nsctl_option_table[i].field) < 0)
			log_error("%s: %s is no number; all is shown", argv[0], value);
		return next && argv[1] ? 2 : 1;
	}
	return 1; /* systemctl has many, which change nothing that we do */
}

/* --- what is done --- */

/* A name without a suffix that we know is a service's. */
static void complete(const char *word, char *name)
{
	const char *dot = strrchr(word, '.');
	char suffix[16];

	strncat(strcpy(name, ""), word, NAME_SIZE - 1);
	for (const char *list = "service,target,socket,timer,mount,path,device,slice,scope,swap,automount"; dot && list;) {
		list = value_item(list, ',', suffix, sizeof suffix);
		if (strcmp(dot + 1, suffix) == 0)
			return;
	}
	strcat(name, ".service");
}

static int serve(const struct nsctl_verb *verb, const char *word)
{
	char name[NAME_SIZE + sizeof ".service"];

	if (verb->word)
		return verb->run(verb, word);
	complete(word, name);
	return verb->run(verb, name);
}

/* One that runs is enough for is-active; else the first that is not 0 counts. systemctl(1) */
static int serve_all(const struct nsctl_verb *verb, char **words)
{
	bool any = strcmp(verb->name, "is-active") == 0 || strcmp(verb->name, "is-enabled") == 0, good = false;
	int status = 0;

	for (; *words; words++) {
		int one = serve(verb, *words);

		good |= one == 0;
		status = status ? status : one;
	}
	return any && good ? 0 : status;
}

/* JSON is a list of objects, even if there is none. */
static int run(const struct nsctl_verb *verb, char **words)
{
	bool list = nsctl_options.json && (verb->run == status_list || verb->run == status_show || verb->run == graph_tree ||
	                                   verb->run == graph_analyze);
	int status;

	if (list && write(STDOUT_FILENO, "[", 1) < 0)
		return 1;
	status = *words && verb->argument ? serve_all(verb, words) : verb->run(verb, NULL);
	return list && write(STDOUT_FILENO, "]\n", 2) < 0 ? 1 : status;
}

int nsctl_run(char **argv)
{
	const struct nsctl_verb *verb;
	char **words = argv; /* those that are no options are put together at the front */
	bool all_words = false;

	nsctl_out.fd = STDOUT_FILENO;
	for (char **word = argv + 1; *word;) {
		if (!all_words && (strcmp(*word, "-h") == 0 || strcmp(*word, "--help") == 0))
			return help();
		if (!all_words && strcmp(*word, "--version") == 0)
			return version();
		if (all_words || **word != '-') {
			*words++ = *word++;
			continue;
		}
		all_words = strcmp(*word, "--") == 0;
		word += take_option(word);
	}
	*words = NULL;
	verb = find_verb(*argv ? *argv : "list");
	if (!verb || (verb->argument && verb->argument[0] != '[' && !argv[1])) {
		log_error("%s: %s; nsctl -h lists the verbs", *argv, verb ? "of which service?" : "no such verb");
		return 1;
	}
	if (nsctl_options.user || (nsctl_options.root && strcmp(nsctl_options.root, "/") != 0)) {
		log_error("%s: only for the system that runs; users have no services of their own here", verb->name);
		return verb->run == enable_link || verb->run == nothing ? 0 : 1;
	}
	return run(verb, *argv ? argv + 1 : argv);
}
