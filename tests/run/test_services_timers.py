# SPDX-License-Identifier: MIT
"""
Timer units. What happens when is in the tests of calendar events; here, that it happens, and does not when it should not.

Services write a line for each run; a test waits for lines, and what must not come has something later to be waited for.
"""

import calendar
import os
import re
import signal
import time

import pytest
from harness import children_of, command_of, status_field, until
from services import note, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")


def timed(world, name, timer, service=None, unit=""):
    world.unit(f"{name}.timer", f"[Timer]\n{timer}\n")
    if service is not None:
        world.service(name, service or f"Type=oneshot\nExecStart={note(name)}", unit)


def lines_of(name, count):
    return wait_for(f"[ \"$(grep -c '^{name}' notes 2>/dev/null)\" -ge {count} ]")


NO_LIMIT = "StartLimitIntervalSec=0"


def test_after_its_start_and_again_and_again(world):
    timed(world, "tick", "OnActiveSec=50ms\nOnUnitActiveSec=50ms", "", NO_LIMIT)
    result = world.run("nsctl is-active tick.timer; nsctl list; cat notes 2>/dev/null; " + lines_of("tick", 4))
    assert result.status == 0 and result.out.startswith("active\n"), result
    assert re.search(r"^tick.timer +waiting", result.out, re.M), result


def test_service_waits_for_its_timer(world):
    """It is in the directory, whose services start by themselves."""
    timed(world, "late", "OnActiveSec=1h", "")
    timed(world, "other", "OnActiveSec=50ms\nUnit=named.service")
    world.service("named", f"Type=oneshot\nExecStart={note('named')}")
    world.service("plain", f"Type=oneshot\nExecStart={note('plain')}")
    result = world.run("nsctl is-active late.service; cat notes; " + lines_of("named", 1) + "nsctl start late.service")
    assert result.out.splitlines() == ["inactive", "plain"], result
    assert world.lines() == ["plain", "named", "late"]


@pytest.mark.parametrize("when", ["OnBootSec=0", "OnStartupSec=0", "OnBootSec=100ms", "OnStartupSec=1ms"])
def test_from_the_start_of_the_machine_or_of_nsinit(world, when):
    """A container's boot is the start of its PID 1."""
    timed(world, "once", when, "", NO_LIMIT)
    timed(world, "later", "OnStartupSec=400ms", "")
    assert world.run(lines_of("once", 1) + lines_of("later", 1)).status == 0
    assert world.lines().count("once") == 1


def test_boot_is_not_that_of_the_host(world):
    """Uptime of the machine around it is longer than this."""
    timed(world, "boot", "OnBootSec=3h", "")
    timed(world, "later", "OnActiveSec=100ms", "")
    assert world.run(lines_of("later", 1)).status == 0
    assert world.lines() == ["later"]


def test_calendar(world):
    timed(world, "second", "OnCalendar=*:*:*", "", NO_LIMIT)
    result = world.run("nsctl status second.timer; " + lines_of("second", 2))
    assert result.status == 0
    match = re.search(r"Status: next (\S+)Z", result.out)
    assert match and match.group(1).startswith(time.strftime("%Y-%m-%dT", time.gmtime())), result


def test_pause_counts_from_the_end(world):
    timed(world, "slow", "OnActiveSec=0\nOnUnitInactiveSec=100ms",
          "Type=oneshot\nExecStart=/bin/sh -c 'echo slow begin >>@/notes; sleep 0.2; echo slow end >>@/notes'", NO_LIMIT)
    assert world.run(lines_of("slow end", 3)).status == 0
    assert world.lines()[:6] == ["slow begin", "slow end"] * 3


def test_who_runs_is_not_started_again_and_what_was_missed_comes_after(world):
    timed(world, "long", "OnCalendar=*:*:*", "ExecStart=/bin/sh -c 'echo long >>@/notes; exec sleep 1000'", NO_LIMIT)
    timed(world, "seconds", "OnCalendar=*:*:*", "", NO_LIMIT)
    assert world.run(lines_of("seconds", 4) + "grep -c long notes >>count; nsctl stop long.service; " + lines_of("long", 2)).status == 0
    assert world.lines("count") == ["1"]


@pytest.fixture
def own_var(world):
    world.private.append("/var/lib")
    return world


def stamp(name, age):
    return f"mkdir -p /var/lib/nsinit/timers; touch -d '{-age:+d} seconds' /var/lib/nsinit/timers/{name}; "


@pytest.mark.parametrize("age,missed", [(2 * 86400, True), (0, False), (-86400, False)])
def test_missed_calendar_event(own_var, age, missed):
    """Only if it was persistent; a time to come is not believed."""
    when = time.strftime("*-*-* %H:%M:00 UTC", time.gmtime(time.time() + 43200))
    timed(own_var, "backup", f"OnCalendar={when}\nPersistent=yes", "")
    timed(own_var, "plain", f"OnCalendar={when}", "")
    timed(own_var, "later", "OnActiveSec=100ms", "")
    stamps = stamp("backup.timer", age) + stamp("plain.timer", age)
    result = own_var.run("nsctl stop backup.timer plain.timer later.timer; : >notes; " + stamps
                         + "nsctl start backup.timer plain.timer later.timer; " + lines_of("later", 1)
                         + "find /var/lib/nsinit/timers/backup.timer -newermt '-1 hour' ! -newermt '+1 hour'")
    assert result.status == 0, result
    assert ("backup" in own_var.lines()) == missed and "plain" not in own_var.lines()
    assert ("backup.timer" in result.out) == (age >= 0), "it is noted when it ran: " + str(result)


def test_first_time_of_a_persistent_timer_is_no_missed_one(own_var):
    timed(own_var, "backup", "OnCalendar=daily\nPersistent=yes", "")
    result = own_var.run("ls /var/lib/nsinit/timers; cat notes 2>/dev/null")
    assert result.out == "backup.timer\n", result


