# SPDX-License-Identifier: MIT
"""
The cgroups of services on a machine with v1 hierarchies and cgroup2 beside them; tests/vm/test_services_cgroup.py has cgroup2 alone.

A service says itself which cgroups it is in. They are in a directory that only this nsinit has; each test ends by looking for that.
"""

import os
import re
from pathlib import Path

import pytest
from harness import checked
from services import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for cgroups")

PYTHON = "/usr/bin/python3"
# A process that no session, no parent and no environment leads back to its service; name is argv[0].
STRAY = """
import os, signal, sys
if len(sys.argv) == 2:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in sys.argv[1] else signal.SIG_DFL)
            os.execve(sys.executable, [sys.executable, __file__, sys.argv[1], "again"], {})
    else:
        os.wait()
elif "comet" in sys.argv[1]:
    while True:  # never the same process for longer than a moment
        if os.fork():
            os._exit(0)
        os.setsid()
else:
    signal.pause()
"""


def mounted():
    """Mount point of each v1 controller, and "" for cgroup2."""
    found = {}
    for line in Path("/proc/thread-self/mountinfo").read_text().splitlines():
        point, kind, options = line.split()[4], *line.rpartition(" - ")[2].split()[::2]
        if kind == "cgroup":
            found.update({name: point for name in options.split(",")})
        elif kind == "cgroup2":
            found[""] = point
    return found


MOUNTED = mounted()


def needs(*controllers):
    missing = [name or "cgroup2" for name in controllers if name not in MOUNTED]
    return pytest.mark.skipif(bool(missing), reason=f"no hierarchy for {', '.join(missing)}; tests/vm tests cgroup2")


pytestmark = [pytestmark, needs("")]


@pytest.fixture
def grouped(world):
    """A world whose units name the script of strays, and in which nothing may be left of any cgroup that its services were in."""
    (world.directory / "stray.py").write_text(STRAY)
    (world.directory / "limit").write_text(LIMIT)
    yield world
    slices = set(re.findall(r"/(nsinit-1-[0-9a-f]+)/", "".join(world.lines("cgroup"))))
    assert slices, "no service has said where it was"
    left = [name for point in set(MOUNTED.values()) for _, names, _ in os.walk(point) for name in names if name in slices]
    assert not left, "cgroups left behind"


WHERE = "ExecStartPre=/bin/sh -c 'cat /proc/self/cgroup >>@/cgroup'\n"
# Prints a file of the cgroup that it is in itself, in the hierarchy of a controller that is mounted there.
LIMIT = """#!/bin/sh
cat "$2$(awk -F: -v c="$1" '$2 ~ "(^|,)" c "(,|$)" { print $3 }' /proc/self/cgroup)/$3"
"""


def stray(name):
    """Whether a stray of this name is there, for a shell, which has these words itself."""
    return f"cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -q 'stray[.]py {name} again'"


MAIN = "$(nsctl show -p MainPID --value {})"  # for a shell


def show(controller, name):
    return f"/bin/sh -c '/bin/sh @/limit {controller} {MOUNTED.get(controller)} {name} >>@/notes"


def test_every_process_of_a_service_is_in_its_cgroup(grouped):
    grouped.service("one", WHERE + "ExecStart=/bin/sh -c 'grep ^0: /proc/self/cgroup >>@/notes; exec sleep 1000'\n"
                    "ExecStartPost=/bin/sh -c 'grep ^0: /proc/self/cgroup >>@/notes'\n"
                    "ExecStop=/bin/sh -c 'grep ^0: /proc/self/cgroup >>@/notes'")
    grouped.service("two", "Type=oneshot\nExecStart=/bin/sh -c 'grep ^0: /proc/self/cgroup >>@/notes'", "After=one.service")
    assert grouped.run(wait_for("[ $(cat notes | wc -l) = 3 ]") + "cat /proc/self/cgroup >>outside").status == 0
    names = [line.rpartition("/")[2] for line in grouped.lines()]
    assert sorted(names) == ["one.service"] * 3 + ["two.service"]
    assert "nsinit-1-" not in "".join(grouped.lines("outside"))


@pytest.mark.parametrize("mode", ["control-group", "mixed"])
def test_stop_finds_who_has_left_everything_but_the_cgroup(grouped, mode):
    grouped.service("tree", f"KillMode={mode}\n" + WHERE + f"ExecStart=/bin/sh -c '{PYTHON} @/stray.py quiet; exec sleep 1000'")
    result = grouped.run(wait_for(stray("quiet")) + f"nsctl stop tree; {stray('quiet')} && echo left")
    assert "left" not in result.out, result


