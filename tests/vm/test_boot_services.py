# SPDX-License-Identifier: MIT
"""
A machine with services in /etc/nsinit: what starts them, what they survive, and how they end. One boot of which all tests are
parts, and one for what a service alone decides.
"""

import re

import pytest
from guests import booted, files

pytestmark = pytest.mark.xdist_group("boot")

PROGRAM = """#!/bin/sh
trap 'echo "program ends"; exit 6' TERM
echo "program starts"
nsctl is-active web
old=$(cat /run/web)
kill -9 "$old"
while [ "$(cat /run/web)" = "$old" ]; do sleep 0.05; done
echo "web is back"
before=$(nsctl show -p MainPID web)
nsctl reexec && nsctl reexec /init && nsctl daemon-reload && [ "$(nsctl show -p MainPID web)" = "$before" ] &&
echo "three lives of $(cat /proc/1/comm)"
echo "order $(cat /run/order | tr '\\n' ' ')"
nsctl %s
while :; do sleep 0.05; done
"""


def unit(name, *lines):
    return {f"etc/nsinit/{name}.service": "[Service]\n" + "\n".join(lines) + "\n"}


def oneshot(name):
    """Says when it starts and when it ends."""
    return (f"ExecStart=/bin/sh -c 'echo +{name} >>/run/order'", f"ExecStop=/bin/sh -c 'echo end {name} >/dev/console'", "Type=oneshot",
            "RemainAfterExit=yes")


def machine(tmp_path, words, program=PROGRAM % "poweroff", **more):
    tree = files(program=program, **{"bin/nsctl": (0o120777, b"/init")})
    tree.update(unit("b", *oneshot("b"), "[Unit]", "After=a.service"))
    tree.update(unit("a", *oneshot("a")))
    tree.update(unit("web", "ExecStart=/bin/sh -c 'echo $$$$ >/run/web; exec sleep 1000'", "Restart=always", "RestartSec=0",
                     "ExecStartPre=/bin/rm -f /run/web", "ExecStartPost=/bin/sh -c 'until [ -s /run/web ]; do sleep 0.01; done'"))
    tree.update(more)
    return booted(tmp_path, tree, words)


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    return machine(tmp_path_factory.mktemp("services"), "nsinit.drain=5s -- /program")


@pytest.mark.parametrize("line", [
    "program starts", "active", "web is back", "three lives of init", r"order \+a \+b ", ".*reboot: Power down",
])
def test_services_run_beside_the_program(life, line):
    life.line(line)


def test_the_status_is_the_programs(life):
    assert life.status == 6


def test_the_program_ends_first_and_then_the_services_in_reverse(life):
    assert re.findall(r"^(program ends|end \w)$", life.console, re.M) == ["program ends", "end b", "end a"]


LOG = """#!/bin/sh
for i in 1 2 3; do
  until logger=$(pidof logger) && [ "$logger" != "$old" ]; do :; done
  old=$logger
  nsctl start print@$i
  kill -9 $logger
done
until nsctl logs print@3 2>/dev/null | grep -q "Z end$"; do sleep 0.05; done
for i in 1 2 3; do echo "lines $i $(nsctl logs print@$i | cut -d' ' -f2 | sort -un | wc -l)"; done
nsctl logs big >/tmp/big
echo "big $(ls /var/log/nsinit | grep -c "^big\\.log") $(tail -n 1 /tmp/big | cut -d' ' -f2) $(($(wc -c </tmp/big) / 1100000))"
echo "stamped $(nsctl logs web | grep -c "^20..-..-..T..:..:..\\....Z web runs$")"
(nsctl logs -f web | grep -q again; echo "followed") &
nsctl restart web
wait
"""


def test_logs_are_files_that_are_bounded_and_survive_a_killed_logger(tmp_path):
    tree = unit("print@", "Type=oneshot", "ExecStart=/bin/sh -c 'seq 1 5000; echo end'")
    tree.update(unit("big", "Type=oneshot", "ExecStart=/bin/seq 1 150000"))
    tree.update(unit("web", "ExecStart=/bin/sh -c 'echo web runs; echo again; exec sleep 1000'"))
    said = machine(tmp_path, "-- /program", LOG, **tree)
    for number in 1, 2, 3:
        said.line(f"lines {number} 5001")
    assert said.console.count("nsinit: the logger has ended; there is another") == 3
    said.line("big 2 150000 [01]")
    said.line("stamped 1")
    said.line("followed")


