# SPDX-License-Identifier: MIT
"""
The cgroups of services where cgroup2 is all there is: a machine whose PID 1 is nsinit. One boot, whose program looks and says a line for
each check; tests/run/test_services_cgroup.py has v1 with cgroup2 beside it.
"""

import re

import pytest
from guests import booted, files

pytestmark = pytest.mark.xdist_group("services-cgroup")

S = "/sys/fs/cgroup/system.slice"
PROGRAM = f"""#!/bin/sh
S={S}
say() {{ echo "check $1 $(echo $2)"; }}
comes() {{ n=0; until "$@" >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 600 ] || {{ echo "did not come: $*"; return 1; }}; sleep 0.1; done; }}
result() {{ echo $(nsctl show -p SubState --value $1) $(nsctl show -p Result --value $1); }}
values() {{ for f in "$@"; do cat $S/limited.service/$f; done; }}

say where "$(cat /run/where | tr '\\n' ' ')"
say here "$(grep ^0: /proc/self/cgroup)"
say memory "$(values memory.max memory.high memory.low memory.min memory.swap.max memory.oom.group)"
say others "$(values pids.max cpu.max cpu.weight)"
say io "$(cat $S/limited.service/io.weight $S/limited.service/io.bfq.weight 2>/dev/null)"
say status "$(nsctl status limited | grep -cE '(Tasks: 1$|Memory: [1-9])')"

comes sh -c '[ "$(nsctl is-active hog)" = failed ]'
say hog "$(result hog)"
nsctl start victim-stop victim-continue victim-kill
comes sh -c '[ "$(nsctl is-active victim-stop)" = failed ]'
comes sh -c '[ "$(nsctl is-active victim-kill)" = failed ]'
comes grep -q killed /run/victim-continue
say victims-stop "$(result victim-stop)"
say victims-continue "$(result victim-continue)"
say victims-kill "$(result victim-kill) $(cat /run/victim-kill)"

nsctl start tasks
say tasks "$(cat /run/tasks)"

nsctl start bomb
comes sh -c '[ "$(cat '$S'/bomb.service/pids.current)" -gt 100 ]'
nsctl stop bomb
say bomb "$(result bomb) $(ps | grep -c '[b]omb.sh') $([ -d $S/bomb.service ] && echo left)"

nsctl start mine
comes grep -q done /run/mine
say delegated "$(cat /run/mine)"
nsctl reload mine
say control "$(cat /run/control)"
nsctl stop mine
say given-back "$([ -d $S/mine.service ] && echo left)"

nsctl start devices@auto devices@closed devices@strict
say devices "$(cat /run/devices-auto), $(cat /run/devices-closed), $(cat /run/devices-strict)"

nsctl start guest
sleep 1000 & echo $! >$S/guest.service/cgroup.procs
nsctl stop guest
say guest "$([ -d $S/guest.service ] && echo left || echo gone)"

mkdir /sys/fs/cgroup/box
sh -c 'echo 0 >/sys/fs/cgroup/box/cgroup.procs; exec env PATH=/bin nsinit -s --services /srv/box -- /bin/sh /srv/inner'
say box "$(cat /run/inner) $(find /sys/fs/cgroup/box -mindepth 1 -type d | wc -l)"
rm /run/inner
sh -c 'echo 0 >/sys/fs/cgroup/box/cgroup.procs; PATH=/bin nsinit -s --services /srv/box -- /bin/sh /srv/inner 2>&1 | sed "s/^/crowded /"'
say crowded "$(cat /run/inner) $(find /sys/fs/cgroup/box -mindepth 1 -type d | wc -l)"

nsctl stop limited one victim-continue
say left "$(ls -d $S/*.service 2>/dev/null)"
"""

