/* SPDX-License-Identifier: MIT
 *
 * generate man|bash|zsh|fish: what the option table gives beside the parser and --help, on stdout: the
 * manual's OPTIONS and the completions of three shells. Runs on the building machine, linked with the
 * table itself. A new row needs nothing here; a row whose argument is called by a new word is completed
 * with nothing until that word has a row in kinds[].
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directive.h"
#include "option.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum {
	PARTS_MAX = 8,
	KIND_SIZE = 256,
};

static const struct option_set *const table = &option_nsinit;

/* What the manual says of an option beyond its help: man(7) lines. A row without an option is an error. */
static const struct {
	const char *option, *text;
} details[] = {
	{"group", "Without it a signal goes to the program alone, unless it comes from the keyboard; see\n.BR SIGNALS ."},
	{"subreaper", "This chooses the role entrypoint.\nIt cannot be used with the options that make a container."},
	{"parent-death",
	 "In the role run, the PID 1 inside asks for the same:\n"
	 ".B \\-p KILL\nmakes a container end with its launcher."},
	{"remap",
	 "Several may be given, separated by commas:\n.BR \"\\-e 143,1\\-9:2\" .\n"
	 "It applies to the status of the program, 128+\\fIn\\fR included, not to\n.BR 125 ,\n.B 126\nand\n.B 127\nof\n.B nsinit\nitself."},
	{"rewrite",
	 "Signals are names, as TERM, SIGTERM or RTMIN+1, or numbers from 1 to 64.\n"
	 "Several may be given, separated by commas:\n.BR \"\\-r TERM:QUIT,HUP:0\" ."},
	{"single-child", "Then the terminal reaches both, and what it sends is not forwarded a second time."},
	{"pause", "It exits with 0 then, and ignores every other signal."},
	{"grace",
	 "A second TERM does not start the time anew.\nWith\n.B \\-\\-group\nthe whole process group gets the KILL.\n"
	 "See\n.BR \"END OF THE PROGRAM\" ."},
	{"success", "It is\n.B \\-\\-remap\nwithout a second code; several may be given, separated by commas."},
	{"delay",
	 "It gives a load balancer the time to stop sending.\nOnly the first TERM is held, and\n.B \\-\\-grace\nbegins when it is forwarded."},
	{"on",
	 "PROGRAM is a path from the root on.\n"
	 "It gets the process id of the program and the name of the signal as arguments, and runs as the program does: in its directory,\n"
	 "with its environment and ids, in a process group of its own.\nUp to 8 signals may have one; KILL, STOP and CHLD cannot.\n"
	 "A TERM that it takes starts neither\n.B \\-\\-delay\nnor\n.BR \\-\\-grace ."},
	{"restart",
	 "If the program outlives it,\n.B \\-\\-grace\nkills it first.\n"
	 "Leftovers of the program stay, and\n.B \\-\\-delay\nis not waited for.\n"
	 "A TERM ends the program for good, also one that comes meanwhile; TERM, KILL, STOP and CHLD cannot be SIG."},
	{"drain", "See\n.BR \"END OF THE PROGRAM\" ."},
	{"verbose",
	 ".B NSINIT_VERBOSE=2\nis\n.BR \\-vv ."},
	{"log-fd",
	 "The descriptor must be open, and is closed in the program.\n"
	 "Errors in the options themselves are said on standard error."},
	{"rootfs", "See\n.BR \"ROOT AND MOUNTS\" ."},
	{"read-only",
	 "It needs\n.BR \\-\\-rootfs .\n"
	 "The mounts in it, such as\n.IR /tmp ,\nbinds and other file systems below\n.IR DIR ,\nstay as they are."},
	{"bind",
	 "Without\n.I DST\nit appears at the same path.\n.I DST\nis a path from the root on.\n"
	 "By default a bind is read-write and\n.BR rec :\nthe mounts below\n.I SRC\ncome along, and the other words apply to them too."},
	{"tmpfs", "It is mounted nosuid and nodev.\n.I OPT\nare those of\n.BR tmpfs (5)."},
	{"conf",
	 "Its file\n.I hostname\nalso sets the host name, unless\n.B \\-\\-hostname\ndoes.\n"
	 "These binds come after all others."},
	{"unshare", "See\n.BR \"NAMESPACES AND IDS\" ."},
	{"join", "See\n.BR \"NAMESPACES AND IDS\" ."},
	{"net", "See\n.BR NETWORK ."},
	{"clock-offset",
	 "Several may be given, separated by commas:\n.BR monotonic=-5,boottime=86400 .\n"
	 "The offsets are to the clocks of the machine.\nIt implies\n.BR \"\\-\\-unshare time\" ."},
	{"share", "The namespaces pid and mount cannot be shared."},
	{"user",
	 "Names are looked up in\n.I /etc/passwd\nand\n.I /etc/group\nof the root that the program gets; a number need not be there.\n"
	 "Without\n.I GROUP\nit is the user's own, with the user's other groups, or 0 for a number that is not there."},
	{"env", "It replaces a variable of the same name."},
	{"secret",
	 "FILE is a path outside the container, read by the caller before anything starts, by\n.B \\-\\-dry\\-run\ntoo.\n"
	 "Newlines at its end are left out; it may hold 128 KiB with NAME and no NUL byte."},
	{"clear-env", "Variables of\n.B \\-\\-env\nand\n.B \\-\\-secret\nare set all the same."},
	{"cwd",
	 "It is a path inside the root, and no link of\n.I /proc\nto an open file or another root.\nWith\n.B \\-\\-rootfs\nthe program otherwise starts in\n.IR / ."},
	{"landlock",
	 "It may be repeated; with the first rule, all that\n.BR landlock (7)\ncan deny is denied, but what a rule allows.\nSee\n.BR LANDLOCK ."},
	{"memory",
	 "SIZE is a number of bytes, or has k, m, g or t behind it, and is 1m at least.\n"
	 "Swap counts as memory.\nSee\n.BR LIMITS ."},
	{"cpus", "1.5 is the time of one processor and a half, in every tenth of a second."},
	{"pids", "PID 1 and the program count, and each thread."},
	{"tty",
	 "The default is\n.BR auto ,\nwhich gives it its own with\n.B \\-\\-rootfs\non a terminal that is ours alone.\n"
	 ".B new\ncannot be used with\n.BR \\-\\-pause ,\n.B \\-\\-detach\nand\n.BR \\-\\-single\\-child .\nSee\n.BR TERMINAL ."},
	{"detach",
	 "PID 1 cannot: all would end with it.\nNor can it be used with\n.B \\-\\-parent\\-death\nor\n.BR \\-\\-die\\-with\\-parent :\n"
	 "our parent ends once the program runs."},
	{"boot", "See\n.BR BOOT ."},
	{"exit-port", "The line is\n.BI \"nsinit: status \" N\\fR.\nThe device may take ten seconds to appear.\nThe console gets the line as well."},
	{"failure",
	 "The default is\n.BR shell :\na shell on the console, where there is one, and then the end.\n.B end\nends the machine at once.\n"
	 "With\n.B panic\nPID 1 exits, and the kernel panics; what then happens is up to its\n.BR panic= ."},
	{"root", "See\n.BR BOOT ."},
	{"rootwait", "Without a value on the command line of the kernel it is a minute."},
	{"ip",
	 "ADDRESS::GATEWAY:MASK:HOST:DEV:off:NAMESERVER:NAMESERVER, of which all but ADDRESS may be missing; the device is eth0 then.\n"
	 "Only an address that is given can be set: there is no DHCP in it."},
	{"respawn",
	 "At once the first time, then after pauses from 10 ms to 10 s that double.\nWhat ran for 10 s begins anew."},
	{"watchdog", "It is fed twice in that time, as long as PID 1 does its work, and keeps running over the end."},
	{"services",
	 "A word with a slash is a directory, whose services are all started; another is the name of one.\n"
	 "Then a\n.I PROGRAM\nmay be left out.\nSee\n.BR SERVICES ."},
	{"essential", "It is started as well.\nSee\n.BR SERVICES ."},
	{"verify", "Each problem is a line, FILE:LINE: and what is wrong, on standard error.\nThe status is 0 if there is none, else 1."},
	{"ask-first", "Whatever is typed before is nobody's.\nWith\n.B \\-\\-respawn\nit is asked each time.\nWhere there is no terminal, nobody is asked."},
	{"dry-run", "It needs no privilege."},
	{"cmdline",
	 "It prints the file systems, the steps, each with what it reads, and the program; what is wrong in TEXT is said, and then the status is 125.\n"
	 "The words of a file can be given as\n.BR \"\\-\\-cmdline \\(dq$(cat /proc/cmdline)\\(dq\" ."},
	{"check", "The status is 0 if a container can be made, else 1."},
};

