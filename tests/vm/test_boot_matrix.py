# SPDX-License-Identifier: MIT
"""nsinit as /init, on each kernel and architecture that it is for: a quick row, the others with the slow ones."""

import pytest

KERNELS = ["amd64", *(pytest.param(name, marks=pytest.mark.slow) for name in ("amd64-5.10", "amd64-6.12", "arm64", "armv7", "riscv64"))]

SCRIPT = """
echo $PPID; cat; readlink /proc/1/exe
for place in /proc /sys /dev /dev/pts /run /tmp; do grep -q " $place " /proc/mounts || echo "$place is not mounted"; done
(sleep 0.05 &); ip link show lo | grep -q ,UP || echo "lo is down"
echo words for errors >/dev/stderr
exit 9
"""


@pytest.mark.parametrize("name", KERNELS)
def test_boot(boot, name):
    assert boot("--", "sh", "-c", SCRIPT, name=name, stdin=b"in\n") == (9, b"1\nin\n/init\n", "words for errors\n")


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in ("amd64", "amd64-5.10", "amd64-6.12")])
def test_boot_of_a_micro_machine(boot, name):
    assert boot("--machine", "microvm", "--", "sh", "-c", SCRIPT, name=name, stdin=b"in\n") == (9, b"1\nin\n/init\n", "words for errors\n")


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.slow
def test_status_of_a_signal(boot, name):
    assert boot("--", "sh", "-c", "kill -9 $$", name=name) == (137, b"", "")


@pytest.mark.parametrize("name", KERNELS)
def test_a_service(boot, name):
    """Its process is made in another way than the program's, by calls whose form differs between architectures."""
    files = {"list": "file /etc/nsinit/one.service one.service\n",
             "one.service": "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo $$PPID ran >/run/one'\n"}
    assert boot("--list", "list", "--", "cat", "/run/one", name=name, files=files) == (0, b"1 ran\n", "")
