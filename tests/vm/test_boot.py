# SPDX-License-Identifier: MIT
"""
nsinit as /init of a machine with nothing on its disk, or none: what its program finds, and what becomes of the status, whatever
goes wrong on the way. One boot a test, or one for all tests of a fixture.
"""

import re
import signal
import socket
import subprocess

import pytest
from guests import PATIENCE, Machine, booted, files, module, tool

pytestmark = pytest.mark.xdist_group("boot")

LOOK = """#!/bin/sh
echo "tty $(tty)"
echo "words $# <$1> <$2>"
echo "name $(hostname) $(cat /proc/1/comm)"
echo "lo $(cat /sys/class/net/lo/flags)"
echo "panic $(cat /proc/sys/kernel/panic)"
echo "swappiness $(cat /proc/sys/vm/swappiness)"
echo "session $(cut -d' ' -f5,6,7 /proc/self/stat)"
echo "oom $(cat /proc/self/oom_score_adj)"
echo "mask $(grep -E 'SigBlk|SigIgn' /proc/self/status | tr -s '\\n\\t' '  ')"
echo "others $(ls -l /proc/$$/fd | grep -vcE 'pipe:|/look$|/dev/console$|^total')"
echo "open $(ulimit -n)"
echo "variables $TERM $HOME $colour $NSINIT_DRAIN"
echo "cwd $(pwd)"
while read -r _ where type options _; do echo "mount $where $type $options"; done </proc/mounts
echo "error" >/dev/stderr
ls -l /dev/fd /dev/stdin | sed 's/.* \\/dev/link/'
echo "loops $(cat /sys/module/loop/parameters/max_loop)"
echo "clock $(date +%Y)"
exit 41
"""


@pytest.fixture(scope="module")
def look(tmp_path_factory):
    """One ordinary boot."""
    tree = files(**{
        "look": LOOK,
        "etc/hostname": "# a comment\nmachine\n",
        "etc/sysctl.d/20-second.conf": "kernel.panic = 8\n# nothing\n-no.such.key = 1\nvm/swappiness=42\nno.key = 1\nnonsense\n",
        "etc/sysctl.d/10-first.conf": "kernel.panic = 7\n",
        "etc/sysctl.d/30-other": "kernel.panic = 9\n",
        "etc/nsinit/modules": "/lib/none.ko\n# nothing\n/lib/junk.ko a=1\n/lib/loop.ko max_loop=3\n/lib/loop.ko\n",
        "lib/junk.ko": b"junk", "lib/loop.ko": module("loop"),
    })
    words = 'quiet colour=green NSINIT_DRAIN=9s nsinit.rlimit=nofile=777 nsinit.verbose -- /look "a b" c=d'
    return booted(tmp_path_factory.mktemp("look"), tree, words)


def test_the_status_goes_to_the_port_and_to_the_console(look):
    assert look.status == 41
    look.line("nsinit: status 41")


@pytest.mark.parametrize("line", [
    "tty /dev/console", r"words 2 <a b> <c=d>", "name machine init", "lo 0x9", "panic 8", "swappiness 42", "oom 0", "open 777",
    "mask SigBlk: 0000000000000000 SigIgn: 0000000000000000 ", "others 0", "variables linux / green 9s", "cwd /", "error",
    "link/fd -> /proc/self/fd", "link/stdin -> /proc/self/fd/0", r"clock 20[2-9]\d",
])
def test_what_a_program_finds(look, line):
    look.line(line)


def test_a_session_of_its_own_with_the_console(look):
    group, session, terminal = map(int, look.line(r"session (\d+) (\d+) (\d+)").groups())
    assert group == session > 1 and terminal != 0


@pytest.mark.parametrize("where, kind, options", [
    ("/proc", "proc", "rw,nosuid,nodev,noexec"), ("/sys", "sysfs", "rw,nosuid,nodev,noexec"), ("/dev", "devtmpfs", "rw,nosuid"),
    ("/dev/pts", "devpts", "rw,nosuid,noexec"), ("/dev/shm", "tmpfs", "rw,nosuid,nodev"), ("/run", "tmpfs", "rw,nosuid,nodev"),
    ("/tmp", "tmpfs", "rw,nosuid,nodev"), ("/dev/mqueue", "mqueue", "rw,nosuid,nodev,noexec"),
    ("/sys/fs/cgroup", "cgroup2", "rw,nosuid,nodev,noexec"),
])
def test_mounts(look, where, kind, options):
    assert look.line(f"mount {where} {kind} (.*)").group(1).startswith(options + ",")


