# SPDX-License-Identifier: MIT
"""
Directives that show in the life of a service: what is started and stopped with it, by which signal, how often, after how long. Each test
would have another outcome without its directive.
"""

import os
import pty
import termios

import pytest
from harness import until
from services import note, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")
STAYS = "/bin/sleep 1000"


def state(name, wanted):
    return wait_for(f"[ \"$(nsctl is-active {name})\" = {wanted} ]")


def noting(*signals, then="exit"):
    """A service that notes each of these signals and then exits, or goes on."""
    traps = "; ".join(f"trap \"echo {signal} >>@/notes; {then}\" {signal}" for signal in signals)
    return f"/bin/sh -c '{traps}; : >@/up; while :; do sleep 0.01; done'"


UP = wait_for("[ -e up ]")


# ---- [Unit]: how units stand to each other ----


@pytest.mark.parametrize("unit, left", [("BindsTo=b.service", "inactive"), ("PartOf=b.service", "inactive"), ("Wants=b.service", "active")])
def test_who_stops_with_another(world, unit, left):
    world.service("a", f"ExecStart={STAYS}", f"{unit}\nAfter=b.service")
    world.service("b", f"ExecStart={STAYS}")
    result = world.run(state("a", "active") + f"nsctl stop b; {state('a', left)} echo ok")
    assert "ok" in result.out, result


def test_bound_one_ends_when_the_other_does_by_itself(world):
    world.service("a", f"ExecStart={STAYS}", "BindsTo=b.service\nAfter=b.service")
    world.service("b", "ExecStart=/bin/sh -c 'until [ -e @/go ]; do sleep 0.01; done'")
    assert "ok" in world.run(state("a", "active") + "touch go; " + state("a", "inactive") + "echo ok").out


def test_conflict(world):
    world.service("a", f"ExecStart={STAYS}")
    world.unit("../b.service", f"[Unit]\nConflicts=a.service\n[Service]\nExecStart={STAYS}\n")
    (world.directory / "b.service").rename(world.directory / "units/b@.service")
    assert "ok" in world.run(state("a", "active") + "nsctl start b@x; " + state("a", "inactive") + state("b@x", "active") + "echo ok").out


def test_requisite_starts_nothing(world):
    world.service("a", f"Type=oneshot\nExecStart={note('a')}", "Requisite=b@x.service\nAfter=b@x.service")
    world.unit("b@.service", f"[Service]\nExecStart={note('b')}\n")
    assert "a.service: not started: it needs b@x.service" in world.run("true").err and world.lines() == []


@pytest.mark.parametrize("kind", ["Wants", "Requires", "Upholds", "BindsTo"])
def test_what_is_started_along(world, kind):
    world.service("a", f"Type=oneshot\nExecStart={note('a')}", f"{kind}=b@x.service\nAfter=b@x.service")
    world.unit("b@.service", f"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart={note('b')}\n")
    world.run("true")
    assert world.lines() == ["b", "a"]


@pytest.mark.parametrize("unit, of", [("PropagatesReloadTo=b.service", "a"), ("ReloadPropagatedFrom=a.service", "b"), ("", "")])
def test_reload_of_others(world, unit, of):
    for name in "ab":
        world.service(name, f"ExecStart={STAYS}\nExecReload={note(name)}", unit if name == of else "")
    world.run(state("a", "active") + state("b", "active") + "nsctl reload a; " + wait_for("grep -q a notes")
              + (wait_for("grep -q b notes") if of else ""))
    assert sorted(world.lines()) == (["a", "b"] if of else ["a"])


def test_refused_to_people(world):
    world.service("a", f"ExecStart={STAYS}", "RefuseManualStop=yes")
    world.unit("b@.service", f"[Unit]\nRefuseManualStart=yes\n[Service]\nExecStart={note('b')}\n")
    result = world.run(state("a", "active") + "nsctl stop a || echo no; nsctl start b@x || echo no; nsctl is-active a")
    assert result.out.split() == ["no", "no", "active"] and world.lines() == [], result