@pytest.mark.parametrize("mode", ["process", "none"])
def test_who_may_stay_keeps_the_cgroup_until_the_end(grouped, mode):
    """The next start says that somebody is there; when they end, nothing else is needed for the cgroup to go."""
    grouped.service("tree", f"KillMode={mode}\n{WHERE}ExecStart=/bin/sh -c '"
                    f"[ -e @/once ] || {PYTHON} @/stray.py quiet; : >@/once; exec sleep 1000'"
                    "\nExecStop=/bin/sh -c 'kill $MAINPID'")
    directory = f"d={MOUNTED['']}$(sed -n s,^0::,,p cgroup | tail -n 1); "
    result = grouped.run(
        wait_for("[ -e once ] && " + stray("quiet")) + "nsctl stop tree; " + stray("quiet") + " && echo left; "
        "nsctl start tree; nsctl stop tree; " + directory +
        "[ -d $d ] && echo kept; kill $(cat $d/cgroup.procs); " + wait_for("[ ! -d $d ]") + "echo gone")
    assert result.out == "left\nkept\ngone\n", result
    assert "processes of an earlier run are left in its cgroup" in result.err


def test_who_forks_for_ever_is_stopped(grouped):
    """It ignores TERM, and whoever looks at processes one after the other never meets it."""
    grouped.service("bomb", WHERE + f"TimeoutStopSec=200ms\nExecStart=/bin/sh -c '{PYTHON} @/stray.py deaf-comet; exec sleep 1000'")
    result = grouped.run(wait_for(stray("deaf-comet")) + f"nsctl stop bomb; nsctl is-active bomb; {stray('deaf-comet')} && echo left")
    assert result.out == "failed\n" and "outlived its TimeoutStopSec of 200 ms: KILL" in result.err, result


def test_the_end_of_everything_ends_them_too(grouped):
    grouped.service("bomb", WHERE + f"TimeoutStopSec=200ms\nExecStart=/bin/sh -c '{PYTHON} @/stray.py deaf-comet; exec sleep 1000'")
    assert grouped.run(wait_for(stray("deaf-comet")) + "exit 3").status == 3


def test_daemon_is_found_in_its_cgroup(grouped):
    """The main process is guessed although nothing but the cgroup tells that it is the service's."""
    grouped.service("daemon", "Type=forking\n" + WHERE + f"ExecStart={PYTHON} @/stray.py daemon\nRestart=no")
    result = grouped.run(f"nsctl; nsctl is-active daemon; kill {MAIN.format('daemon')}; "
                         + wait_for("[ $(nsctl is-active daemon) = inactive ]"))
    assert "daemon.service                 running" in result.out and "\nactive\n" in result.out, result


def test_stray_may_speak_for_its_service(grouped):
    said = ("import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect('/run/nsinit/notify'); "
            "s.send(b'STATUS=heard')")
    (grouped.directory / "say.py").write_text(f"import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
                                              f"        os.execve('{PYTHON}', ['{PYTHON}', '-c', \"\"\"{said}\"\"\"], {{}})\n")
    grouped.service("one", "NotifyAccess=all\n" + WHERE + f"ExecStart=/bin/sh -c '{PYTHON} @/say.py; exec sleep 1000'")
    assert grouped.run(wait_for("nsctl status one | grep -q 'Status: heard'") + "exit 5").status == 5


# ---- limits ----

VALUES = {
    "MemoryMax": ("MemoryMax=64M", "memory", "memory.limit_in_bytes", str(64 << 20)),
    "MemoryLimit": ("MemoryLimit=65536K", "memory", "memory.limit_in_bytes", str(64 << 20)),
    "MemoryMax-infinity": ("MemoryMax=64M\nMemoryMax=infinity", "memory", "memory.limit_in_bytes", str((1 << 63) - 4096)),
    "TasksMax": ("TasksMax=33", "pids", "pids.max", "33"),
    "TasksMax-infinity": ("TasksMax=33\nTasksMax=infinity", "pids", "pids.max", "max"),
    "CPUQuota": ("CPUQuota=150%", "cpu", "cpu.cfs_quota_us", "150000"),
    "CPUQuota-least": ("CPUQuota=0.5%", "cpu", "cpu.cfs_quota_us", "1000"),
    "CPUWeight": ("CPUWeight=200", "cpu", "cpu.shares", "2048"),
    "CPUShares": ("CPUShares=512", "cpu", "cpu.shares", "512"),
    "IOWeight": ("IOWeight=50", "blkio", "blkio.bfq.weight", "50"),
    "BlockIOWeight": ("BlockIOWeight=100", "blkio", "blkio.bfq.weight", "20"),
}


