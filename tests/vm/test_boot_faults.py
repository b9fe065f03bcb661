# SPDX-License-Identifier: MIT
"""
What a boot is to survive: a kernel that refuses it something, a root with nothing in it, a service that forks for ever. And what it hands
on: to the next init, to who resolves names, to who is asked first. One boot a test.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from guests import NODE, Machine, booted, files, module, tool
from test_boot import monitor
from test_boot_disk import DRIVERS, disk, drivers, ext4, tree_for_root

pytestmark = pytest.mark.xdist_group("boot-faults")

# PID 1 has its second mount of a kernel file system refused, which the list shows to be that of devtmpfs.
REFUSED = """#!/bin/sh
mkdir /proc
mount -t proc proc /proc
strace -p 1 -o /calls -e trace=mount -e inject=mount:error=%s:when=2 &
while grep -q "TracerPid:.0$" /proc/1/status; do :; done
exec /init
"""
NODES = """#!/bin/sh
tty
grep -c INJECTED /calls
grep INJECTED /calls | grep -c '"devtmpfs", "dev", "devtmpfs"'
grep " /dev " /proc/mounts
ls -l /dev/zero /dev/console | tr -s ' ' | cut -d' ' -f1,3-6
echo words >/dev/null && echo >/dev/tty && exit 5
"""


def with_libraries(path):
    """A program of this machine and what it is linked with, at their places."""
    told = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    return {name.lstrip("/"): Path(name).resolve() for name in [path, *re.findall(r"(?:=> )?(/\S+) \(", told)]}


@pytest.mark.parametrize("error, told", [
    ("ENODEV", "dev /dev tmpfs rw,nosuid.*"),  # a kernel without it
    ("EPERM", "nsinit: mount devtmpfs on /dev: Operation not permitted"),
], ids=["no devtmpfs", "refused"])
def test_without_devtmpfs(tmp_path, error, told):
    tree = files(wrap=REFUSED % error, look=NODES, **{"dev/null": (NODE | 0o666, b"", (1, 3))}, **with_libraries(tool("strace", "strace")))
    machine = booted(tmp_path, tree, "rdinit=/wrap nsinit.exit-port=/dev/null -- /look")
    machine.line("nsinit: status 5")
    machine.line("/dev/console\n1\n1")
    machine.line(told.replace("dev /dev tmpfs", "(dev|tmpfs) /dev tmpfs"))
    machine.line("crw-rw-rw- 0 0 1, 5")
    machine.line("crw------- 0 0 5, 1")


@pytest.mark.parametrize("streams, lines", [
    ("", ["not a tty", "nsinit: console /dev/console: Not a directory; the program has no terminal", "nsinit: status 5"]),
    ("<&- >&- 2>&-", []),  # nobody can hear it
])
def test_a_file_where_devices_should_be(tmp_path, streams, lines):
    wrap = f"#!/bin/sh\nmkdir /proc\nrm -r /dev\necho >/dev\nexec /init {streams}\n"
    machine = booted(tmp_path, files(wrap=wrap, look="#!/bin/sh\ntty\nexit 5\n"), "rdinit=/wrap -- /look")
    for line in [*lines, ".*reboot: Power down"]:
        machine.line(line)


def root_without(path, *names, **others):
    tree = tree_for_root(path / "root", **others)
    for name in names:
        shutil.rmtree(tree / name)
    return ext4(path / "root.img", 16, "-d", tree)


def test_a_read_only_root_without_a_place_for_the_kernels_file_systems(tmp_path):
    image = root_without(tmp_path, "dev")
    machine = booted(tmp_path, drivers(), "root=/dev/vda nsinit.failure=end -- /look", options=disk(image))
    assert machine.status == 125
    machine.line("nsinit: root=/dev/vda: its /dev: Read-only file system; make that directory in it")
    machine.line("nsinit: the boot ends at its step: root")


def test_a_read_only_root_with_little_in_it(tmp_path):
    image = root_without(tmp_path, "run", "tmp", "etc", "data", "var")
    machine = booted(tmp_path, drivers(), "root=/dev/vda -- /look", options=disk(image))
    assert machine.status == 12
    machine.line("nsinit: mount tmpfs on /run: No such file or directory")


def test_the_next_init_finds_the_keys_as_the_kernel_had_them(tmp_path):
    """Ctrl-Alt-Del, which is a signal for nsinit; and no signal is blocked."""
    tell = "#!/bin/sh\necho \"keys $(cat /proc/sys/kernel/ctrl-alt-del)\"\ngrep SigBlk /proc/self/status\n"
    image = root_without(tmp_path, other=tell + "exec /sbin/init\n", look=tell + "exit 6\n")
    machine = booted(tmp_path, drivers(), "root=/dev/vda init=/other -- /look", options=disk(image))
    assert machine.status == 6
    assert re.findall("^keys (.)$", machine.console, re.M) == ["1", "0"]
    assert machine.console.count("SigBlk:\t0000000000000000") == 2


def test_a_service_that_forks_for_ever(tmp_path):
    """The program, and the end of the machine, come through."""
    tree = files(program="#!/bin/sh\necho \"runs\"\nexit 3\n", bomb="#!/bin/sh\ntrap '' TERM\n/bomb &\n/bomb &\nwait\n", **{
        "etc/nsinit/bomb.service": "[Service]\nExecStart=/bomb\nTimeoutStopSec=1\n", "etc/sysctl.d/few.conf": "kernel.pid_max = 500"})
    machine = booted(tmp_path, tree, "nsinit.drain=1s -- /program")
    assert machine.status == 3
    machine.line("runs")
    machine.line(".*reboot: Power down")


PROMPT = r"(?s)(?:Press Enter to start /program\s.*?)"


def test_a_program_that_is_started_when_asked_for(tmp_path):
    """Each time; what is typed before is not for it. The machine's end needs no answer."""
    program = "#!/bin/sh\necho run >>/tmp/runs\necho \"begins $(wc -l </tmp/runs)\"\nread -r line\necho \"got $line\"\n"
    machine = Machine(tmp_path, files(program=program), "nsinit.ask-first nsinit.respawn -- /program",
                      options=["-monitor", f"unix:{tmp_path}/monitor,server=on,wait=off"])
    for run in "12":
        machine.read_until(PROMPT + "{" + run + "}")
        assert f"begins {run}" not in machine.said.decode()
        machine.type("ignored\n")
        machine.read_until(f"begins {run}")
        machine.type(f"word{run}\n")
        machine.read_until(f"got word{run}\\s")
    machine.read_until(PROMPT + "{3}")
    monitor(tmp_path / "monitor", "sendkey ctrl-alt-delete")
    machine.finish()
    assert machine.ended and machine.status == 0 and "begins 3" not in machine.console