/* How a word of the argument column is completed. A word with bars in it is a choice of its own lower-case words. */
static const struct {
	const char *word, *kind;
} kinds[] = {
	{"DIR", "directory"}, {"FILE", "file"}, {"DEVICE", "file"}, {"PATH", "file"},  {"SRC", "file"},
	{"SIG", "signal"},    {"USER", "user"}, {"GROUP", "group"}, {"PROGRAM", "command"},
};

/* One part of an argument's form: SRC[:DST[:OPT,...]] has three. */
struct part {
	char kind[KIND_SIZE]; /* directory, …; "a|b" a choice; "a,b," a list; "none" */
	char separator;       /* before the next part, 0: this is the last */
	bool optional;        /* the next part may be missing */
};

static void append(char *text, const char *piece, size_t length, char end)
{
	size_t used = strlen(text);

	if (used + length + 2 > KIND_SIZE) {
		fprintf(stderr, "generate: %s…: longer than KIND_SIZE\n", text);
		exit(1);
	}
	memcpy(text + used, piece, length);
	text[used + length] = end;
	text[used + length + 1] = '\0';
}

static void namespaces_kind(char *kind)
{
	for (unsigned bit = 0; bit < 32; bit++) {
		const char *name = value_namespace_name(1UL << bit);

		if (name)
			append(kind, name, strlen(name), ',');
	}
}

