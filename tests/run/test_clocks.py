# SPDX-License-Identifier: MIT
"""Role run: a time namespace and its clocks."""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from containers import Box, host_namespaces, one_line


@pytest.fixture
def timed(nsinit, caller, rootfs):
    if not Path("/proc/self/ns/time").exists():
        pytest.skip("needs a kernel with time namespaces")
    return Box(nsinit, caller, rootfs)


def test_time_namespace_is_new_only_when_asked_for(timed):
    host = host_namespaces()["time"]
    assert timed.run("", ["/bin/probe"]).report["namespaces"]["time"] == host
    with timed.sleeping("--unshare time") as running:
        inodes = [os.stat(f"/proc/{pid}/ns/time").st_ino if os.geteuid() == 0 else None for pid in (running.pid1, running.program)]
        assert inodes[0] == inodes[1] and inodes[0] != host


def uptime(text):
    return float(text.split()[0])


@pytest.mark.parametrize("options, boottime, monotonic", [
    ("--unshare time", 0, 0),
    ("--clock-offset boottime=86400", 86400, 0),
    ("--clock-offset monotonic=86400,boottime=-1 --unshare time", -1, 86400),
    ("--clock-offset monotonic=7 --clock-offset boottime=2000000000", 2000000000, 7),
])
def test_clocks_differ_by_the_offset(timed, options, boottime, monotonic):
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    result = timed.sh(options, "cat /proc/uptime /proc/self/timens_offsets")
    after = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before + boottime - 0.02 <= uptime(result.out) <= after + boottime + 0.02, result
    assert re.findall(r"(-?\d+) +0$", result.out, re.M)[-2:] == [str(monotonic), str(boottime)], result


def test_monotonic_clock_of_a_program(nsinit, user):
    script = "import time, json; print(json.dumps([time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME)]))"
    before = time.monotonic()
    result = Box(nsinit, user).run("--clock-offset monotonic=1000000", [sys.executable, "-c", script])
    assert result.status == 0, result
    assert before + 1000000 <= json.loads(result.out)[0] <= time.monotonic() + 1000000


def test_deadlines_are_right_in_another_time(timed):
    """PID 1 is in the new time as well: --grace must neither be at once nor never."""
    launcher = timed.start("--clock-offset monotonic=1000000,boottime=1000000 --grace 100ms",
                           ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.01; done"])
    assert launcher.line() == "ready"
    launcher.send(signal.SIGTERM)
    assert launcher.finish().status == 128 + signal.SIGKILL


@pytest.mark.parametrize("options, words", [
    ("--clock-offset boottime=-2000000000", ("time namespace:", "--clock-offset would set a clock before its start")),
    ("--clock-offset realtime=5", ("--clock-offset realtime=5:", "monotonic=SECONDS")),
    ("--clock-offset boottime=1h", ("--clock-offset boottime=1h:", "monotonic=SECONDS")),
    ("--clock-offset boottime=1 --share time", ("--clock-offset:", "leave --share time out")),
    ("--unshare time --share time", ("--unshare and --share", "leave it out of one")),
])
def test_clocks_that_cannot_be(timed, options, words):
    one_line(timed.run(options, ["/bin/true"]), 125, *words)


def test_no_time_namespace_to_be_had(nsinit, user):
    """As where the kernel has none: a limit of 0 in a user namespace of ours."""
    if not Path("/proc/self/ns/time").exists():
        pytest.skip("needs a kernel with time namespaces")
    script = f"echo 0 >/proc/sys/user/max_time_namespaces && exec {nsinit} --unshare time true"
    result = user.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script])
    one_line(result, 125, "time namespace:", "user.max_time_namespaces")
