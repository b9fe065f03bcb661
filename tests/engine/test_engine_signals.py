# SPDX-License-Identifier: MIT
"""Signals, and the end of a container: status 143 means that the program ended by itself, 137 that it was killed."""
import os
import signal

import pexpect
import pytest

from engines import eventually

ORDINARY = {"HUP": 1, "INT": 2, "QUIT": 3, "USR1": 10, "USR2": 12, "CONT": 18, "WINCH": 28}
REALTIME = {"RTMIN": 34, "RTMIN+3": 37, "RTMAX-1": 63, "RTMAX": 64}
# The kernel sends these for a fault of the init itself; from an operator they are signals like others.
FAULTS = {"ABRT": 6, "TRAP": 5, "FPE": 8, "SEGV": 11, "SYS": 31}


def received(container):
    """The numbers of the signals that the probe has reported."""
    return [int(line.split()[0]) for line in container.lines() if line != "ready"]


@pytest.mark.parametrize("signals", [ORDINARY, REALTIME, FAULTS], ids=["ordinary", "realtime", "faults"])
def test_kill_delivers(engine, signals):
    with engine.start("box", "/probe", "signals", "--until", "TERM", init=True) as container:
        container.wait_for("ready")
        for name in signals:
            container.kill(name)
        container.wait_for(str(max(signals.values())))
        container.kill("TERM")
        assert container.wait() == 0
        assert sorted(received(container)) == sorted([*signals.values(), 15])


@pytest.mark.parametrize("sig", ["TERM", "INT", "RTMIN+5"])
def test_kill_at_once_after_the_start(engine, sig):
    """The engine returns as soon as the init runs: a signal must reach a program that is only being started."""
    with engine.start("box", "/probe", "sleep", init=True) as container:
        container.kill(sig)
        number = {"TERM": 15, "INT": 2, "RTMIN+5": 39}[sig]
        assert container.wait() == 128 + number


def test_stop_ends_a_plain_program(engine):
    """As PID 1 itself it would ignore SIGTERM, and the engine would have to kill it."""
    with engine.start("box", "/probe", "sleep", init=True) as container:
        container.wait_for("ready")
        assert container.stop(50) == 143


def test_stop_waits_for_a_program_that_cleans_up(engine):
    script = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done"
    with engine.start("box", "sh", "-c", script, init=True) as container:
        container.wait_for("ready")
        assert container.stop(50) == 7
        assert "bye" in container.lines()


def test_stop_kills_a_stubborn_program(engine):
    with engine.start("box", "/probe", "stubborn", init=True) as container:
        container.wait_for("ready")
        assert container.stop(1) == 137


def test_stop_signal_of_the_image(engine):
    with engine.start("box", "/probe", "on", "USR1", "/tmp/got", "5", init=True,
                      flags=["--stop-signal", "SIGUSR1"]) as container:
        container.wait_for("ready")
        assert container.stop(50) == 5


def test_pause_and_unpause(engine):
    with engine.start("box", "/probe", "signals", "--until", "TERM", init=True) as container:
        container.wait_for("ready")
        engine.cli("pause", container.name)
        engine.cli("unpause", container.name)
        container.kill("USR1")
        container.kill("TERM")
        assert container.wait() == 0
        assert received(container) == [10, 15]


def test_signal_to_the_client_reaches_the_program(engine):
    """The client in the foreground passes on what it gets; service managers rely on it."""
    args = engine.run_args("box", "/probe", "signals", "--until", "TERM", flags=["--rm"], init=True)
    command, *rest = engine.command(*args)
    client = pexpect.spawn(command, rest, env=engine.environment, timeout=20, encoding="utf-8")
    try:
        client.expect_exact("ready\r\n")
        # podman prints before it passes on: what comes in between is lost in podman, whatever the init.
        eventually("SIGUSR1", lambda: send(engine, client, signal.SIGUSR1))
        assert send(engine, client, signal.SIGTERM)
        client.expect(pexpect.EOF)
        assert client.wait() == 0
    finally:
        client.close(force=True)


def send(engine, client, sig):
    """True if the program in the container reports the signal that the client is sent."""
    os.kill(engine.client_pid(client.pid), sig)
    return client.expect_exact([pexpect.TIMEOUT, f"{sig:d}\r\n"], timeout=2) == 1