def has_file(controller, name):
    """Whether a cgroup, other than the root, has it."""
    directory = Path(MOUNTED.get(controller, "/nowhere")) / f"test-{os.getpid()}"
    try:
        directory.mkdir()
    except OSError:
        return False
    found = (directory / name).exists()
    directory.rmdir()
    return found


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.skipif(not has_file(*row[1:3]), reason=f"there is no {row[2]} here"))
                                  for name, row in VALUES.items()])
def test_limits_are_written(grouped, name):
    directive, controller, file, value = VALUES[name]
    grouped.service("one", f"Type=oneshot\n{directive}\n" + WHERE + f"ExecStart={show(controller, file)}'")
    result = grouped.run("true")
    assert grouped.lines() == [value] and "no effect" not in result.err, result


FORKS = """
import os, signal
for n in range(50):
    try:
        os.fork() or signal.pause()
    except OSError:
        break
open('@/notes', 'a').write(f'{n}\\n')
signal.pause()
"""


@needs("pids")
def test_part_of_all_tasks(grouped):
    grouped.service("one", f"Type=oneshot\nTasksMax=10%\n{WHERE}ExecStart={show('pids', 'pids.max')}'")
    result = grouped.run("echo $(($(sort -n /proc/sys/kernel/pid_max /proc/sys/kernel/threads-max | head -n 1) / 10))")
    assert grouped.lines() == [result.out.strip()], result


@needs("memory")
def test_memory_limit_ends_the_service_and_says_so(grouped):
    grouped.service("hog", f"MemoryMax=40M\nMemorySwapMax=0\n{WHERE}ExecStart={PYTHON} -c 'len(bytearray(200 << 20))'\n"
                    "ExecStopPost=/bin/sh -c 'echo $SERVICE_RESULT >>@/notes'")
    grouped.service("fits", f"Type=oneshot\nMemoryMax=400M\nExecStart={PYTHON} -c 'len(bytearray(200 << 20))'")
    result = grouped.run(wait_for("[ -s notes ]") + "nsctl is-active hog; nsctl show -p Result --value fits")
    assert grouped.lines() == ["oom-kill"] and result.out == "failed\nsuccess\n", result
    assert "hog.service: the kernel killed a process of it for lack of memory" in result.err


@needs("pids")
def test_tasks_limit_refuses_forks(grouped):
    (grouped.directory / "forks.py").write_text(FORKS.replace("@", str(grouped.directory)))
    grouped.service("forks", f"TasksMax=7\n{WHERE}ExecStart={PYTHON} @/forks.py\nExecStartPost=/bin/sh -c '"
                    + wait_for("[ -s @/notes ]").replace("$", "$$") + "'")
    result = grouped.run("true")
    assert grouped.lines() and 1 <= int(grouped.lines()[0]) <= 6, (result, grouped.lines())


def test_limits_outlive_a_restart(grouped):
    grouped.service("one", f"TasksMax=33\nRestart=always\nRestartSec=0\n{WHERE}"
                    f"ExecStart={show('pids', 'pids.max')}; exec sleep 1000'")
    grouped.run(wait_for("[ -s notes ]") + f"kill -9 {MAIN.format('one')}; " + wait_for("[ $(cat notes | wc -l) = 2 ]"))
    assert grouped.lines() == ["33", "33"]


@pytest.mark.parametrize("user,can", [("User=nobody\nDelegate=yes", True), ("User=nobody\nDelegate=pids memory", True),
                                      ("User=nobody", False)])