def test_disk_that_cannot_be_written(world):
    world.private.append("/var/lib")
    timed(world, "backup", "OnCalendar=*:*:*\nPersistent=yes", "", NO_LIMIT)
    (world.directory / "units/backup.timer").write_text("[Timer]\nOnCalendar=*:*:*\nPersistent=yes\n")
    result = world.run("nsctl stop backup.timer; rm -rf /var/lib/nsinit; touch /var/lib/nsinit; nsctl start backup.timer; "
                       + lines_of("backup", 1))
    assert result.status == 0 and "backup.timer: /var/lib/nsinit/timers/backup.timer cannot be written" in result.err, result


def test_elapsed_timer_is_done(world):
    timed(world, "once", "OnActiveSec=0\nRemainAfterElapse=no", "")
    timed(world, "stays", "OnActiveSec=0", "")
    result = world.run(lines_of("once", 1) + lines_of("stays", 1) + wait_for("nsctl is-active once.timer | grep -q inactive")
                       + "nsctl is-active stays.timer")
    assert result.out == "active\n", result


def test_stopped_timer_starts_nothing(world):
    timed(world, "tick", "OnActiveSec=300ms", "")
    timed(world, "later", "OnActiveSec=500ms", "")
    assert world.run("nsctl stop tick.timer; " + lines_of("later", 1)).status == 0
    assert world.lines() == ["later"]


def test_random_delay_is_added(world):
    timed(world, "some", "OnActiveSec=0\nRandomizedDelaySec=1d", "")
    result = world.run("nsctl status some.timer")
    match = re.search(r"next (\S+)\.\d+Z", result.out)
    assert match, result
    ahead = calendar.timegm(time.strptime(match.group(1), "%Y-%m-%dT%H:%M:%S")) - time.time()
    assert -60 < ahead < 86460


@pytest.mark.parametrize("timer,said", [
    ("OnActiveSec=1s", "bare.timer: bare.service is not there"),
    ("Persistent=yes", "bare.timer: no OnCalendar, OnBootSec or the like; say when"),
    ("OnCalendar=never", "bare.timer:2: OnCalendar: not a calendar event"),
    ("OnActiveSec=soon", "bare.timer:2: OnActiveSec: not a time"),
])
def test_what_cannot_work(world, timer, said):
    timed(world, "bare", timer)
    world.service("plain", f"Type=oneshot\nExecStart={note('plain')}")
    result = world.run("nsctl is-active plain.service")
    assert said in result.err, result


def quiet(pid, seconds):
    """Nobody wakes up for so long."""
    seen = []

    def same():
        fields = [status_field(pid, f"{kind}voluntary_ctxt_switches") for kind in ("", "non")]
        seen.append((time.monotonic(), *fields))
        first = next(at for at, *same_fields in seen if same_fields == fields)
        return seen[-1][0] - first > seconds

    until(same, f"{seconds} s without a wake-up")


def init_of(world, process):
    return process.pid if command_of(process.pid).startswith(world.nsinit) else children_of(process.pid)[0]


def test_nobody_wakes_up_while_nothing_elapses(world):
    """Not even for what is years away."""
    whens = {"day": "OnCalendar=*-01-01", "far": "OnActiveSec=60d", "hour": "OnStartupSec=1h", "never": "OnCalendar=2020-01-01"}
    for name, when in whens.items():
        timed(world, name, when, "")
    process = world.start(program="echo here >>notes; exec sleep 1000")
    until(lambda: world.lines() == ["here"], "the program")
    quiet(init_of(world, process), 0.6)
    assert world.lines() == ["here"]
    process.send(signal.SIGTERM)
    process.finish()


def test_nobody_wakes_up_for_a_delay_of_weeks(world, probe):
    """Of 2 to the 32nd milliseconds and 704 more only the 704 would fit poll(2)."""
    world.service("idle", "ExecStart=/bin/sleep 1000")
    process = world.start("--delay", "4294968s", program=f"exec {probe} signals")
    assert process.line() == "ready"
    process.send(signal.SIGTERM)
    init = init_of(world, process)
    quiet(init, 0.2)
    before = status_field(init, "voluntary_ctxt_switches")
    time.sleep(1)
    assert status_field(init, "voluntary_ctxt_switches") == before
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    process.finish()


def test_no_loop_over_a_service_that_may_not_start(world):
    timed(world, "tick", "OnActiveSec=0\nOnUnitInactiveSec=0", "", "StartLimitBurst=3\nStartLimitIntervalSec=1h")
    process = world.start(program="exec sleep 1000")
    until(lambda: world.lines() == ["tick"] * 3, "the limit")
    quiet(init_of(world, process), 0.3)
    process.send(signal.SIGTERM)
    result = process.finish()
    assert world.lines() == ["tick"] * 3 and "tick.service: failed: start-limit-hit" in result.err


def test_timers_go_on_in_another_life_of_pid_1(world):
    """None that is done starts again, and none that is to come is lost."""
    timed(world, "done", "OnStartupSec=0\nOnActiveSec=0", "", NO_LIMIT)
    timed(world, "day", "OnCalendar=*-01-01", "")
    timed(world, "tick", "OnActiveSec=600ms\nOnUnitActiveSec=100ms", "", NO_LIMIT)
    show = "nsctl status day.timer | grep -o 'next ....-..-..'; "
    result = world.run(lines_of("done", 1) + show + "nsctl reexec; " + show + lines_of("tick", 3))
    assert result.status == 0 and len(set(result.out.splitlines())) == 1 and "next" in result.out, result
    assert world.lines().count("done") == 1 and "day" not in world.lines()
