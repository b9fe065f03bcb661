/* SPDX-License-Identifier: MIT
 *
 * A boot, step by step: each has a row that says whether the machine is of use without it. A step that fails says so itself.
 * From the first instruction on PID 1 must not die, on a machine: the kernel would panic.
 */
#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include "cmdline.h"
#include "console.h"
#include "fault.h"
#include "fstab.h"
#include "keys.h"
#include "log.h"
#include "machine.h"
#include "mount.h"
#include "option.h"
#include "out.h"
#include "personality.h"
#include "setup.h"
#include "shutdown.h"
#include "spawn.h"
#include "state.h"
#include "supervisor.h"
#include "switch.h"

enum {
	ALL_STDIO = 1 << STDIN_FILENO | 1 << STDOUT_FILENO | 1 << STDERR_FILENO,
	/* Between the ends and starts of a program that is respawned, and how long one must run to count as mended. */
	PAUSE_FIRST_MS = 10,
	PAUSE_LAST_MS = 10 * 1000,
	HEALTHY_MS = 10 * 1000,
	CONSOLE_WAIT_MS = 10 * 1000, /* for --console, whose driver may be a module */
};

enum step_policy {
	STEP_WARN,
	STEP_FATAL,       /* without it the boot ends */
	STEP_ANYWHERE = 2, /* in a container too */
	STEP_AGAIN = 4,    /* after an exec too */
};

char **boot_prepare(struct plan *plan, char **argv)
{
	if (!machine_is_ours())
		return argv;
	plan->machine = true;
	plan->kernel_argv = argv;
	return cmdline_read(plan->personality->set, plan);
}

char **boot_pretend(struct plan *plan)
{
	plan->machine = plan->boot = plan->dry_run = true;
	return cmdline_parse(plan->personality->set, plan, (char *)plan->cmdline); /* the argument's own memory, as getopt(3) has it */
}

/* The descriptors that the kernel could not give us, now that there is a /dev. */
static void open_own_descriptors(void)
{
	static const char *const paths[] = {"/dev/console", "/dev/kmsg", "/dev/null"};
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < sizeof paths / sizeof paths[0]; i++)
		fd = openat(AT_FDCWD, paths[i], (i == 1 ? O_WRONLY : O_RDWR) | O_NOCTTY | O_CLOEXEC);
	for (int own = STDIN_FILENO; fd >= 0 && own <= STDERR_FILENO; own++)
		dup2(fd, own);
	if (fd >= 0)
		close(fd);
}

/* In a container only what its manager left to us can be mounted, and need not be. */
static int boot_mounts(struct boot *boot)
{
	int result = 0;

	for (size_t i = 0; i < machine_row_count; i++) {
		const struct mount_row *row = &machine_rows[i];

		if (!boot->plan->machine && (row->policy & MOUNT_ROOTFS))
			continue;
		if (machine_mount(row) == 0 || !boot->plan->machine || ((row->policy & MOUNT_OPTIONAL) && errno == ENODEV))
			continue;
		log_warning("mount %s on /%s: %s", row->type, row->target, strerror(errno));
		result = -1;
	}
	if (machine_nodes() < 0 && boot->plan->machine)
		log_warning("/dev: %s", strerror(errno));
	if (fcntl(STDERR_FILENO, F_GETFL) & O_PATH)
		open_own_descriptors();
	return result;
}

/* A line is complete, or the terminal is gone. Its words are for nobody. */
static void on_enter(struct loop *loop, short events)
{
	(void)events;
	for (size_t i = 0; i < loop->watch_count; i++)
		if (loop->watches[i].ready == on_enter)
			tcflush(loop->watches[i].fd, TCIFLUSH);
	loop->ended = true;
}

static int boot_console(struct boot *boot)
{
	const char *path = boot->plan->console ? boot->plan->console : "/dev/console";

	boot->console = machine_open(path, O_RDWR | O_NOCTTY, boot->plan->console ? CONSOLE_WAIT_MS : 0);
	if (boot->plan->again == STATE_RESUME && isatty(boot->console)) /* it is in use, and as its user wants it */
		return 0;
	if (boot->console < 0) {
		log_warning("console %s: %s; the program has no terminal", path, strerror(errno));
		return -1;
	}
	if (machine_make_sane(boot->console) == 0) {
		if (boot->plan->ask_first)
			boot->watches[boot->watch_count++] = (struct watch){.fd = boot->console, .ready = on_enter};
		return 0;
	}
	close(boot->console);
	boot->console = -1;
	return 0;
}

/* Says nothing: each wrong word was said when it was read. */
static int boot_words(struct boot *boot)
{
	return boot->plan->misread ? -1 : 0;
}

static int boot_root(struct boot *boot)
{
	return switch_wanted(boot->plan) ? switch_root(boot) : 0;
}

static int boot_fstab(struct boot *boot)
{
	(void)boot;
	return fstab_mount();
}

