/* SPDX-License-Identifier: MIT
 *
 * nsctl man|bash|zsh|fish: what the tables of verbs and options of nsctl give beside it, on stdout: two parts of its manual and the
 * completions of three shells, which also serve the name systemctl where that is nsctl. Runs on the building machine.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "nsctl.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Names of units as a shell finds them: those that PID 1 knows, and those that have a file. */
#define NAMES \
	"{ nsctl list | cut -d' ' -f1; cd /lib/systemd/system && ls; cd /etc/systemd/system && ls; } 2>/dev/null | " \
	"grep -E '[.](service|socket|timer)$' | sort -u"

static bool takes_unit(const struct nsctl_verb *verb)
{
	return verb->argument && !verb->word;
}

/* Names of verbs with help; those that take a unit, or all. */
static void print_verbs(bool only_units)
{
	const char *separator = "";

	for (const struct nsctl_verb *verb = nsctl_verbs; verb->name; verb++)
		if (verb->help && (!only_units || takes_unit(verb))) {
			printf("%s%s", separator, verb->name);
			separator = " ";
		}
}

static void print_escaped(const char *text, const char *special, const char *before)
{
	for (; *text; text++)
		printf("%s%c", strchr(special, *text) ? before : "", *text);
}

/* man(7); a dash is a minus. */
static void print_roff(const char *text)
{
	print_escaped(text, "-\\", "\\");
}

static int man(void)
{
	for (const struct nsctl_verb *verb = nsctl_verbs; verb->name; verb++) {
		if (!verb->help)
			continue;
		printf(".TP\n.B ");
		print_roff(verb->name);
		printf(verb->argument ? " \\fI%s\\fR\n" : "\n", verb->argument);
		print_roff(verb->help);
		puts(".");
	}
	puts(".SH OPTIONS");
	for (const struct nsctl_option *option = nsctl_option_table; option->name; option++) {
		if (!option->help)
			continue;
		printf(".TP\n.B ");
		if (option->letter) {
			print_roff(option->letter);
			printf(", ");
		}
		print_roff(option->name);
		printf(option->argument ? " \\fI%s\\fR\n" : "\n", option->argument);
		print_roff(option->help);
		puts(".");
	}
	return 0;
}

static int bash(void)
{
	puts("# bash completion for nsctl, made by doc/nsctl.c from its tables\n\n_nsctl() {\n\tlocal word=${COMP_WORDS[COMP_CWORD]} verb='' i\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\t[[ ${COMP_WORDS[i]} == -* ]] || verb=${verb:-${COMP_WORDS[i]}}\n\tdone\n"
	     "\tif [[ $word == -* ]]; then");
	printf("\t\tmapfile -t COMPREPLY < <(compgen -W '");
	for (const struct nsctl_option *option = nsctl_option_table; option->name; option++)
		if (option->help)
			printf("%s ", option->name);
	printf("' -- \"$word\")\n\telif [[ -z $verb ]]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W '");
	print_verbs(false);
	printf("' -- \"$word\")\n\telif [[ $verb == analyze ]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W 'critical-chain plot' -- \"$word\")\n"
	       "\telif [[ $verb == reexec ]]; then\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n\telif [[ \" ");
	print_verbs(true);
	puts(" \" == *\" $verb \"* ]]; then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$(" NAMES ")\" -- \"$word\")\n\tfi\n}\n\ncomplete -F _nsctl nsctl");
	return 0;
}

static int zsh(void)
{
	puts("#compdef nsctl\n# zsh completion for nsctl, made by doc/nsctl.c from its tables\n\n"
	     "local context state line\nlocal -a verbs units\nverbs=(");
	for (const struct nsctl_verb *verb = nsctl_verbs; verb->name; verb++)
		if (verb->help) {
			printf("\t'%s:", verb->name);
			print_escaped(verb->help, ":", "\\");
			puts("'");
		}
	puts(")\n_arguments -S \\");
	for (const struct nsctl_option *option = nsctl_option_table; option->name; option++) {
		if (!option->help)
			continue;
		printf("\t'*%s[", option->name);
		print_escaped(option->help, ":[]", "\\");
		printf(option->argument ? "]:%s:' \\\n" : "]' \\\n", option->argument);
	}
	printf("\t'1:verb:{_describe verb verbs}' '*:name:->name'\n\n[[ $state == name ]] || return\ncase $line[1] in\n"
	       "analyze) compadd critical-chain plot ;;\nreexec) _files ;;\n");
	for (const struct nsctl_verb *verb = nsctl_verbs; verb->name; verb++)
		if (verb->help && takes_unit(verb))
			printf("%s|", verb->name);
	puts("list-dependencies) units=(${(f)\"$(" NAMES ")\"}); compadd -a units ;;\nesac");
	return 0;
}

static int fish(void)
{
	puts("# fish completion for nsctl, made by doc/nsctl.c from its tables\n\ncomplete -c nsctl -f");
	for (const struct nsctl_verb *verb = nsctl_verbs; verb->name; verb++)
		if (verb->help) {
			printf("complete -c nsctl -n __fish_use_subcommand -a %s -d '", verb->name);
			print_escaped(verb->help, "'\\", "\\");
			puts("'");
		}
	printf("complete -c nsctl -n '__fish_seen_subcommand_from ");
	print_verbs(true);
	puts("' -a \"(sh -c '" "{ nsctl list | cut -d\\\" \\\" -f1; cd /lib/systemd/system && ls; cd /etc/systemd/system && ls; } 2>/dev/null | "
	     "grep -E \\\"[.](service|socket|timer)\\\\\\$\\\" | sort -u')\"\n"
	     "complete -c nsctl -n '__fish_seen_subcommand_from analyze' -a 'critical-chain plot'\n"
	     "complete -c nsctl -n '__fish_seen_subcommand_from reexec' -F");
	for (const struct nsctl_option *option = nsctl_option_table; option->name; option++) {
		if (!option->help)
			continue;
		printf("complete -c nsctl -l %s", option->name + 2);
		if (option->letter)
			printf(" -s %s", option->letter + 1);
		printf("%s -d '", option->argument ? " -x" : "");
		print_escaped(option->help, "'\\", "\\");
		puts("'");
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*print)(void);
	} outputs[] = {{"man", man}, {"bash", bash}, {"zsh", zsh}, {"fish", fish}};

	for (size_t i = 0; argc == 2 && i < COUNT(outputs); i++)
		if (strcmp(argv[1], outputs[i].name) == 0)
			return outputs[i].print() < 0 || fflush(stdout) != 0 || ferror(stdout);
	fprintf(stderr, "nsctl: say man, bash, zsh or fish\n");
	return 2;
}
