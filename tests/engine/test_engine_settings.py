# SPDX-License-Identifier: MIT
"""Options by environment, for an engine passes none to its init; and what is left when the program ends."""
import json

import pytest

# Ends with status 4 and leaves a helper that needs a moment to save its work.
LEAVE_HELPER = ["box", "/leave-helper"]
# The time that the engine gives a program to end. It is longer than a test may take: an end before is not its doing.
NEVER_S = 600


def test_grace_ends_a_stubborn_program(engine, init):
    grace = init.env("--grace", "200ms")
    with engine.start("box", "/probe", "stubborn", flags=grace, init=True) as container:
        container.wait_for("ready")
        assert container.stop(NEVER_S) == 137


def test_grace_leaves_a_program_that_ends(engine, init):
    grace = init.env("--grace", "30s")
    with engine.start("box", "/probe", "on", "TERM", "/tmp/got", "6", flags=grace, init=True) as container:
        container.wait_for("ready")
        assert container.stop(NEVER_S) == 6


# Ends with status 4 and leaves a daemon, which says so when it is nobody's child but the init's.
DAEMON = ["box", "sh", "-c", "sh -c 'until grep -q \"^PPid:.1$\" /proc/$$/status; do :; done; echo alone; exec /probe signals' & exit 4"]


def test_wait_keeps_the_container_of_a_daemon(engine, init):
    """Until the daemon ends, here by the drain, since the program that was told of a stop before has long ended."""
    flags = [*init.env("--wait", "1"), *init.env("--drain", "30")]
    with engine.start(*DAEMON, flags=flags, init=True) as container:
        container.wait_for("ready")
        assert container.running()
        assert container.stop(NEVER_S) == 4
        assert container.lines() == ["alone", "ready", "15"]


def test_without_drain_the_kernel_kills_what_is_left(engine):
    done = engine.run(*LEAVE_HELPER, init=True)
    assert (done.stdout, done.returncode) == ("", 4)


def test_drain_lets_what_is_left_finish(engine, init):
    done = engine.run(*LEAVE_HELPER, flags=init.env("--drain", "30"), init=True)
    assert (done.stdout, done.returncode) == ("saved\n", 4)


def test_drain_after_stop(engine, init):
    flags = [*init.env("--drain", "30"), "--stop-signal", "INT"]
    with engine.start("box", "sh", "-c", "/leave-helper; exec /probe sleep", flags=flags, init=True) as container:
        container.wait_for("ready")
        assert container.stop(NEVER_S) == 130
        assert container.lines() == ["ready", "saved"]


def test_drain_kills_and_names_what_does_not_finish(engine, init):
    drain = init.env("--drain", "300ms")
    done = engine.run("box", "/probe", "leave", "4", "stubborn", flags=drain, init=True)
    assert done.returncode == 4
    assert "probe" in done.stderr


@pytest.mark.parametrize("option", ["--remap", "--success"])
def test_stop_is_a_success(engine, init, option):
    with engine.start("box", "/probe", "sleep", flags=init.env(option, "143"), init=True) as container:
        container.wait_for("ready")
        assert container.stop(NEVER_S) == 0


def test_delay_holds_the_stop_until_a_second_one(engine, init):
    delay = init.env("--delay", f"{NEVER_S}s")
    with engine.start("box", "/probe", "signals", "--until", "TERM", flags=delay, init=True) as container:
        container.wait_for("ready")
        container.kill("TERM")
        container.kill("USR1")
        container.wait_for("10")  # it came after the TERM, and is here before it
        assert container.lines() == ["ready", "10"]
        container.kill("TERM")
        assert container.wait() == 0
        assert container.lines() == ["ready", "10", "15"]


def test_secret_becomes_a_variable(engine, init, tmp_path):
    (tmp_path / "token").write_text("hunter2\n")
    flags = ["--volume", f"{tmp_path}:/run/secrets:ro", *init.env("--secret", "TOKEN=/run/secrets/token")]
    seen = json.loads(engine.run("box", "/probe", "report", flags=flags, init=True).stdout)
    assert "TOKEN=hunter2" in seen["env"]


def test_rewrite_changes_the_stop(engine, init):
    rewrite = init.env("--rewrite", "TERM:RTMIN+3,USR1:0")
    with engine.start("box", "/probe", "signals", "--until", "37", flags=rewrite, init=True) as container:
        container.wait_for("ready")
        container.kill("USR1")
        assert container.stop(NEVER_S) == 0
        assert container.lines() == ["ready", "37 0"]


def test_group_reaches_the_programs_children(engine, init):
    script = "trap : USR1; /probe signals --until USR1 & wait; wait"
    with engine.start("box", "sh", "-c", script, flags=init.env("--group", "1"), init=True) as container:
        container.wait_for("ready")
        container.kill("USR1")
        container.wait_for("10")


def test_user_by_number_without_etc_passwd(engine, init):
    """The image starts as root, its program does not."""
    done = engine.run("scratch-probe", "/probe", "report", flags=init.env("--user", "4242:4343"))
    seen = json.loads(done.stdout)
    assert (seen["uid"], seen["gid"], seen["groups"], seen["cap_eff"]) == (4242, 4343, [4343], "0" * 16)


def test_user_that_the_engine_has_chosen_already(engine, init):
    done = engine.run("scratch-probe", "/probe", "report", flags=["--user", "4242:4343", *init.env("--user", "4242:4343")])
    seen = json.loads(done.stdout)
    assert (seen["uid"], seen["gid"], seen["cap_eff"]) == (4242, 4343, "0" * 16)


def test_bad_value_stops_the_container(engine, init):
    done = engine.run("box", "/probe", "exit", "0", flags=init.env("--grace", "never"), init=True)
    assert done.returncode == 125
    assert done.stderr.startswith("nsinit: NSINIT_GRACE=never: ")
    assert len(done.stderr.splitlines()) == 1


def test_misspelt_variable_is_a_warning(engine, init):
    """A newer image must still run with an older init."""
    init.needs_own()
    done = engine.run("box", "/probe", "exit", "3", flags=["--env", "NSINIT_GRASE=5s"], init=True)
    assert done.returncode == 3
    assert "NSINIT_GRASE" in done.stderr