/* Those of --services, or those whose files or links are in /etc/nsinit. */
static int boot_services(struct boot *boot)
{
	const char *services = boot->plan->services, *usual = UNITS_ENABLED;
	int loaded;

	if (!services && !boot->plan->essential && access(usual, F_OK) < 0)
		return 0;
	loaded = supervisor_load(boot->plan, services ? services : usual);
	boot->services = loaded > 0 || (loaded == 0 && !boot->plan->pause); /* none yet: beside a program they can be started later */
	return loaded;
}

static const struct {
	const char *name;
	int (*run)(struct boot *boot);
	unsigned policy;
	size_t field;      /* of the plan, which names what the step is about; 0: none */
	const char *usual; /* if that does not. NULL: then there is nothing to be done */
} steps[] = {
	{"file systems", boot_mounts, STEP_ANYWHERE, 0, ""},
	{"modules", setup_modules, STEP_WARN, 0, "/etc/nsinit/modules"}, /* the console's may be one */
	{"console", boot_console, STEP_AGAIN, OPTION_FIELD(console), "/dev/console"},
	{"options", boot_words, STEP_FATAL, 0, "/proc/cmdline"},
	{"root", boot_root, STEP_FATAL, OPTION_FIELD(root), NULL}, /* what follows is for the root that stays */
	{"hostname", setup_hostname, STEP_WARN, OPTION_FIELD(hostname), "/etc/hostname"},
	{"loopback", setup_loopback, STEP_WARN, 0, "lo"},
	{"fstab", boot_fstab, STEP_WARN, 0, "/etc/fstab"},
	{"sysctl", setup_sysctl, STEP_WARN, 0, "/etc/sysctl.d/*.conf"},
	{"clock", setup_clock, STEP_WARN, 0, "/dev/rtc0"}, /* before the seed is written, which says how late it was */
	{"seed", setup_seed, STEP_WARN, 0, "/var/lib/nsinit/seed"},
	{"address", setup_address, STEP_WARN, OPTION_FIELD(ip), NULL},
	{"watchdog", watchdog_open, STEP_AGAIN, 0, NULL},
	{"keys", keys_open, STEP_AGAIN, 0, "/dev/input"},
	{"services", boot_services, STEP_FATAL | STEP_ANYWHERE, OPTION_FIELD(services), UNITS_ENABLED},
};

static bool is_wanted(const struct plan *plan, size_t step)
{
	return plan->machine || (steps[step].policy & STEP_ANYWHERE);
}

void boot_print(const struct plan *plan)
{
	struct out out = OUT(STDOUT_FILENO);

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		const char *object = steps[i].field ? *(const char *const *)((const char *)plan + steps[i].field) : NULL;

		object = object ? object : steps[i].usual;
		if (is_wanted(plan, i) && object)
			out_print(&out, "step: %s%s%s%s\n", steps[i].name, *object ? ", " : "", object, steps[i].policy & STEP_FATAL ? "; else no boot" : "");
	}
	if (plan->root)
		out_print(&out, "root: %s %s, waited for %ld ms, then %s\n", plan->root_type ? plan->root_type : "any type",
		          plan->root_writable ? "rw" : "ro", (long)plan->root_wait_ms, plan->next_init ? plan->next_init : "/sbin/init or ourselves");
	if (plan->watchdog_ms)
		out_print(&out, "watchdog: %ld ms\n", (long)plan->watchdog_ms);
	if (plan->exit_port)
		out_print(&out, "status to: %s\n", plan->exit_port);
	if (plan->respawn)
		out_print(&out, "respawn: yes\n");
	if (plan->ask_first)
		out_print(&out, "ask first: yes\n");
	out_print(&out, "end: %s\n", shutdown_words[plan->end]);
	out_flush(&out);
}

/* NULL, or the name of the step without which it does not go on. */
static const char *walk(struct boot *boot)
{
	const unsigned wanted = boot->plan->again == STATE_RESUME ? STEP_AGAIN : ~0U;

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if ((steps[i].policy & wanted || wanted == ~0U) && is_wanted(boot->plan, i) && steps[i].run(boot) < 0 && (steps[i].policy & STEP_FATAL))
			return steps[i].name;
	return NULL;
}

/* A machine's program is a session on its console; a container's gets what it would get from an entrypoint. */
static struct job program_job(const struct boot *boot)
{
	if (!boot->plan->machine)
		return console_program_job(boot->plan, console_open());
	return (struct job){.kind = JOB_SESSION, .console = boot->console, .stdio = boot->console < 0 ? 0 : ALL_STDIO};
}

/* The loop around a program, or around none for which is waited. */
static void turn(struct boot *boot, pid_t child)
{
	const struct plan *plan = boot->plan;

	boot->loop = loop_around(plan, plan->machine ? SIGNALS_MACHINE : SIGNALS_GUEST, child, &boot->job, boot->mask);
	boot->loop.watches = boot->watches;
	boot->loop.watch_count = boot->watch_count;
	if (boot->services)
		supervisor_attach(&boot->loop);
}