def test_conditions_and_asserts_on_files_and_more(world):
    place = world.directory
    (place / "empty").mkdir()
    (place / "full").mkdir()
    (place / "full/x").write_text("x")
    (place / "none").write_text("")
    (place / "link").symlink_to("none")
    with open("/proc/cmdline", encoding="ascii") as file:
        word = file.read().split()[0]
    rows = {
        "DirectoryNotEmpty": ("@/full", "@/empty"), "FileIsExecutable": ("/bin/sh", "@/none"), "FileNotEmpty": ("@/full/x", "@/none"),
        "PathExists": ("@/none", "@/other"), "PathExistsGlob": ("@/fu*", "@/fx*"), "PathIsDirectory": ("@/full", "@/none"),
        "PathIsMountPoint": ("/proc", "@/full"), "PathIsReadWrite": ("@/full", "/proc/sys/none"),
        "PathIsSymbolicLink": ("@/link", "@/none"),
        "Capability": ("CAP_SYS_ADMIN", "CAP_NONE"), "KernelCommandLine": (word, "nsinit-none"), "CPUs": (">=1", ">=100000"),
        "Virtualization": ("container", "vm"),
    }
    for name, values in rows.items():
        for yes, value in zip(("yes", "no"), values):
            value = value.replace("@/", f"{place}/")
            for kind in ("Condition", "Assert"):
                world.service(f"{kind}{name}-{yes}", f"Type=oneshot\nExecStart={note(f'{kind}{name}-{yes}')}", f"{kind}{name}={value}")
    battery = "\n".join(f"ConditionACPower={value}" for value in ("|true", "|false"))  # whichever it is
    world.service("ACPower-either", f"Type=oneshot\nExecStart={note('ACPower-either')}", battery)
    world.service("ACPower-both", f"Type=oneshot\nExecStart={note('ACPower-both')}", battery.replace("|", ""))
    result = world.run("true")
    wanted = [f"{kind}{name}-yes" for name in rows for kind in ("Condition", "Assert")] + ["ACPower-either"]
    assert sorted(world.lines()) == sorted(wanted), result
    for name in rows:
        assert f"Assert{name}-no.service: failed" in result.err and f"Condition{name}-no.service: failed" not in result.err


# ---- actions and limits ----


@pytest.mark.parametrize("command, unit, status", [
    ("/bin/true", "SuccessAction=exit", 0), ("/bin/true", "SuccessAction=exit\nSuccessActionExitStatus=9", 9),
    ("/bin/false", "FailureAction=exit", 1), ("/bin/false", "FailureAction=exit\nFailureActionExitStatus=8", 8),
    ("/bin/false", "StartLimitIntervalSec=1h\nStartLimitBurst=2\nStartLimitAction=exit\nFailureActionExitStatus=7", 7),
])
def test_everything_ends_with_a_service(world, command, unit, status):
    more = "Restart=on-failure\nRestartSec=0" if "Limit" in unit else ""
    world.service("a", f"{more}\nExecStart={command}", unit)
    assert world.run("exec sleep 1000").status == status


@pytest.mark.parametrize("section, interval", [("unit", "StartLimitInterval"), ("unit", "StartLimitIntervalSec"),
                                               ("service", "StartLimitInterval")])
def test_starts_are_limited(world, section, interval):
    limit = f"{interval}=1h\nStartLimitBurst=3"
    world.service("a", "ExecStart=/bin/sh -c 'echo a >>@/notes; exit 1'\nRestart=always\nRestartSec=0\n"
                  + (limit if section == "service" else ""),
                  limit if section == "unit" else "")
    assert "ok" in world.run(state("a", "failed") + "echo ok").out and world.lines() == ["a"] * 3


# ---- restarts ----


# Of each: the directives, how it ends, how often it runs of three times at most, and what it is in the end.
RESTARTS = {
    "no": ("Restart=no", "exit 1", 1, "failed"), "on-failure": ("Restart=on-failure", "exit 1", 3, "active"),
    "on-failure, success": ("Restart=on-failure", "exit 0", 1, "inactive"), "always": ("Restart=always", "exit 0", 3, "active"),
    "prevented": ("Restart=always\nRestartPreventExitStatus=4", "exit 4", 1, "failed"),
    "forced": ("Restart=no\nRestartForceExitStatus=4", "exit 4", 3, "active"),
    "success by its code": ("Restart=on-failure\nSuccessExitStatus=4", "exit 4", 1, "inactive"),
    "success by a signal": ("Restart=on-failure\nSuccessExitStatus=SIGKILL", "kill -9 $$$$", 1, "inactive"),
}


@pytest.mark.parametrize("name", RESTARTS)
def test_who_is_started_again(world, name):
    directives, command, runs, wanted = RESTARTS[name]
    world.service("a", f"{directives}\nRestartSec=0\nExecStart=/bin/sh -c 'echo a >>@/notes; "
                  f"[ $$(wc -l <@/notes) -lt 3 ] || exec sleep 1000; {command}'")
    assert "ok" in world.run(wait_for(f"[ $(wc -l <notes) = {runs} ]") + state("a", wanted) + "echo ok").out
    assert len(world.lines()) == runs