@pytest.mark.parametrize("line", [
    "nsinit: module /lib/none.ko: No such file or directory",
    "nsinit: module /lib/junk.ko: Exec format error; it is of another kernel, or packed",
    r"nsinit: /etc/sysctl.d/20-second.conf: /proc/sys/no/key = 1: No such file or directory",
    r"nsinit: /etc/sysctl.d/20-second.conf: nonsense: not a setting; give KEY = VALUE",
])
def test_what_fails_is_said_and_does_not_stop_it(look, line):
    look.line(line)


def test_a_module_has_its_parameters_and_may_be_in_already(look):
    assert "loop.ko:" not in look.console
    look.line("loops 3")


def test_without_console_and_devices(tmp_path):
    """The kernel finds no /dev/console, so init has no descriptor; and /dev is a tmpfs, which stays and is filled."""
    tree = files(wrap="#!/bin/sh\nmkdir /proc\nrm /dev/console\nmount -t tmpfs none /dev\nexec /init <&- >&- 2>&-\n",
                 look="#!/bin/sh\ntty\nls -l /dev/null /dev/console | tr -s ' ' | cut -d' ' -f1,3-6\nexit 5\n")
    machine = booted(tmp_path, tree, "rdinit=/wrap nsinit.exit-port=/dev/null -- /look")
    machine.line("nsinit: status 5")
    machine.line("/dev/console")
    machine.line("crw-rw-rw- 0 0 1, 3")
    machine.line("crw------- 0 0 5, 1")


def test_a_program_that_does_not_exist(tmp_path):
    machine = booted(tmp_path, files(), "-- /nothing")
    assert machine.status == 127
    machine.line("nsinit: program /nothing: No such file or directory; .*")


def test_wrong_words_end_in_a_shell_and_125(tmp_path):
    """The program does not run; each wrong word is said. In the shell: what a person would see."""
    tree = files(**{"bin/sh": "#!/bin/busybox sh\necho the shell; tty; exec /bin/busybox true\n"})
    machine = booted(tmp_path, tree, "nsinit.grcae=5s nsinit.drain=soon nsinit.pause nsinit.rootfs=/x nsinit.help -- /bin/echo wrong")
    assert machine.status == 125
    machine.line("nsinit: --grcae=5s: no such option; did you mean --grace.")
    machine.line("nsinit: drain soon: not a time; .*")
    machine.line("nsinit: --boot: a machine is no container; .*")
    machine.line("nsinit: --help: no such option.*")
    machine.line("nsinit: the boot ends at its step: options")
    machine.line("the shell")
    assert not re.search("^wrong$", machine.console, re.M)


def test_a_root_that_does_not_come(tmp_path):
    """Waits as told, says which devices there are, and with --failure=end does not stay."""
    (tmp_path / "disk").write_bytes(bytes(1 << 20))
    drivers = ["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk"]
    tree = files(**{f"lib/{name}.ko": module(name) for name in drivers})
    tree["etc/nsinit/modules"] = "".join(f"/lib/{name}.ko\n" for name in drivers)
    machine = booted(tmp_path, tree, "root=LABEL=nobody rootwait=1 nsinit.failure=end",
                     options=["-drive", f"file={tmp_path}/disk,format=raw,if=virtio"])
    assert machine.status == 125
    machine.line("nsinit: root=LABEL=nobody: did not come within 1000 ms; block devices: /dev/vda;")
    machine.line("nsinit: the boot ends at its step: root")


def test_panic_only_where_it_was_asked_for(tmp_path):
    machine = Machine(tmp_path, files(), "nsinit.nothing nsinit.failure=panic").finish()
    assert machine.ended and machine.status is None
    assert "Attempted to kill init! exitcode=0x00007d00" in machine.console


ENDS = """#!/bin/sh
(trap "" TERM HUP; touch /tmp/a; while :; do sleep 0.05; done) &
(trap "" HUP; trap "echo behaves; exit" TERM; touch /tmp/b; while :; do sleep 0.05; done) &
while ! [ -e /tmp/a -a -e /tmp/b ]; do :; done
trap "echo asked; exit 6" TERM
%s
while :; do sleep 0.05; done
"""


@pytest.mark.parametrize("how, told", [
    ("poweroff", "Power down"), ("reboot", "Restarting system"), ("kill -PWR 1", "Power down"), ("kill -INT 1", "Restarting system"),
    ("kill -38 1", "Power down"), ("kill -39 1", "Restarting system"),
])
def test_an_end_that_was_asked_for(tmp_path, how, told):
    """All get a TERM and the time to act on it, who does not is killed and named, and the program's status counts."""
    machine = booted(tmp_path, files(program=ENDS % how), "nsinit.drain=1s -- /program")
    assert machine.status == 6
    machine.line("behaves")
    machine.line("asked")
    machine.line(r"nsinit: drain: \d+ \(program\) outlived its drain: KILL; .*")
    machine.line(rf".*reboot: {told}")