/* The help text lists the words that OPT stands for; an option with the same parser has the same words. */
static void opt_kind(const struct option *option, char *kind)
{
	const char *words = strstr(option->help, "OPT: ");

	for (size_t i = 0; i < table->count && !words; i++)
		if (table->options[i].parse == option->parse)
			words = strstr(table->options[i].help, "OPT: ");
	for (words = words ? words + strlen("OPT: ") : ""; *words;) {
		size_t length = strspn(words, "abcdefghijklmnopqrstuvwxyz-=");

		if (length > 0)
			append(kind, words, length, ',');
		words += length;
		words += strcspn(words, " ");
		words += *words == ' ';
	}
}

static void choice_kind(const char *word, char *kind)
{
	char item[KIND_SIZE];

	while (word) {
		word = value_item(word, '|', item, sizeof item);
		if (islower((unsigned char)*item))
			append(kind, item, strcspn(item, "."), '|');
	}
}

static void word_kind(const struct option *option, const char *word, char *kind)
{
	*kind = '\0';
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(word, kinds[i].word) == 0)
			strcpy(kind, kinds[i].kind);
	if (strcmp(word, "LIST") == 0)
		namespaces_kind(kind);
	else if (strcmp(word, "OPT") == 0)
		opt_kind(option, kind);
	else if (strchr(word, '|'))
		choice_kind(word, kind);
	if (!*kind)
		strcpy(kind, "none");
}

/* Splits the argument's form. Returns how many parts it has; 0: the option takes no argument. */
static size_t split(const struct option *option, struct part *parts)
{
	const char *at = option->argument;
	size_t count = 0;

	while (at && *at && count < PARTS_MAX) {
		char word[KIND_SIZE] = "";
		size_t length = strcspn(at, "[]:=,");

		append(word, at, length, '\0');
		word_kind(option, word, parts[count].kind);
		at += length;
		parts[count].optional = *at == '[';
		at += *at == '[';
		parts[count].separator = *at == ':' || *at == '=' ? *at : '\0'; /* a comma only repeats the word */
		at = parts[count].separator ? at + 1 : NULL;
		count++;
	}
	return count;
}

