/* SPDX-License-Identifier: MIT
 *
 * How the kernel treats the process of a service: when it runs, on which processors, as which kind of machine.
 */
#include "traits.h"

#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>

#include "child.h"
#include "sys.h"

static int set_affinity(const struct traits *traits)
{
	return sched_setaffinity(0, sizeof traits->cpus, (const void *)traits->cpus);
}

static int set_scheduler(const struct traits *traits)
{
	return sys_schedule(traits->policy | traits->reset_on_fork, traits->priority);
}

static int set_io(const struct traits *traits)
{
	return sys_io_priority(traits->io_class, traits->io_priority);
}

static int set_slack(const struct traits *traits)
{
	return prctl(PR_SET_TIMERSLACK, traits->slack_ns, 0, 0, 0);
}

static int set_personality(const struct traits *traits)
{
	return personality(traits->personality);
}

int traits_apply(struct child *child)
{
	static int (*const setters[TRAITS])(const struct traits *) = {
		[TRAIT_AFFINITY] = set_affinity, [TRAIT_SCHEDULER] = set_scheduler, [TRAIT_IO] = set_io, [TRAIT_SLACK] = set_slack,
		[TRAIT_PERSONALITY] = set_personality,
	};
	const struct traits *traits = &child->plan->traits;

	for (int trait = 0; trait < TRAITS; trait++) {
		child->fault.index = trait;
		if ((traits->set & 1U << trait) && setters[trait](traits) < 0)
			return -1;
	}
	return 0;
}

/* Where it is forbidden, as in most containers, or there are too many, the service does without unless it asks for it. */
int traits_keyring(struct child *child)
{
	const struct traits *traits = &child->plan->traits;

	if (sys_join_keyring() < 0)
		return traits->keyring == KEYRING_PRIVATE_IF_ANY ? 0 : -1;
	return traits->keyring == KEYRING_SHARED ? sys_link_user_keyring() : 0;
}
