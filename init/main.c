/* SPDX-License-Identifier: MIT
 *
 * nsinit: PID 1 wherever Linux needs one.
 *
 *   main.c     this: parse, complete, run
 *   options.c  nsinit's options, a table                option.c value.c   the parser, and of values
 *   personality.c   tini, dumb-init, catatonit, pause   secret.c   --secret
 *   plan.c     what a plan starts as and becomes        user.c env.c conf.c network.c   parts of that
 *   role.c     the roles: entrypoint, run, join, boot
 *   loop.c     PID 1's loop                             signals.c forward.c   which signal means what, and goes where
 *   relay.c report.c   the launcher, and what it hears from inside
 *   console.c job.c   the terminal and who holds it     drain.c process.c   the end of what is left
 *   fault.c    the words for a failed start             log.c out.c   one line, one write
 *   announce.c trace.c usage.c   what others are told of a start, its steps, and what it used
 *   check.c    --check                                  print.c   --dry-run
 *
 *   boot.c     a machine, step by step                  cmdline.c switch.c fstab.c setup.c sysctl.c seed.c keys.c   the steps
 *   shutdown.c unmount.c   its end                      client.c   poweroff, reboot, halt
 *
 *   units.c    services: which there are                unitfile.c syntax.c directive.c reader.c specifier.c   their files
 *   supervisor.c jobs.c order.c   when they start and stop
 *   service.c stage.c start.c running.c stop.c   the life of one   launch.c command.c envfile.c   a start of it
 *   protect.c calls.c reader_sandbox.c   its sandbox     slice.c slice_watch.c slice_devices.c reader_cgroup.c   its cgroup
 *   condition.c members.c pidfile.c backoff.c tmpfiles.c arena.c   parts of that
 *   logs.c logger.c   what services print
 *   reexec.c state.c   another life of PID 1             store.c    what services keep here
 *   notify.c control.c local.c   what services and people say to PID 1
 *   nsctl.c    those people's program                   query.c status.c graph.c analyze.c tail.c enable.c foreign.c
 *              stamp.c   its verbs
 *
 *   ../spawn/  makes processes out of plans; decides nothing, says nothing
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "boot.h"
#include "check.h"
#include "cold.h"
#include "directive.h"
#include "log.h"
#include "option.h"
#include "out.h"
#include "personality.h"
#include "plan.h"
#include "role.h"
#include "self.h"
#include "signals.h"
#include "state.h"
#include "sys.h"
#include "units.h"
#include "version.h"

static struct plan plan;

static int say(int fd, const char *text, const struct option_set *list)
{
	struct out out = OUT(fd);

	out_print(&out, "%s", text);
	if (list)
		option_help(list, &out);
	out_flush(&out);
	return 0;
}

/* True if an option may be --join. It is asked before anything is parsed: a secret can be read only once. */
static bool may_join(char **argv)
{
	if (getenv("NSINIT_JOIN"))
		return true;
	while (*argv && strcmp(*argv, "--") != 0)
		if (strncmp(*argv++, "--join", strlen("--join")) == 0)
			return true;
	return false;
}

static int run(const sigset_t *mask)
{
	const struct role *role = role_choose(getpid(), &plan);

	plan.role = role->name;
	if (role->complete(&plan) < 0)
		return plan.personality->failed;
	if (plan.personality->warn)
		plan.personality->warn(&plan);
	if (plan.dry_run) {
		plan_print(&plan, role->name);
		if (role->print)
			role->print(&plan);
		return plan.misread ? plan.personality->failed : 0;
	}
	return role_run(role, &plan, mask);
}

LATE static int list_directives(void)
{
	struct out out = OUT(STDOUT_FILENO);

	directive_list(&out);
	out_flush(&out);
	return 0;
}

/* As a compiler: FILE:LINE: what is wrong, and nothing before it. */
LATE static int verify(char **paths)
{
	static const struct log_style bare = {{"", "", "", ""}, NULL};
	int problems = 0;

	if (!*paths) {
		log_error("--verify: no file given; put unit files behind it");
		return plan.personality->failed;
	}
	log_style(&bare);
	log_open(STDERR_FILENO, LOG_INFO);
	for (; *paths; paths++)
		problems += units_verify(*paths);
	return problems > 0;
}

/* Options that show something instead of running a program. The exit status, -1: none was given. */
static int look(const struct personality *as, char **words)
{
	if (plan.help)
		return say(as->helps_on_stderr ? STDERR_FILENO : STDOUT_FILENO, as->usage, as->set);
	if (plan.version)
		return say(as->speaks_on, as->version, NULL);
	if (plan.license)
		return say(STDOUT_FILENO, "nsinit " NSINIT_VERSION ", MIT license: do with it what you like, without warranty, keep the notice.\n", NULL);
	if (plan.check)
		return check_run();
	if (plan.list_directives)
		return list_directives();
	if (plan.verify)
		return verify(words);
	return -1;
}

int main(int argc, char **argv)
{
	const struct personality *as;
	sigset_t mask;
	int program, looked;

	signals_hold(&mask);
	as = personality_choose(argc > 0 ? argv[0] : NULL);
	if (as->run) {
		sys_signal_mask(SIG_SETMASK, &mask, NULL);
		return as->run(argv);
	}
	log_style(&as->style);
	plan_default(&plan);
	plan.words = argv;
	plan.personality = as;
	if (as->defaults)
		as->defaults(&plan);
	if (getauxval(AT_SECURE)) {
		log_error("set-user-ID or with capabilities: this would give its caller root; chmod u-s, setcap -r");
		return as->failed;
	}
	if (getenv("NSINIT_STATE"))
		plan.again = state_open(environ);
	if (plan.again == STATE_NONE && getpid() != 1 && as->set == &option_nsinit && self_seal(argv, environ, may_join(argv), &mask) < 0) {
		log_error("a copy of nsinit that no container can write to: %s; mount /proc, and set sysctl vm.memfd_noexec=0", strerror(errno));
		return as->failed;
	}
	if (as->prepare)
		argv = as->prepare(&plan, argv);
	program = argc > 0 ? option_parse(as->set, &plan, argv, environ) : -1;
	if (program < 0 && !plan.machine)
		return as->failed;
	if (program < 0) {
		plan.misread = true; /* a variable */
		program = BOOT_PROGRAM;
	}
	if (plan.again != STATE_NONE)
		state_resume_own(&plan, &mask);
	log_open(plan.log_fd, plan.again == STATE_CHECK ? -1 : plan.verbosity);
	if (plan.unknown)
		option_unknown(as->set, environ);
	looked = look(as, argv + program);
	if (looked >= 0)
		return looked;
	plan.argv = plan.cmdline ? boot_pretend(&plan) + BOOT_PROGRAM : argv + program;
	return run(&mask);
}
