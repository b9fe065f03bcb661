/* SPDX-License-Identifier: MIT
 *
 * Reads what PID 1 inside reports. It is ours, but it lives in a container: what comes out is not believed without a look.
 */
#include "report.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "announce.h"
#include "fault.h"
#include "job.h"
#include "log.h"
#include "out.h"
#include "relay.h"
#include "sys.h"
#include "trace.h"

enum {
	TIMES_MS = 1000, /* PID 1 writes them at once; for longer a container shall not hold its launcher up */
};

/* The times of the steps taken inside, which come at once and in one piece: pipe(7), PIPE_BUF. False: they do not. */
static bool read_times(struct loop *loop)
{
	struct pollfd descriptor = {.fd = loop->reports, .events = POLLIN};
	int64_t times[STEP_COUNT];

	if (!loop->plan->trace || poll(&descriptor, 1, TIMES_MS) != 1 || read(loop->reports, times, sizeof times) != sizeof times)
		return false;
	trace_merge(times);
	return true;
}

/* With a relay a packet comes through a socket, perhaps with a descriptor, and may be a line of the log. */
static ssize_t receive(const struct loop *loop, void *packet, size_t size, int *descriptor)
{
	*descriptor = -1;
	if (loop->relay)
		return sys_receive(loop->reports, packet, size, descriptor);
	return read(loop->reports, packet, sizeof(struct report));
}

/* No program is to run without the terminal that it should have. */
static void lose_terminal(struct loop *loop, int error)
{
	loop->fault = (struct fault){.step = STEP_PTY, .error = error};
	if (!loop->ended)
		kill(loop->child, SIGKILL);
}

/* A descriptor that found no free number is left out, unix(7). */
static void take_terminal(struct loop *loop, int master)
{
	if (master >= 0)
		relay_start(loop->relay, master);
	else
		lose_terminal(loop, EMFILE);
}

/* True if it was one. PID 1 inside is ours, but what comes out of a container is not believed without a look. */
static bool take_report(struct loop *loop, const struct report *report, int *descriptor)
{
	if (report->kind == REPORT_FAULT && fault_is_valid(loop->plan, &report->fault)) {
		loop->fault = report->fault;
	} else if (report->kind == REPORT_COMPLETE && loop->words >= 0) {
		announce_started(loop->plan, loop->child);
		close(loop->words);
		loop->words = -1;
	} else if (report->kind == REPORT_TIMES) {
		return read_times(loop);
	} else if (report->kind == REPORT_STARTED) {
		announce_ready(loop->plan);
	} else if (report->kind == REPORT_STOPPED && report->signal > 0 && report->signal <= PLAN_SIGNAL_MAX) {
		job_stopped(loop, report->signal);
	} else if (report->kind == REPORT_KILLED && report->signal > 0 && report->signal <= PLAN_SIGNAL_MAX) {
		job_killed(loop, report->signal);
	} else if (report->kind == REPORT_TERMINAL && loop->relay) {
		take_terminal(loop, *descriptor);
		*descriptor = -1;
	} else {
		return false;
	}
	return true;
}

void report_read(struct loop *loop)
{
	union {
		struct report report;
		char text[sizeof(((struct out *)0)->text)];
	} packet;
	int descriptor;
	ssize_t n = receive(loop, &packet, sizeof packet, &descriptor);
	bool is_report = n == sizeof packet.report && take_report(loop, &packet.report, &descriptor);

	if (descriptor >= 0)
		close(descriptor);
	if (is_report || (n < 0 && errno == EINTR))
		return;
	if (n > 0 && loop->relay) {
		log_pass(packet.text, (size_t)n);
		return;
	}
	if (n < 0 && loop->relay && loop->relay->master < 0 && !loop->relay->gone)
		lose_terminal(loop, errno);
	close(loop->reports);
	loop->reports = -1;
}