def test_pauses_between_restarts_grow(world):
    """The times are those that PID 1 says, not those that pass."""
    world.service("a", "Restart=always\nRestartSec=1ms\nRestartSteps=4\nRestartMaxDelaySec=16ms\nExecStart=/bin/sh -c 'echo a >>@/notes'",
                  "StartLimitIntervalSec=0")
    errors = world.start("-v", program=wait_for("[ $(wc -l <notes) -ge 7 ]")).finish().err
    pauses = [int(line.split()[-2]) for line in errors.splitlines() if "starts again in" in line]
    assert pauses[:6] == [1, 2, 4, 8, 16, 16], errors


# ---- signals and times ----


SIGNALS = {
    # Of each: the directives, the signals that are noted, what is asked for, and what comes first.
    "KillSignal": ("KillSignal=SIGUSR1", ["USR1", "TERM"], "stop", ["USR1"]),
    "RestartKillSignal": ("RestartKillSignal=SIGUSR2\nRestart=always\nRuntimeMaxSec=1s", ["USR2", "TERM"], None, ["USR2"]),
    "FinalKillSignal": ("FinalKillSignal=SIGQUIT\nTimeoutStopSec=10ms\nKillSignal=SIGUSR1", ["QUIT"], "stop", ["QUIT"]),
    "SendSIGHUP": ("SendSIGHUP=yes\nKillSignal=SIGCONT", ["HUP"], "stop", ["HUP"]),
    "TimeoutSec": ("TimeoutSec=10ms\nKillSignal=SIGUSR1\nFinalKillSignal=SIGQUIT", ["QUIT"], "stop", ["QUIT"]),
    "WatchdogSignal": ("WatchdogSec=100ms\nWatchdogSignal=SIGUSR2", ["USR2", "ABRT"], None, ["USR2"]),
    "WatchdogSec": ("WatchdogSec=100ms", ["USR2", "ABRT"], None, ["ABRT"]),
    "RuntimeMaxSec": ("RuntimeMaxSec=1s", ["TERM"], None, ["TERM"]),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_which_signal_comes(world, name):
    directives, signals, action, wanted = SIGNALS[name]
    deaf = "" if "USR1" in signals else "trap \"\" USR1; "
    world.service("a", f"{directives}\nExecStart=" + noting(*signals).replace("/bin/sh -c '", f"/bin/sh -c '{deaf}"))
    world.run(UP + (f"nsctl {action} a; " if action else "") + wait_for("[ -s notes ]"))
    assert world.lines()[:1] == wanted


def test_watchdog_that_bit_has_a_time_of_its_own(world):
    world.service("a", "WatchdogSec=100ms\nTimeoutAbortSec=10ms\nTimeoutStopSec=1h\nExecStart=" + noting("ABRT", then=":"))
    result = world.run(state("a", "failed") + "echo ok")
    assert "ok" in result.out and "a.service: outlived its TimeoutAbortSec of 10 ms: KILL" in result.err, result


def test_without_a_kill_a_deaf_process_stays(world):
    world.service("a", "SendSIGKILL=no\nTimeoutStopSec=10ms\n"
                  "ExecStart=/bin/sh -c 'trap \"\" TERM; echo $$$$ >@/pid; while :; do sleep 0.01; done'")
    result = world.run(wait_for("[ -s pid ]") + "nsctl stop a; kill -0 $(cat pid) && echo alive >>notes; kill -9 $(cat pid)")
    assert world.lines() == ["alive"], result


def test_start_that_takes_too_long(world):
    world.service("a", f"Type=notify\nTimeoutStartSec=10ms\nExecStart={STAYS}")
    result = world.run("nsctl is-active a")
    assert "a.service: not ready within 10 ms" in result.err and "failed" in result.out, result


RELOADS = """
import os, signal, socket, time
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.connect(os.environ["NOTIFY_SOCKET"])

def reload(number, frame):
    with open("{}/notes", "a") as file:
        print("USR1", file=file)
    manager.send(f"RELOADING=1\\nMONOTONIC_USEC={{time.monotonic_ns() // 1000}}".encode())
    manager.send(b"READY=1")

signal.signal(signal.SIGUSR1, reload)
manager.send(b"READY=1")
while True:
    signal.pause()
"""


def test_reload_by_command_and_by_signal(world):
    (world.directory / "b.py").write_text(RELOADS.format(world.directory))
    world.service("a", f"ExecStart={STAYS}\nExecReload={note('reload $MAINPID')}")
    world.service("b", "Type=notify-reload\nReloadSignal=SIGUSR1\nExecStart=/usr/bin/python3 @/b.py")
    result = world.run(state("a", "active") + state("b", "active") + "nsctl reload a; nsctl reload b; "
                       + wait_for("[ $(wc -l <notes) = 2 ]"))
    assert sorted(line.split()[0] for line in world.lines()) == ["USR1", "reload"], result


# ---- processes ----


@pytest.mark.parametrize("status, started, wanted", [(0, True, "active"), (1, False, "inactive"), (255, False, "failed")])
def test_condition_that_is_a_command(world, status, started, wanted):
    world.service("a", f"ExecCondition=/bin/sh -c 'exit {status}'\nExecStart=/bin/sh -c 'echo a >>@/notes; exec sleep 1000'")
    world.run(state("a", wanted) + (wait_for("[ -s notes ]") if started else ""))
    assert world.lines() == (["a"] if started else [])


@pytest.mark.parametrize("directive, main", [("", True), ("GuessMainPID=no", False)])
def test_main_process_of_a_daemon_is_guessed(world, directive, main):
    world.service("a", f"Type=forking\n{directive}\nExecStart=/bin/sh -c 'setsid sleep 1000 & exit 0'\n"
                  "ExecStartPost=/bin/sh -c 'echo $MAINPID >@/main'")
    world.run(state("a", "active"))
    assert bool(world.lines("main")[0]) == main


def test_main_process_of_a_daemon_is_in_its_file(world):
    world.service("a", "Type=forking\nPIDFile=@/pid\nExecStart=/bin/sh -c 'setsid sleep 1000 & setsid sleep 1000 & echo $$! >@/pid.new; "
                  "mv @/pid.new @/pid'\nExecStartPost=/bin/sh -c '[ $MAINPID = $(cat @/pid) ] && echo same >>@/notes'")
    world.run(state("a", "active"))
    assert world.lines() == ["same"]


@pytest.mark.parametrize("access, heard", [("main", False), ("exec", True), ("all", True), ("none", False)])
def test_who_may_speak(world, access, heard):
    say = "import os, socket; s = socket.socket(1, 2); " \
          "s.sendto(b\\\"STATUS=heard\\\", os.environ.get(\\\"NOTIFY_SOCKET\\\", \\\"/none\\\"))"
    world.service("a", f"NotifyAccess={access}\nExecStart={STAYS}\nExecStartPost=-/usr/bin/python3 -c \"{say}\"")
    result = world.run(state("a", "active") + "nsctl status a")
    assert ("heard" in result.out) == heard, result


def test_only_the_start_has_the_user(world):
    world.service("a", "Type=oneshot\nUser=daemon\nPermissionsStartOnly=yes\n"
                  "ExecStartPre=/bin/sh -c 'id -un >>@/notes; chmod 666 @/notes'\n"
                  "ExecStart=/bin/sh -c 'id -un >>@/notes'")
    world.run("true")
    assert world.lines() == ["root", "daemon"]


# ---- what is printed ----


@pytest.mark.parametrize("directives, wanted", [
    ("", ["a: plain", "a: bad", "a: <9> no", "a: <1"]),
    ("SyslogIdentifier=my name", ["my name: plain", "my name: bad", "my name: <9> no", "my name: <1"]),
    ("SyslogLevelPrefix=no", ["a: plain", "a: <3>bad", "a: <9> no", "a: <1"]), ("LogLevelMax=err", ["a: bad"]),
    ("LogLevelMax=4\nSyslogLevel=warning", ["a: plain", "a: bad", "a: <9> no", "a: <1"]),
])
def test_names_and_levels_of_lines(world, directives, wanted):
    world.service("a", f"Type=oneshot\n{directives}\nExecStart=/bin/sh -c 'echo plain; echo \"<3>bad\"; echo \"<9> no\"; printf \"<1\"'")
    assert world.run("true").out.splitlines() == wanted


# ---- terminals ----


def test_terminal_of_a_service(world):
    """It is reset, taken from others, and the service's own."""
    master, slave = pty.openpty()
    raw = termios.tcgetattr(slave)
    raw[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(slave, termios.TCSANOW, raw)
    path = os.ttyname(slave)
    text = f"StandardInput=tty\nStandardOutput=tty\nTTYPath={path}\n"
    say = "ExecStart=/bin/sh -c 'tty; (stty -a | grep -o \" icanon\"); : </dev/tty && echo mine; echo end; exec sleep 1000'"
    world.service("a", f"{text}TTYReset=yes\nTTYVHangup=yes\n{say}")
    process = world.start(program="exec sleep 1000")
    said = b""

    def complete():
        nonlocal said
        try:
            said += os.read(master, 1000)
        except OSError:  # while nobody has the other end open
            pass
        return b"end" in said

    os.set_blocking(master, False)
    until(complete, "the service's word")
    assert said.decode().split() == [path, "icanon", "mine", "end"]
    with pytest.raises(OSError):
        os.write(slave, b"x")  # hung up
    process.send(15)
    process.finish()
    for fd in (master, slave):
        os.close(fd)
