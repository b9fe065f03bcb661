/* SPDX-License-Identifier: MIT
 *
 * Whoever PID 1 is, it has signals for these three. One that is no init of a machine gets none: it might be a container's
 * program, which a signal would end.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "log.h"
#include "machine.h"
#include "signals.h"

enum { LIKE_SYSTEMD = 1 }; /* which of the rows: it has the most signals */

static const struct {
	const char *name; /* of PID 1, as /proc/1/comm has it */
	int signals[ENDS];
} inits[] = {
	{"init\n", {[END_POWEROFF] = SIGUSR2, [END_REBOOT] = SIGTERM, [END_HALT] = SIGUSR1}}, /* busybox's, finit, ours on a machine */
	{"systemd\n", {[END_POWEROFF] = SIGNALS_REALTIME + 4, [END_REBOOT] = SIGNALS_REALTIME + 5, [END_HALT] = SIGNALS_REALTIME + 3}},
};

int client_complete(struct plan *plan)
{
	(void)plan;
	return 0;
}

static int end_now(enum plan_end end)
{
	sync();
	machine_end(end);
	log_error("--force: %s; only root may, with CAP_SYS_BOOT", strerror(errno));
	return 1;
}

/* Ours, wherever it runs: TERM is the end of a container, and no reboot. */
static bool is_ours(void)
{
	struct stat own, other;

	return stat("/proc/self/exe", &own) == 0 && stat("/proc/1/exe", &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

int client_run(const struct plan *plan, const sigset_t *mask)
{
	char name[32];

	(void)mask;
	if (plan->force)
		return end_now(plan->end);
	if (file_read(AT_FDCWD, "/proc/1/comm", name, sizeof name) < 0) {
		log_error("/proc/1/comm: %s; mount /proc, or give --force", strerror(errno));
		return 1;
	}
	for (size_t i = 0; i < sizeof inits / sizeof inits[0]; i++) {
		if (strcmp(name, inits[i].name) != 0)
			continue;
		if (kill(1, inits[is_ours() ? LIKE_SYSTEMD : i].signals[plan->end]) == 0)
			return 0;
		log_error("PID 1: %s; only root may signal it", strerror(errno));
		return 1;
	}
	name[strcspn(name, "\n")] = '\0';
	log_error("PID 1 is %s, which is no init of a machine; end it as what it is, or give --force", name);
	return 1;
}