/* The form as words for the shells: kind separator kind …; a separator that may be missing has a [ before it. */
static void print_form(const struct option *option)
{
	struct part parts[PARTS_MAX];
	size_t count = split(option, parts);

	for (size_t i = 0; i < count; i++) {
		printf("%s%s", i > 0 ? " " : "", strpbrk(parts[i].kind, "|,=") ? "'" : "");
		printf("%s%s", parts[i].kind, strpbrk(parts[i].kind, "|,=") ? "'" : "");
		if (parts[i].separator)
			printf(" '%s%c'", parts[i].optional ? "[" : "", parts[i].separator);
	}
}

/* The words of value_signal() that are names. */
static void print_signals(void)
{
	char number[8];

	for (int signal = 1, count = 0; signal <= PLAN_SIGNAL_MAX; signal++) {
		const char *name = value_signal_name(signal, number);

		if (isalpha((unsigned char)*name))
			printf("%s%s", count++ > 0 ? " " : "", name);
	}
}

/* Prints text with each of the characters in special replaced by its string. */
struct escape {
	const char *from, *to;
};

static void print_escaped(const char *text, const struct escape *escapes, size_t count)
{
	while (*text) {
		size_t i = 0;

		while (i < count && strncmp(text, escapes[i].from, strlen(escapes[i].from)) != 0)
			i++;
		if (i == count) {
			putchar(*text++);
			continue;
		}
		fputs(escapes[i].to, stdout);
		text += strlen(escapes[i].from);
	}
}

/* Text that runs until a single quote ends it. */
static void print_quoted(const char *text)
{
	static const struct escape escapes[] = {{"'", "'\\''"}};

	print_escaped(text, escapes, COUNT(escapes));
}

static void print_template(const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		puts(lines[i]);
}

/* ---- the manual ---- */

static void print_roff(const char *text)
{
	static const struct escape escapes[] = {{"\\", "\\e"}, {"-", "\\-"}};

	print_escaped(text, escapes, COUNT(escapes));
}

/* The argument: words in italics, what is typed as it stands in bold. */
static void print_argument(const char *argument)
{
	while (*argument) {
		size_t length = strcspn(argument, "[]:=,|.");
		char word[KIND_SIZE] = "";

		append(word, argument, length, '\0');
		if (length > 0) {
			fputs(islower((unsigned char)*word) ? "\\fB" : "\\fI", stdout);
			print_roff(word);
			fputs("\\fR", stdout);
		} else {
			length = 1;
			putchar(*argument);
		}
		argument += length;
	}
}

static const char *option_details(const struct option *option)
{
	for (size_t i = 0; i < COUNT(details); i++)
		if (strcmp(details[i].option, option->name) == 0)
			return details[i].text;
	return NULL;
}

/* NSINIT_LOG_FD */
static void print_variable(const struct option *option)
{
	fputs("NSINIT_", stdout);
	for (const char *at = option->name; *at; at++)
		putchar(*at == '-' ? '_' : toupper((unsigned char)*at));
}

/* True for a yes or no. An option without an argument may also be a level, as -v: that takes a 2. */
static bool is_flag(const struct option *option)
{
	static struct plan plan;

	return !option->argument && option->parse(&plan, option, "2") != NULL;
}

static void man_option(const struct option *option)
{
	const char *more = option_details(option);

	puts(".TP");
	if (option->letter)
		printf("\\fB\\-%c\\fR, ", option->letter);
	fputs("\\fB\\-\\-", stdout);
	print_roff(option->name);
	fputs("\\fR", stdout);
	if (option->argument) {
		putchar(' ');
		print_argument(option->argument);
	}
	printf("\n%c", toupper((unsigned char)*option->help));
	print_roff(option->help + 1);
	puts(".");
	if (more)
		puts(more);
	if (option->group == OPTIONS_LOOKING) /* option.c leaves their names to others */
		return;
	fputs("Variable:\n.BR ", stdout);
	print_variable(option);
	puts(is_flag(option) ? " =1." : " .");
}