CLOCK = """#!/bin/sh
date -u -s "2030-01-01 10:00:00" >/dev/null
nsctl status night.timer | grep Status
date -u -s "2030-01-02 02:59:58" >/dev/null
until [ -e /run/night ]; do sleep 0.05; done
echo "it is $(date -u +%H)"
date -u -s "2029-06-01 10:00:00" >/dev/null
nsctl status night.timer | grep Status
"""


def test_timers_follow_the_clock(tmp_path):
    """Without that, the night would be hours of the first clock away, or years."""
    tree = {"etc/nsinit/night.timer": "[Timer]\nOnCalendar=*-*-* 03:00:00\n"}
    tree.update(unit("night", "Type=oneshot", "ExecStart=/bin/touch /run/night"))
    said = machine(tmp_path, "-- /program", CLOCK, **tree)
    said.line(r" +Status: next 2030-01-02T03:00:00\.\d+Z")
    said.line("it is 03")
    said.line(r" +Status: next 2029-06-02T03:00:00\.\d+Z")


LATER = """#!/bin/sh
printf '[Service]\\nExecStart=/bin/sleep 1000\\nRestart=always\\nRestartSec=300ms\\nWatchdogSec=1h\\n' >/etc/nsinit/server.service
nsctl start server
echo "started: $(nsctl is-active server)"
for year in 2040 2001; do
  old=$(nsctl show -p MainPID server)
  kill -9 ${old#*=}
  until [ "$(nsctl is-active server)" != active ]; do :; done
  date -s $year-01-01 >/dev/null
  until [ "$(nsctl is-active server)" = active ]; do sleep 0.05; done
  echo "back in $year, of $(date +%Y)"
done
mount -t tmpfs -o size=16k none /var/log/nsinit
printf '[Service]\\nType=oneshot\\nExecStart=/bin/seq 1 3000\\n' >/etc/nsinit/print.service
nsctl start print && echo "printed, and $(nsctl is-active server)"
exit 6
"""


def test_services_that_come_later_and_clocks_that_jump_and_a_full_disk_for_logs(tmp_path):
    """/etc/nsinit is empty at first. What has no room in a file goes to the console, and nobody waits for it."""
    tree = files(program=LATER, **{"bin/nsctl": (0o120777, b"/init"), "etc/nsinit": (0o040755, b""), "var/log/nsinit": (0o040755, b"")})
    said = booted(tmp_path, tree, "-- /program")
    assert said.status == 6
    for line in "started: active", "back in 2040, of 2040", "back in 2001, of 2001", "printed, and active", ".*print: 3000":
        said.line(line)


def test_services_alone_and_one_whose_end_is_the_machines(tmp_path):
    """Without a program there is no shell; the files are those of --services, and a deaf one is killed when its time is over."""
    other = {"srv/units/last.service": "[Unit]\nAfter=deaf.service\n[Service]\nExecStart=/bin/sh -c 'exit 5'\n",
             "srv/units/deaf.service": "[Service]\nExecStart=/bin/sh -c 'trap \"\" TERM; echo deaf >/dev/console; "
                                       "while :; do sleep 0.05; done'\nExecStartPost=/bin/sleep 0.5\nTimeoutStopSec=300ms\n",
             "bin/sh": "#!/bin/busybox sh\n[ $# -gt 0 ] || echo no shell\nexec /bin/busybox sh \"$@\"\n"}
    end = machine(tmp_path, "nsinit.services=/srv/units nsinit.essential=last nsinit.end=reboot", **other)
    assert end.status == 5
    end.line("deaf")
    end.line(r"nsinit: deaf\.service: outlived its TimeoutStopSec of 300 ms: KILL")
    end.line(".*reboot: Restarting system")
    assert "no shell" not in end.console and "end a" not in end.console


def test_services_that_are_not_there(tmp_path):
    end = machine(tmp_path, "nsinit.services=nobody nsinit.failure=end -- /program")
    assert end.status == 125
    end.line("nsinit: the boot ends at its step: services")
    assert "program starts" not in end.console
