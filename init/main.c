/* SPDX-License-Identifier: MIT
 *
 * nsinit: PID 1 wherever Linux needs one.
 *
 *   main.c     this: parse, complete, run
 *   option.c   the option table and its parser          value.c   what options take, as numbers
 *   plan.c     what a plan starts as and becomes        user.c env.c conf.c   parts of that
 *   role.c     the roles: entrypoint, run
 *   loop.c     PID 1's loop                             signals.c   which signal means what
 *   console.c  the terminal and who holds it            drain.c process.c   the end of what is left
 *   fault.c    the words for a failed start             log.c out.c   one line, one write
 *   check.c    --check                                  print.c   --dry-run
 *   ../spawn/  makes processes out of plans; decides nothing, says nothing
 */
#include <signal.h>
#include <unistd.h>

#include "check.h"
#include "log.h"
#include "option.h"
#include "plan.h"
#include "role.h"
#include "signals.h"
#include "version.h"

enum {
	STATUS_USAGE = 125,
};

static struct plan plan;

static int show_help(void)
{
	struct out out = OUT(STDOUT_FILENO);

	option_help(&out);
	out_flush(&out);
	return 0;
}

/* Docker reads "… - git.SHA" from the first line of the init's --version. */
static int show_version(void)
{
	struct out out = OUT(STDOUT_FILENO);

	out_print(&out, "nsinit version %s - git.%s\n", NSINIT_VERSION, NSINIT_COMMIT);
	out_flush(&out);
	return 0;
}

int main(int argc, char **argv)
{
	const struct role *role;
	sigset_t mask;
	int program;

	signals_hold(&mask);
	(void)argc;
	plan_default(&plan);
	program = option_parse(&plan, argv, environ);
	if (program < 0)
		return STATUS_USAGE;
	log_open(plan.log_fd, plan.verbosity);
	if (plan.help)
		return show_help();
	if (plan.version)
		return show_version();
	if (plan.check)
		return check_run();
	plan.argv = argv + program;
	role = role_choose(getpid(), &plan);
	if (role->complete(&plan) < 0)
		return STATUS_USAGE;
	if (plan.dry_run) {
		plan_print(&plan, role->name);
		return 0;
	}
	return role->run(&plan, &mask);
}