@pytest.mark.parametrize("name, program, status", [
    ("an interactive shell is hung up", "#!/bin/sh\n(sleep 1; poweroff) &\nexec sh -i\n", 129),
    ("everything but PID 1 is killed", "#!/bin/sh\nsleep 1000 &\nsetsid sh -c 'kill -9 -1' &\nexec sleep 1000\n", 137),
    ("the memory is used up", "#!/bin/sh\nx=a\nwhile :; do x=$x$x; done\n", 137),
])
def test_an_end_by_force(tmp_path, name, program, status):
    machine = booted(tmp_path, files(program=program), "-- /program")
    assert machine.status == status, name + machine.console[-2000:]


BOMB = """
#include <signal.h>
#include <unistd.h>
int main(void)
{
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN); /* of the terminal, when its session ends */
  alarm(3);
  for (;;)
    if (fork() == 0)
      alarm(0);
}
"""


def test_a_program_that_forks_for_ever(tmp_path):
    """Its first process is ended by a SIGALRM after a while; the others never do."""
    (tmp_path / "bomb.c").write_text(BOMB)
    subprocess.run([tool("musl-gcc", "musl-tools"), "-static", "-o", tmp_path / "bomb", tmp_path / "bomb.c"], check=True)
    tree = files(**{"bomb": tmp_path / "bomb", "etc/sysctl.d/few.conf": "kernel.pid_max = 500"})  # else it is a test of the OOM killer
    machine = booted(tmp_path, tree, "nsinit.drain=1s -- /bomb", timeout=120)
    assert machine.status == 128 + signal.SIGALRM
    machine.line(r"nsinit: drain: and others")


def test_respawn(tmp_path):
    program = '#!/bin/sh\necho run >>/tmp/runs\n[ "$(wc -l </tmp/runs)" -lt 4 ] && kill -9 $$\npoweroff\nsleep 1000\n'
    machine = booted(tmp_path, files(program=program), "nsinit.respawn -- /program")
    assert machine.status == 143
    assert re.findall(r"^nsinit: /program ended with status 137; again in (\d+) ms$", machine.console, re.M) == ["0", "10", "20"]


def monitor(path, *commands):
    """Says commands to QEMU's monitor, each once its prompt is there: it reads nothing more from who has left."""
    with socket.socket(socket.AF_UNIX) as to_qemu:
        to_qemu.settimeout(PATIENCE)
        to_qemu.connect(str(path))
        for command in (*commands, None):
            said = b""
            while not said.endswith(b"(qemu) "):
                more = to_qemu.recv(4096)
                assert more, said
                said += more
            if command:
                to_qemu.sendall(command.encode() + b"\n")


def test_the_power_button(tmp_path):
    """QEMU presses it; the program gets a TERM, and its status counts."""
    tree = files(**{"lib/button.ko": module("button"), "lib/evdev.ko": module("evdev"),
                    "etc/nsinit/modules": "/lib/button.ko\n/lib/evdev.ko\n",
                    "program": "#!/bin/sh\ntrap 'exit 11' TERM\necho ready\nwhile :; do sleep 0.05; done\n"})
    machine = Machine(tmp_path, tree, "-- /program", options=["-monitor", f"unix:{tmp_path}/monitor,server=on,wait=off"])
    machine.read_until("ready")
    monitor(tmp_path / "monitor", "system_powerdown")
    machine.finish()
    assert machine.ended and machine.status == 11
    machine.line(".*reboot: Power down")


@pytest.mark.parametrize("words, opened, status", [("nsinit.watchdog=2s", "1", 4), ("unfed=1", "0", None)])
def test_watchdog(tmp_path, words, opened, status):
    """With one that resets after 2 s a program of 5 s comes to its end; but not where a program has opened it and feeds nothing."""
    tree = files(**{"lib/watchdog.ko": module("watchdog"), "lib/softdog.ko": module("softdog"),
                    "etc/nsinit/modules": "/lib/watchdog.ko\n/lib/softdog.ko soft_margin=2\n",
                    "program": "#!/bin/sh\necho \"opened $(ls -l /proc/1/fd | grep -c watchdog)\"\n"
                               "[ -n \"$unfed\" ] && exec 3>/dev/watchdog\nsleep 5\nexit 4\n"})
    machine = Machine(tmp_path, tree, words + " -- /program").finish()
    assert machine.ended and machine.status == status
    machine.line("opened " + opened)
