# SPDX-License-Identifier: MIT
"""
--memory, --cpus and --pids where cgroup2 has the controllers: in a guest under QEMU, because a machine has each controller
in one hierarchy only. The guest is Debian's cloud kernel, busybox and cgroup_v2_init; its checks are lines on the serial
console, one test each here. A check whose line does not come has failed.
"""

import re
from pathlib import Path

import pytest
from guests import BUILD, DIRECTORY, booted, files

HERE = Path(__file__).resolve().parent
CHECKS = re.search(r"^for name in (.*?);", (HERE / "cgroup_v2_init").read_text(), re.M | re.S).group(1).replace("\\", "").split()

pytestmark = pytest.mark.xdist_group("cgroup-v2")  # one worker, one boot


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """What the guest said, whole."""
    guest = files(**{"bin/nsinit": BUILD / "nsinit", "init": HERE / "cgroup_v2_init"})
    for directory in ("proc", "sys"):
        guest[directory] = (DIRECTORY | 0o755,)
    return booted(tmp_path_factory.mktemp("guest"), guest, "", options=["-m", "512"]).console


@pytest.mark.parametrize("name", CHECKS)
def test_cgroup_v2(console, name):
    line = re.search(rf"^check {name} (\d+) (.*?)\r?$", console, re.M)
    assert line, f"no line of {name}; the console ends with: {console[-1500:]}"
    assert line.group(1) == "0", line.group(2)


def test_the_guest_came_to_its_end(console):
    assert re.search(r"^checks done\r?$", console, re.M), console[-1500:]
