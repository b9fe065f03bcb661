# SPDX-License-Identifier: MIT
"""The sockets of a supervisor against processes that mean harm: those of ordinary users, which may look and not touch."""

import os
import sys

import pytest
from harness import USER_ID
from services import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")

# Takes every place that there is, and stays.
HOLDER = f"""
import os, socket, time
os.setgid({USER_ID}); os.setuid({USER_ID})
held = []
while len(held) < 64:
    one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    one.connect("/run/nsinit/control")
    one.settimeout(0.05)
    try:
        if one.recv(4096):
            break
    except TimeoutError:
        held.append(one)
print(len(held), flush=True)
time.sleep(1000)
"""


def test_places_that_are_all_taken_are_root_s(world):
    world.service("web", "ExecStart=/bin/sleep 1000")
    (world.directory / "holder").write_text(HOLDER)
    result = world.run(f"{sys.executable} -u holder >held & {wait_for('[ -s held ]')} nsctl is-active web; nsctl stop web && echo stopped")
    held = int((world.directory / "held").read_text())
    assert 0 < held < 64
    assert (result.status, result.out) == (0, "active\nstopped\n"), result


def test_those_of_root_are_nobody_else_s(world):
    """Root's own places are not given to others, nor taken by root itself: who holds them is at work."""
    world.service("web", "ExecStart=/bin/sleep 1000")
    (world.directory / "holder").write_text(HOLDER.replace("os.setgid", "0 and os.setgid").replace("os.setuid", "0 and os.setuid"))
    result = world.run(f"{sys.executable} -u holder >held & {wait_for('[ -s held ]')} nsctl is-active web")
    assert result.status != 0 and "too many clients" in result.err, result
