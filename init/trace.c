/* SPDX-License-Identifier: MIT
 *
 * --trace. Every process of a start notes in spawn_times when it was through with a step; PID 1 inside sends its
 * notes to the launcher, who draws them. The clock is the same for all of them.
 */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "log.h"
#include "out.h"

enum {
	ROW = 18,     /* pixels */
	LABEL = 230,
	WIDTH = 700,
};

static struct {
	int fd;
	bool picture;
	int64_t begin_ns;
} trace = {.fd = -1};

static bool ends_in(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);

	return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

int trace_prepare(const struct plan *plan)
{
	struct timespec now;

	if (!plan->trace)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	trace.begin_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	trace.picture = ends_in(plan->trace, ".svg");
	trace.fd = strcmp(plan->trace, "-") == 0 ? plan->log_fd
	         : openat(AT_FDCWD, plan->trace, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
	if (trace.fd >= 0)
		return 0;
	log_error("--trace %s: %s; give a file that can be written, or -", plan->trace, strerror(errno));
	return -1;
}

void trace_merge(const int64_t times[STEP_COUNT])
{
	for (int step = 0; step < STEP_COUNT; step++)
		if (times[step] > 0)
			spawn_times[step] = times[step];
}

static void write_text(struct out *out, enum step step, int64_t from_us, int64_t to_us)
{
	out_print(out, "%ld\t+%ld\t%s\n", (long)to_us, (long)(to_us - from_us), fault_step_name(step));
}

/* A bar from the end of the step before to the end of this one; scale is the whole time. */
static void write_bar(struct out *out, enum step step, int row, int64_t from_us, int64_t to_us, int64_t scale_us)
{
	int x = LABEL + (int)(from_us * WIDTH / scale_us), y = row * ROW;
	int width = (int)((to_us - from_us) * WIDTH / scale_us);

	out_print(out, "<text x='%d' y='%d' text-anchor='end'>%s</text>", LABEL - 8, y + 13, fault_step_name(step));
	out_print(out, "<rect x='%d' y='%d' width='%d' height='%d'/>", x, y + 3, width > 0 ? width : 1, ROW - 6);
	out_print(out, "<text x='%d' y='%d'>%ld µs</text>\n", x + width + 6, y + 13, (long)(to_us - from_us));
}

static int64_t end_ns(void)
{
	int64_t end = trace.begin_ns + 1000;

	for (int step = 0; step < STEP_COUNT; step++)
		if (spawn_times[step] > end)
			end = spawn_times[step];
	return end;
}

static int count_steps(void)
{
	int count = 0;

	for (int step = 0; step < STEP_COUNT; step++)
		count += spawn_times[step] > 0;
	return count;
}

void trace_write(const struct plan *plan)
{
	struct out out = OUT(trace.fd);
	int64_t scale_us = (end_ns() - trace.begin_ns) / 1000, from_us = 0;
	int row = 0;

	if (!plan->trace || trace.fd < 0)
		return;
	if (trace.picture)
		out_print(&out, "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' font-size='11' fill='#333'>"
		                "<style>rect{fill:#3a7}</style>\n", LABEL + WIDTH + 90, (count_steps() + 1) * ROW);
	for (enum step step = 0; step < STEP_COUNT; step++) {
		int64_t to_us = (spawn_times[step] - trace.begin_ns) / 1000;

		if (spawn_times[step] == 0)
			continue;
		if (trace.picture)
			write_bar(&out, step, row++, from_us, to_us, scale_us);
		else
			write_text(&out, step, from_us, to_us);
		from_us = to_us;
	}
	if (trace.picture)
		out_print(&out, "</svg>\n");
	out_flush(&out);
	if (trace.fd != plan->log_fd)
		close(trace.fd);
	trace.fd = -1;
}
