/* SPDX-License-Identifier: MIT
 *
 * The capability sets of the program. The bounding set is cut while we are still privileged, the others after
 * the change of user.
 */
#include "caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>

#include "child.h"
#include "sys.h"

enum {
	CAPABILITIES = 64, /* more than any kernel has; the first unknown one ends the loop */
};

static uint64_t ambient(const struct plan *plan)
{
	return plan->identity.set && plan->identity.uid != 0 ? plan->cap_add : 0;
}

int caps_bound(struct child *child)
{
	const struct plan *plan = child->plan;

	if (plan->traits.secure_bits && prctl(PR_SET_SECUREBITS, plan->traits.secure_bits, 0, 0, 0) < 0)
		return -1;
	if (!plan->limit_capabilities)
		return 0;
	for (unsigned long capability = 0; capability < CAPABILITIES; capability++) {
		if (plan->capabilities & (UINT64_C(1) << capability))
			continue;
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			break;
		/* Who cannot cut it, a user without privilege, has nothing in it that could be used either. */
		if (!sys_has_capability(CAP_SETPCAP))
			break;
		return -1;
	}
	/* The change of user would clear what the ambient set needs. */
	return ambient(plan) ? prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) : 0;
}

int caps_apply(struct child *child)
{
	const struct plan *plan = child->plan;
	uint64_t kept = ambient(plan), permitted;

	if (!plan->limit_capabilities)
		return 0;
	/* Of the default set what we have; what was asked for must be there. */
	permitted = plan->identity.set && plan->identity.uid != 0 ? kept : (plan->capabilities & sys_permitted()) | plan->cap_add;
	if (sys_set_capabilities(permitted, kept) < 0)
		return -1;
	for (unsigned long capability = 0; capability < CAPABILITIES; capability++)
		if ((kept & (UINT64_C(1) << capability)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
			return -1;
	return 0;
}
