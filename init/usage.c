/* SPDX-License-Identifier: MIT
 *
 * The last words about a container with limits.
 */
#include "usage.h"

#include <sys/resource.h>

#include "log.h"
#include "out.h"
#include "value.h"

/* v1 counts processor time only in a hierarchy of its own; of the children that were waited for the kernel has it anyway. */
static void complete(struct cgroup_usage *usage)
{
	struct rusage children;

	if (usage->user_ms >= 0 || getrusage(RUSAGE_CHILDREN, &children) < 0)
		return;
	usage->user_ms = (long)children.ru_utime.tv_sec * 1000 + (long)children.ru_utime.tv_usec / 1000;
	usage->system_ms = (long)children.ru_stime.tv_sec * 1000 + (long)children.ru_stime.tv_usec / 1000;
}

static void add(struct out *out, const char *before, long number, const char *behind)
{
	if (number >= 0)
		out_print(out, "%s%s%ld%s", out->length > 0 ? ", " : "", before, number, behind);
}

void usage_report(const struct plan *plan, const struct cgroup *cgroup)
{
	struct out out = OUT(-1);
	struct cgroup_usage usage;
	char size[24];

	cgroup_read_usage(cgroup, &usage);
	complete(&usage);
	if (usage.oom_kills > 0)
		log_warning("--memory %s: was not enough, and the kernel killed %ld %s of the container; give it more",
		            value_size_text(plan->memory_kib, size), usage.oom_kills, usage.oom_kills == 1 ? "process" : "processes");
	add(&out, "memory at most ", usage.peak_kib, " KiB");
	add(&out, "CPU ", usage.user_ms, " ms user");
	add(&out, "", usage.system_ms, " ms system");
	add(&out, "OOM kills ", usage.oom_kills, "");
	add(&out, "refused forks ", usage.refused_forks, "");
	out_char(&out, '\0');
	log_info("used: %s", out.text);
}