static int man(void)
{
	for (int group = 0; group < OPTIONS_GROUPS; group++) {
		printf(".SS %s\n", option_group_names[group]);
		for (size_t i = 0; i < table->count; i++)
			if ((int)table->options[i].group == group)
				man_option(&table->options[i]);
	}
	return 0;
}

/* The directives of some treatments, as a paragraph. */
static void man_directives(enum section section, int from, int to, const char *title)
{
	bool any = false;

	for (size_t i = 0; i < directive_count; i++) {
		if (directives[i].section != section || directives[i].treatment < from || directives[i].treatment > to)
			continue;
		if (!any)
			printf(".TP\n[%s] %s\n", directive_sections[section], title);
		printf("%s%s", any ? ",\n" : "", directives[i].name);
		any = true;
	}
	if (any)
		puts(".");
}

static int man_services(void)
{
	for (int section = 0; section < SECTIONS; section++) {
		man_directives((enum section)section, TREAT_UNIT, TREAT_LAUNCH, "honoured");
		for (int treatment = TREAT_LAUNCH + 1; treatment <= TREAT_NOT_YET; treatment++)
			man_directives((enum section)section, treatment, treatment, directive_meaning((enum treatment)treatment));
	}
	return 0;
}

/* A detail of an option that is gone would be lost without a word. */
static int check_details(void)
{
	for (size_t i = 0; i < COUNT(details); i++) {
		size_t at = 0;

		while (at < table->count && strcmp(table->options[at].name, details[i].option) != 0)
			at++;
		if (at < table->count)
			continue;
		fprintf(stderr, "generate: details[]: --%s is no option; remove the row\n", details[i].option);
		return -1;
	}
	return 0;
}

/* ---- bash ---- */

static const char *const bash_head[] = {
	"# bash completion for nsinit, made by doc/generate.c from the option table",
	"",
};

