/* SPDX-License-Identifier: MIT
 *
 * DeviceAllow and DevicePolicy: what they name, in the cgroup of a service.
 */
#ifndef SLICE_DEVICES_H
#define SLICE_DEVICES_H

#include "launch.h"
#include "place.h"

/* Lets the cgroup use the devices that launch asks for. Says what fails. */
void slice_devices(const struct place *place, const struct launch *launch);

#endif