def test_delegated_cgroup_is_the_users(grouped, user, can):
    """It makes cgroups in it and moves there, and nothing of that stays."""
    script = f"d={MOUNTED['']}$(sed -n s,^0::,,p /proc/self/cgroup); mkdir $d/a $d/a/b && echo 0 >$d/a/b/cgroup.procs && exec sleep 1000"
    (grouped.directory / "divide").write_text(script)
    grouped.directory.chmod(0o755)
    grouped.service("one", f"{user}\n{WHERE.replace('=', '=+', 1)}ExecStart=/bin/sh @/divide")
    there = f"grep -q '^0:.*one.service/a/b$' /proc/{MAIN.format('one')}/cgroup"
    result = grouped.run(wait_for(there if can else "nsctl is-active one | grep -q failed") + "nsctl stop one; true")
    assert result.status == 0, result


# ---- devices ----

# Prints whether zero can be read and written, null written, and whether a node of misc and one of a loop device can be made.
DEVICES = """#!/bin/sh
d=$(mktemp -d)
try() { "$@" 2>&- && printf 'yes ' || printf 'no '; }
readable() { head -c 1 "$1" >$d/x; }
writable() { (echo >"$1"); }
try readable /dev/zero; try writable /dev/zero; try writable /dev/null; try mknod $d/misc c 10 200; try mknod $d/loop b 7 0
rm -r $d
"""
ALLOWED = {
    "": "yes yes yes yes yes",
    "DevicePolicy=auto": "yes yes yes yes yes",
    "DevicePolicy=closed": "yes yes yes no no",
    "DevicePolicy=strict": "no no no no no",
    "DevicePolicy=strict\nDeviceAllow=/dev/zero r": "yes no no no no",
    "DevicePolicy=strict\nDeviceAllow=/dev/zero r\nDeviceAllow=/dev/zero w\nDeviceAllow=/dev/none": "yes yes no no no",
    "DeviceAllow=char-misc": "yes yes yes yes no",
    "DeviceAllow=char-m?sc r": "yes yes yes no no",
    "DeviceAllow=block-* m": "yes yes yes no yes",
    "DeviceAllow=char-misc\nDeviceAllow=": "yes yes yes yes yes",
}


@needs("devices")
@pytest.mark.parametrize("directives", ALLOWED)
def test_devices(grouped, directives):
    (grouped.directory / "try").write_text(DEVICES)
    grouped.service("one", f"Type=oneshot\n{directives}\n{WHERE}ExecStart=/bin/sh -c '/bin/sh @/try >>@/notes'")
    result = grouped.run("true")
    assert [line.strip() for line in grouped.lines()] == [ALLOWED[directives]] and "no effect" not in result.err, (result, grouped.lines())


# ---- without ----


def test_without_cgroups_it_is_said_and_everything_else_works(world):
    def scene():
        checked("mount", b"run", b"/run", b"tmpfs", 0, None)
        checked("mount", b"none", b"/sys/fs/cgroup", b"tmpfs", 0, None)

    world.service("one", "Type=oneshot\nMemoryMax=64M\nTasksMax=10\nTasksMax=infinity\nDelegate=yes\nOOMPolicy=kill\nCPUWeight=100\n"
                  "DevicePolicy=closed\n"
                  "ExecStart=/bin/sh -c 'cat /proc/self/cgroup >>@/cgroup'")
    world.service("two", "ExecStart=/bin/sleep 1000\nTasksMax=infinity\nDelegate=no")
    argv = [world.nsinit, "--services", f"{world.directory}/units", "--", "true"]
    result = world.root.start(argv, pid1=True, setup=scene).finish()
    assert result.status == 0 and "nsinit-1-" not in "".join(world.lines("cgroup"))
    assert ("one.service: no effect here, for lack of a cgroup that can have it: MemoryMax TasksMax Delegate OOMPolicy CPUWeight "
            "DevicePolicy\n" in result.err)
    assert "two.service: no effect" not in result.err


def test_verify_does_not_say_what_only_a_start_can_know(root, nsinit, scratch):
    (scratch / "one.service").write_text("[Service]\nExecStart=/bin/true\nMemoryMax=1G\nMemoryLow=x\nCPUQuota=20\nTasksMax=0\n"
                                         "OOMPolicy=never\nDeviceAllow=sda\nDeviceAllow=/dev/sda x\nDevicePolicy=open\n")
    result = root.start([nsinit, "--verify", scratch / "one.service"]).finish()
    wrong = [line.partition("one.service:")[2].partition(": not")[0] for line in result.err.splitlines()]
    named = ["4: MemoryLow", "5: CPUQuota", "6: TasksMax", "7: OOMPolicy", "8: DeviceAllow", "9: DeviceAllow", "10: DevicePolicy"]
    assert result.status == 1 and wrong == named, result