static const char *const bash_body[] = {
	"",
	"# The form of the option in word, to form, and what is attached to it as its value, to value; what stands",
	"# before that goes to prefix. False: it takes none. A prefix that is the whole word: the value comes next.",
	"_nsinit_option() {",
	"	local i",
	"	prefix=$1 value=''",
	"	case $1 in",
	"	--*=*)",
	"		prefix=${1%%=*}= value=${1#*=}",
	"		_nsinit_form \"${1%%=*}\"",
	"		return",
	"		;;",
	"	--*)",
	"		_nsinit_form \"$1\"",
	"		return",
	"		;;",
	"	esac",
	"	for ((i = 1; i < ${#1}; i++)); do",
	"		_nsinit_form \"-${1:i:1}\" || continue",
	"		prefix=${1:0:i+1} value=${1:i+1}",
	"		return 0",
	"	done",
	"	return 1",
	"}",
	"",
	"# Completes value, which has the form of the arguments: kind, then separator and kind as often as need be.",
	"_nsinit_value() {",
	"	local separator suffix=''",
	"	while (($# >= 3)) && [[ $value == *\"${2#[}\"* ]]; do",
	"		separator=${2#[}",
	"		prefix+=${value%%\"$separator\"*}$separator",
	"		value=${value#*\"$separator\"}",
	"		shift 2",
	"	done",
	"	if (($# >= 3)); then",
	"		compopt -o nospace",
	"		[[ $2 == '['* ]] || suffix=$2",
	"	fi",
	"	local action=()",
	"	case $1 in",
	"	directory) action=(-o filenames -d) ;;",
	"	file) action=(-o filenames -f) ;;",
	"	command) action=(-c) ;;",
	"	signal) action=(-W \"$_nsinit_signals\") ;;",
	"	user) action=(-u) ;;",
	"	group) action=(-g) ;;",
	"	*,)",
	"		[[ $value != *,* ]] || prefix+=${value%,*},",
	"		value=${value##*,}",
	"		compopt -o nospace",
	"		action=(-W \"${1//,/ }\")",
	"		;;",
	"	*'|') action=(-W \"${1//|/ }\") ;;",
	"	*) return ;;",
	"	esac",
	"	[[ ${action[0]} != -o ]] || compopt -o filenames",
	"	mapfile -t COMPREPLY < <(compgen \"${action[@]}\" -P \"$prefix\" -S \"$suffix\" -- \"$value\")",
	"	# readline has split the word at : and =, and replaces only what comes after the last of them.",
	"	local cut=$prefix",
	"	while [[ $cut && ($cut != *[:=] || $COMP_WORDBREAKS != *\"${cut: -1}\"*) ]]; do",
	"		cut=${cut%?}",
	"	done",
	"	COMPREPLY=(\"${COMPREPLY[@]#\"$cut\"}\")",
	"}",
	"",
	"# Completes the program, which begins at the word with this number in COMP_WORDS, and its arguments.",
	"_nsinit_program() {",
	"	if declare -F _comp_command_offset >/dev/null; then",
	"		_comp_command_offset \"$1\"",
	"	elif declare -F _command_offset >/dev/null; then",
	"		_command_offset \"$1\"",
	"	elif ((COMP_CWORD == $1)); then",
	"		compopt -o filenames",
	"		mapfile -t COMPREPLY < <(compgen -c -- \"${COMP_WORDS[COMP_CWORD]}\")",
	"	else",
	"		compopt -o bashdefault -o default",
	"	fi",
	"}",
	"",
	"_nsinit() {",
	"	local words=() starts=() rest=${COMP_LINE:0:COMP_POINT} word form prefix value i",
	"	COMPREPLY=()",
	"",
	"	# COMP_WORDS is split at : and = as well; a word of ours ends at a blank.",
	"	for ((i = 0; i <= COMP_CWORD; i++)); do",
	"		if ((i == 0)) || [[ $rest == [[:blank:]]* ]]; then",
	"			words+=('') starts+=(\"$i\")",
	"			rest=${rest#\"${rest%%[![:blank:]]*}\"}",
	"		fi",
	"		word=${COMP_WORDS[i]}",
	"		((i < COMP_CWORD)) || word=$rest",
	"		words[-1]+=$word",
	"		rest=${rest#\"$word\"}",
	"	done",
	"",
	"	# Options stop at the first word that is none.",
	"	for ((i = 1; i < ${#words[@]} - 1; i++)); do",
	"		case ${words[i]} in",
	"		--)",
	"			_nsinit_program \"${starts[i+1]}\"",
	"			return",
	"			;;",
	"		-?*)",
	"			_nsinit_option \"${words[i]}\" || continue",
	"			[[ $prefix == \"${words[i]}\" && $prefix != *= ]] || continue",
	"			if ((i == ${#words[@]} - 2)); then",
	"				prefix='' value=${words[-1]}",
	"				_nsinit_value \"${form[@]}\"",
	"				return",
	"			fi",
	"			((i++))",
	"			;;",
	"		*)",
	"			_nsinit_program \"${starts[i]}\"",
	"			return",
	"			;;",
	"		esac",
	"	done",
	"",
	"	word=${words[-1]}",
	"	if [[ $word != -* ]]; then",
	"		_nsinit_program \"${starts[-1]}\"",
	"	elif _nsinit_option \"$word\" && [[ $prefix != \"$word\" || $prefix == *= ]]; then",
	"		_nsinit_value \"${form[@]}\"",
	"	else",
	"		mapfile -t COMPREPLY < <(compgen -W \"$_nsinit_options\" -- \"$word\")",
	"	fi",
	"}",
	"",
	"complete -F _nsinit nsinit",
};

static int bash(void)
{
	print_template(bash_head, COUNT(bash_head));
	printf("_nsinit_signals='");
	print_signals();
	printf("'\n_nsinit_options='");
	for (size_t i = 0; i < table->count; i++)
		printf("%s--%s", i > 0 ? " " : "", table->options[i].name);
	puts("'\n\n# The form of the option named to form. False: it takes no value, or is not there.\n"
	     "_nsinit_form() {\n\tcase $1 in");
	for (size_t i = 0; i < table->count; i++) {
		const struct option *option = &table->options[i];

		if (!option->argument)
			continue;
		putchar('\t');
		if (option->letter)
			printf("-%c | ", option->letter);
		printf("--%s) form=(", option->name);
		print_form(option);
		puts(") ;;");
	}
	puts("\t*) return 1 ;;\n\tesac\n}");
	print_template(bash_body, COUNT(bash_body));
	return 0;
}