/* Runs a program to its end, or until the machine's is asked for. Its exit status. */
static int run(struct boot *boot, char **argv)
{
	struct fault fault;
	pid_t child = boot->running > 0 ? boot->running : spawn_program(boot->plan, argv, &boot->job, boot->mask, &fault);

	turn(boot, child < 0 ? 0 : child);
	if (child < 0)
		return fault_report(boot->plan, &fault);
	if (boot->running == 0)
		log_info("started %s as process %d", argv[0], (int)child);
	boot->running = 0;
	loop_run(&boot->loop);
	return boot->loop.status;
}

static void rest_over(struct loop *loop)
{
	loop->ended = true;
}

/* Waits; true, unless the machine's end was asked for meanwhile. */
static bool rest(struct boot *boot, int64_t ms)
{
	turn(boot, 0);
	boot->loop.deadline_ms = loop_now_ms() + ms;
	boot->loop.expired = rest_over;
	loop_run(&boot->loop);
	return !boot->loop.asked;
}

/* --ask-first: true once somebody at the terminal wants the program, false if the machine's end is asked for. */
static bool ask(struct boot *boot)
{
	struct out out = OUT(boot->console);
	struct watch *watch = NULL;

	turn(boot, 0);
	for (size_t i = 0; i < boot->loop.watch_count; i++) /* a supervisor has a copy of ours */
		if (boot->loop.watches[i].ready == on_enter)
			watch = &boot->loop.watches[i];
	if (!watch)
		return true;
	machine_make_sane(boot->console); /* whatever the last one has left */
	out_print(&out, "Press Enter to start %s\n", boot->plan->argv[0]);
	out_flush(&out);
	watch->events = POLLIN;
	loop_run(&boot->loop);
	watch->events = 0;
	return !boot->loop.asked;
}

/* --respawn: the first time at once, then after pauses that double, and as new when it has run for a while. */
static int keep_running(struct boot *boot)
{
	int64_t pause_ms = 0, started_ms;
	int status = 0;

	for (;;) {
		if (boot->plan->ask_first && boot->running == 0 && !ask(boot))
			return status;
		started_ms = loop_now_ms();
		status = run(boot, boot->plan->argv);
		if (boot->loop.asked || !boot->plan->respawn)
			return status;
		if (loop_now_ms() - started_ms >= HEALTHY_MS)
			pause_ms = 0;
		log_warning("%s ended with status %d; again in %ld ms", boot->plan->argv[0], status, (long)pause_ms);
		if (!rest(boot, pause_ms))
			return status;
		pause_ms = pause_ms == 0 ? PAUSE_FIRST_MS : pause_ms * 2 < PAUSE_LAST_MS ? pause_ms * 2 : PAUSE_LAST_MS;
	}
}

/* The program, when the services are up; or they alone. */
static int serve(struct boot *boot)
{
	if (!boot->services || boot->running > 0)
		return keep_running(boot);
	turn(boot, 0);
	if (boot->plan->pause)
		loop_run(&boot->loop);
	else if (supervisor_start(&boot->loop) == 0 && !boot->loop.asked)
		return keep_running(boot);
	return boot->loop.status;
}

/* What is done instead of the program when a step failed. */
static int fail(struct boot *boot, const char *step)
{
	static char *shell[] = {NULL, "/bin/sh", NULL};
	const struct plan *plan = boot->plan;

	log_error("the boot ends at its step: %s", step);
	if (plan->failure == FAILURE_PANIC)
		_exit(plan->personality->failed);
	if (plan->failure == FAILURE_SHELL && boot->console >= 0 && access(shell[1], X_OK) == 0) {
		log_error("a shell to look; when it ends, the machine does");
		run(boot, shell + 1);
	}
	return plan->personality->failed;
}

/* After an exec: everything runs already. Only services can have asked for it. */
static void go_on(struct boot *boot)
{
	struct loop before = {.child = 0};

	state_resume_loop(&before);
	boot->running = before.child;
	supervisor_resume(boot->plan, boot->plan->services);
	boot->services = true;
}

int boot_run(const struct plan *plan, const sigset_t *mask)
{
	struct boot boot = {.plan = plan, .mask = mask, .console = -1};
	const char *failed;
	int status;

	if (plan->again != STATE_NONE)
		go_on(&boot);
	prctl(PR_SET_NAME, "init"); /* by which poweroff knows us */
	failed = walk(&boot);
	boot.job = program_job(&boot);
	turn(&boot, 0);
	status = failed ? fail(&boot, failed) : serve(&boot);
	if (boot.services)
		shutdown_services(&boot);
	shutdown_run(&boot);
	if (boot.loop.asked && !failed)
		status = boot.loop.status;
	shutdown_end(&boot, status);
	return status;
}