VICTIM = """#!/bin/sh
(exec dd if=/dev/zero of=/dev/null bs=100M count=1 2>/dev/null) || echo killed >/run/$1
exec sleep 1000
"""
DIVIDE = """#!/bin/sh
d=/sys/fs/cgroup$(sed -n s,^0::,,p /proc/self/cgroup)
mkdir $d/leaf && echo $$ >$d/leaf/cgroup.procs && echo +pids +memory >$d/cgroup.subtree_control
mkdir $d/other && echo 5 >$d/other/pids.max
echo "$(id -u) $(cat $d/cgroup.subtree_control) done" >/run/mine
exec sleep 1000
"""
INNER = """
cat /sys/fs/cgroup/box/nsinit-*/in.service/pids.max >/run/inner
sed -n 's,^0::,,p' /proc/self/cgroup >>/run/inner
"""
UNITS = {
    "one": ("ExecStartPre=/bin/sh -c 'grep ^0: /proc/self/cgroup >>/run/where'",
            "ExecStart=/bin/sh -c 'grep ^0: /proc/self/cgroup >>/run/where; exec sleep 1000'",
            "ExecStartPost=/bin/sh -c 'until [ $(cat /run/where | wc -l) = 2 ]; do sleep 0.05; done'"),
    "limited": ("MemoryMax=64M", "MemoryHigh=60M", "MemoryLow=8M", "MemoryMin=4M", "MemorySwapMax=0", "TasksMax=33", "CPUQuota=150%",
                "CPUWeight=200", "IOWeight=50", "OOMPolicy=kill", "ExecStart=/bin/sleep 1000"),
    "hog": ("MemoryMax=20M", "ExecStart=/bin/dd if=/dev/zero of=/dev/null bs=100M count=1"),
}
LATER = {
    "victim-stop": ("MemoryMax=20M", "ExecStart=/bin/sh /srv/victim victim-stop"),
    "victim-continue": ("MemoryMax=20M", "OOMPolicy=continue", "ExecStart=/bin/sh /srv/victim victim-continue"),
    "victim-kill": ("MemoryMax=20M", "OOMPolicy=kill", "ExecStart=/bin/sh /srv/victim victim-kill",
                    "ExecStopPost=/bin/sh -c 'ls /run/victim-kill 2>/dev/null; echo whole >/run/victim-kill'"),
    "tasks": ("Type=oneshot", "TasksMax=6",
              "ExecStart=/bin/sh -c 'n=0; while [ $n -lt 20 ]; do sleep 1000 & n=$((n + 1)); echo $n >/run/tasks; done; true'"),
    "bomb": ("TasksMax=800", "TimeoutStopSec=2s", "StandardError=null", "ExecStart=/bin/sh /srv/bomb.sh"),
    "mine": ("User=1000", "Group=1000", "Delegate=yes", "ExecStartPre=+/bin/sh -c 'echo >/run/mine; chmod 666 /run/mine'",
             "ExecStart=/bin/sh /srv/divide",
             "ExecReload=+/bin/sh -c 'sed -n s,^0::,,p /proc/self/cgroup >/run/control'"),
    "devices@": ("Type=oneshot", "ExecStart=/bin/sh /srv/devices %i"),
    "guest": ("ExecStart=/bin/sleep 1000",),
}
DEVICES = """
try() { "$@" 2>&- && printf 'yes ' || printf 'no '; }
readable() { head -c 1 "$1" >/run/x; }
writable() { (echo >"$1"); }
exec >/run/devices-$1
try readable /dev/zero; try writable /dev/zero; try writable /dev/null; try mknod /run/misc c 10 200; try mknod /run/loop b 7 0
rm -f /run/misc /run/loop
"""
BOMB = """
trap '' TERM
bomb() { bomb & bomb & }
while :; do bomb; done
"""


def text(lines):
    return "[Service]\n" + "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    tree = files(program=PROGRAM, **{"bin/nsctl": (0o120777, b"/init"), "bin/nsinit": (0o120777, b"/init"), "srv/victim": VICTIM,
                                     "srv/divide": DIVIDE, "srv/bomb.sh": BOMB, "srv/inner": INNER, "srv/devices": DEVICES})
    tree.update({f"etc/nsinit/{name}.service": text(lines) for name, lines in UNITS.items()})
    tree.update({f"etc/systemd/system/{name}.service": text(lines) for name, lines in LATER.items()})
    tree["etc/systemd/system/devices@closed.service.d/a.conf"] = text(("DeviceAllow=char-misc",))
    tree["etc/systemd/system/devices@strict.service.d/a.conf"] = text(
        ("DevicePolicy=strict", "DeviceAllow=/dev/zero r", "DeviceAllow=block-* m"))
    tree["srv/box/in.service"] = text(("TasksMax=7", "MemoryMax=20M", "ExecStart=/bin/sleep 1000"))
    return booted(tmp_path_factory.mktemp("cgroups"), tree, "loglevel=1 -- /program", options=["-m", "512"])


CHECKS = {
    "where": "0::/system.slice/one.service 0::/system.slice/one.service", "here": "0::/",
    "memory": "67108864 62914560 8388608 4194304 0 1", "others": "33 150000 100000 200",
    "status": "2",
    "hog": "failed oom-kill",
    "victims-stop": "failed oom-kill", "victims-continue": "running success", "victims-kill": "failed oom-kill whole",
    "tasks": "[1-5]",
    "bomb": "failed (timeout|exit-code) 0",  # its first shell ends when it cannot fork
    "delegated": "1000 (memory pids|pids memory) done", "control": r"/system\.slice/mine\.service/\.control", "given-back": "",
    "devices": "yes yes yes yes yes , yes yes yes yes no , yes no no no yes",
    "guest": "gone",
    "box": "7 /box/init 0", "crowded": "/box 0",
    "left": "",
}


@pytest.mark.parametrize("name", CHECKS)
def test_services_in_cgroup2(machine, name):
    machine.line(f"check {name} {CHECKS[name]}".rstrip() + " ?")


def test_io_weight_is_written_or_said(machine):
    said = re.search(r"limited\.service: no effect here.*: IOWeight", machine.console)
    assert said or re.search(r"^check io (default )?50", machine.console, re.M), machine.console[-3000:]


def test_what_cannot_be_limited_is_said(machine):
    """In a cgroup with other processes than nsinit."""
    machine.line(r"crowded nsinit: in\.service: no effect here, for lack of a cgroup that can have it: TasksMax MemoryMax")