/* ---- zsh ---- */

static const char *const zsh_head[] = {
	"#compdef nsinit",
	"# zsh completion for nsinit, made by doc/generate.c from the option table",
	"",
	"# Completes a value of the form of the arguments: kind, then separator and kind as often as need be.",
	"_nsinit_value() {",
	"	local -a space",
	"	while (( $# >= 3 )) && compset -P 1 \"*${2#\\[}\"; do",
	"		shift 2",
	"	done",
	"	if [[ $2 = \\[* ]]; then",
	"		space=(-S '')",
	"	elif [[ -n $2 ]]; then",
	"		space=(-S $2)",
	"	fi",
	"	case $1 in",
	"	directory) _directories ;;",
	"	file) _files \"${space[@]}\" ;;",
	"	command) _command_names -e ;;",
};

static const char *const zsh_body[] = {
	"	user) _users \"${space[@]}\" ;;",
	"	group) _groups \"${space[@]}\" ;;",
	"	*,) compset -P '*,'; compadd -S '' -- ${(s:,:)1} ;;",
	"	*\\|) compadd \"${space[@]}\" -- ${(s:|:)1} ;;",
	"	*) _message value ;;",
	"	esac",
	"}",
	"",
};

/* [help] of _arguments, and what stands between colons. */
static void print_zsh(const char *text)
{
	static const struct escape escapes[] = {{"'", "'\\''"}, {":", "\\:"}, {"[", "\\["}, {"]", "\\]"}, {"\\", "\\\\"}};

	print_escaped(text, escapes, COUNT(escapes));
}

/* The form again, in single quotes, its colons escaped. Its own quotes become double ones. */
static void print_zsh_form(const struct option *option)
{
	struct part parts[PARTS_MAX];
	size_t count = split(option, parts);

	for (size_t i = 0; i < count; i++) {
		printf(" \"%s\"", parts[i].kind);
		if (parts[i].separator)
			printf(" \"%s%s%c\"", parts[i].optional ? "[" : "", parts[i].separator == ':' ? "\\" : "", parts[i].separator);
	}
}

/* One spec: optspec[help]:message:action. All may be repeated: the last one counts, or they add up. */
static void zsh_spec(const struct option *option, bool letter)
{
	printf("\t'*");
	if (letter)
		printf("-%c%s", option->letter, option->argument ? "+" : "");
	else
		printf("--%s%s", option->name, option->argument ? "=" : "");
	putchar('[');
	print_zsh(option->help);
	putchar(']');
	if (option->argument) {
		putchar(':');
		print_zsh(option->argument);
		printf(":{_nsinit_value");
		print_zsh_form(option);
		putchar('}');
	}
	puts("' \\");
}

static int zsh(void)
{
	print_template(zsh_head, COUNT(zsh_head));
	printf("\tsignal) compadd -M 'm:{a-z}={A-Z}' \"${space[@]}\" -- ");
	print_signals();
	puts(" ;;");
	print_template(zsh_body, COUNT(zsh_body));
	puts("# Options stop at the first word that is none.\n_arguments -s -S -A '-*' \\");
	for (size_t i = 0; i < table->count; i++) {
		if (table->options[i].letter)
			zsh_spec(&table->options[i], true);
		zsh_spec(&table->options[i], false);
	}
	puts("\t'(-)1:program:_command_names -e' \\\n\t'*::argument:_normal'");
	return 0;
}

/* ---- fish ---- */

static const char *const fish_head[] = {
	"# fish completion for nsinit, made by doc/generate.c from the option table",
	"",
};