NETWORK = [*DRIVERS[:5], "failover", "net_failover", "virtio_net"]
SERVERS = "nameserver 10.0.2.3\nnameserver 9.9.9.9\n"


@pytest.mark.parametrize("before, after", [
    (None, SERVERS), ("", SERVERS), ("search here\n", "search here\n"),
], ids=["no file", "empty", "somebody's"])
def test_an_address_with_name_servers(tmp_path, before, after):
    look = "#!/bin/sh\nip addr show eth0 | grep -o 'inet [^ ]*'\nhostname\ncat /etc/resolv.conf; exit 4\n"
    tree = files(look=look, **{f"lib/{name}.ko": module(name) for name in NETWORK})
    tree["etc/nsinit/modules"] = "".join(f"/lib/{name}.ko\n" for name in NETWORK)
    tree["etc/hostname"] = "of-the-file\n"
    if before is not None:
        tree["etc/resolv.conf"] = before
    machine = booted(tmp_path, tree, "ip=10.0.2.15::10.0.2.2:255.255.255.0:of-the-line:eth0:off:10.0.2.3:9.9.9.9 -- /look",
                     options=["-nic", "user,restrict=on,model=virtio-net-pci"])
    assert machine.status == 4
    machine.line("inet 10.0.2.15/24")
    assert f"of-the-line\n{after}nsinit: status" in machine.console