static const char *const fish_body[] = {
	"",
	"# Prints the words between nsinit's options and the cursor. False: the cursor is still among the options.",
	"function __nsinit_program",
	"    set -l words (commandline -opc)",
	"    set -e words[1]",
	"    set -l ended no",
	"    contains -- -- $words; and set ended yes",
	"    argparse -s $__nsinit_argparse -- $words 2>/dev/null; or return 1",
	"    if set -q argv[1]",
	"        string escape -- $argv",
	"    else if test $ended = no",
	"        not string match -q -- '-*' (commandline -ct)",
	"    end",
	"end",
	"",
	"function __nsinit_program_complete",
	"    complete -C (string join -- ' ' (__nsinit_program) (commandline -ct))",
	"end",
	"",
	"# Completes a value of the form of the arguments: kind, then separator and kind as often as need be.",
	"function __nsinit_value",
	"    set -l value (commandline -ct | string replace -r -- $__nsinit_attached '')",
	"    set -l prefix ''",
	"    set -l suffix ''",
	"    while test (count $argv) -ge 3",
	"        set -l separator (string sub -s -1 -- $argv[2])",
	"        string match -q -- \"*$separator*\" $value; or break",
	"        set -l halves (string split -m 1 -- $separator $value)",
	"        set prefix $prefix$halves[1]$separator",
	"        set value $halves[2]",
	"        set -e argv[1 2]",
	"    end",
	"    if test (count $argv) -ge 3; and not string match -q -- '[*' $argv[2]",
	"        set suffix $argv[2]",
	"    end",
	"    set -l words",
	"    switch $argv[1]",
	"        case directory",
	"            set words (__fish_complete_directories $value '')",
	"        case file",
	"            set words (__fish_complete_path $value)",
	"        case command",
	"            set words (complete -C $value)",
	"        case signal",
	"            set words $__nsinit_signals$suffix",
	"        case user",
	"            set words (__fish_complete_users)",
	"        case group",
	"            set words (__fish_complete_groups)",
	"        case '*,'",
	"            set words (string match -r -- '.*,' $value)(string split -n -- , $argv[1])",
	"            set -q words[1]; or set words (string split -n -- , $argv[1])",
	"        case '*|'",
	"            set words (string split -n -- '|' $argv[1])",
	"    end",
	"    set -q words[1]; and printf '%s\\n' $prefix$words",
	"end",
	"",
	"complete -c nsinit -f",
	"complete -c nsinit -n __nsinit_program -x -a '(__nsinit_program_complete)'",
};

static void print_valued_letters(void)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->options[i].letter && table->options[i].argument)
			putchar(table->options[i].letter);
}

static int fish(void)
{
	print_template(fish_head, COUNT(fish_head));
	printf("set -g __nsinit_signals ");
	print_signals();
	printf("\n# as argparse takes them\nset -g __nsinit_argparse");
	for (size_t i = 0; i < table->count; i++) {
		const struct option *option = &table->options[i];

		putchar(' ');
		if (option->letter)
			printf("%c/", option->letter);
		printf("%s%s", option->name, option->argument ? "=" : "");
	}
	printf("\n# what stands before a value in the same word\nset -g __nsinit_attached '^(--[^=]*=|-[^-");
	print_valued_letters();
	printf("]*[");
	print_valued_letters();
	puts("])'");
	print_template(fish_body, COUNT(fish_body));
	for (size_t i = 0; i < table->count; i++) {
		const struct option *option = &table->options[i];

		printf("complete -c nsinit -n 'not __nsinit_program' -l %s", option->name);
		if (option->letter)
			printf(" -s %c", option->letter);
		if (option->argument) {
			printf(" -x -a \"(__nsinit_value ");
			print_form(option);
			printf(")\"");
		}
		printf(" -d '");
		print_quoted(option->help);
		puts("'");
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*print)(void);
	} outputs[] = {{"man", man}, {"directives", man_services}, {"bash", bash}, {"zsh", zsh}, {"fish", fish}};

	if (check_details() < 0)
		return 1;
	for (size_t i = 0; argc == 2 && i < COUNT(outputs); i++)
		if (strcmp(argv[1], outputs[i].name) == 0)
			return outputs[i].print() < 0 || fflush(stdout) != 0 || ferror(stdout);
	fprintf(stderr, "generate: say generate man, directives, bash, zsh or fish\n");
	return 2;
}
