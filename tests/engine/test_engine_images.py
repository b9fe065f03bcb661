# SPDX-License-Identifier: MIT
"""The init as an image's ENTRYPOINT: in images with nothing else, and where it is not PID 1."""
import json
import re
import subprocess

import pytest

from engines import only


def test_only_file_of_an_image(engine, init):
    """No loader, no libc, no /etc, no shell: the init runs, and can be its own program."""
    version = subprocess.run([init.path, "--version"], capture_output=True, text=True, check=True).stdout
    assert version
    assert engine.run("scratch-init", "--version").stdout == version
    assert engine.run("scratch-init", "--", "/pid1", "--version").stdout == version


def test_nothing_to_run(engine, init):
    init.needs_own()
    done = engine.run("scratch-init")
    assert done.returncode == 125
    assert re.fullmatch(r"nsinit: .*no program.*\n", done.stderr)


def test_program_missing_from_the_image(engine, init):
    done = engine.run("scratch-init", "--", "/nothing")
    assert done.returncode == 127
    assert "/nothing" in done.stderr
    if init.name == "nsinit":
        assert re.fullmatch(r"nsinit: .*/nothing.*\n", done.stderr)


def test_user_without_etc_passwd(engine):
    seen = json.loads(engine.run("scratch-probe", "/probe", "report", flags=["--user", "12345:54321"]).stdout)
    assert (seen["uid"], seen["gid"], seen["cap_eff"]) == (12345, 54321, "0" * 16)
    assert engine.run("scratch-probe", "/probe", "orphans", "50", flags=["--user", "12345"]).stdout == "50 reaped\n"


def test_everything_taken_away(engine):
    flags = ["--user", "12345", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    with engine.start("scratch-probe", "/probe", "sleep", flags=flags) as container:
        container.wait_for("ready")
        assert container.exec("/probe", "exit", "9").returncode == 9
        assert container.stop(50) == 143


@pytest.mark.parametrize("entrypoint, status", [
    (["/sbin/tini", "--"], 143),
    (["/sbin/tini", "-g", "-e", "143", "--"], 0),
    (["/usr/bin/dumb-init", "--rewrite", "15:2", "--"], 130),
    (["/usr/bin/catatonit", "--"], 143),
], ids=["tini", "tini-options", "dumb-init", "catatonit"])
def test_image_made_for_a_peer(engine, init, probe, entrypoint, status):
    """The peer's file is swapped for the init, and the image's command line stays as it is."""
    init.needs_own()
    engine.image("swapped", {entrypoint[0][1:]: init.path, "probe": probe}, f"ENTRYPOINT {json.dumps(entrypoint)}")
    assert engine.run("swapped", "/probe", "orphans", "50").stdout == "50 reaped\n"
    with engine.start("swapped", "/probe", "sleep") as container:
        container.wait_for("ready")
        assert container.stop(50) == status


@only("docker")
def test_version_as_docker_reads_it(engine, init):
    """It wants "tini version X - git.ID", and shows N/A and a warning where it can read neither X nor ID."""
    version = subprocess.run([init.path, "--version"], capture_output=True, text=True, check=True).stdout
    commit = re.search(r" - git\.(\w+)", version)
    expected = commit.group(1) if commit else ""
    shown = json.loads(engine.cli("info", "--format", "{{json .InitCommit}}").stdout)
    assert shown["ID"] == shown["Expected"] == expected
    info = engine.cli("info")
    assert f"init version: {expected}" in info.stdout
    assert "N/A" not in info.stdout + engine.cli("version").stdout
    assert "init version" not in engine.log.read_text()


# ---- not PID 1 ----

# Prints the parent of an orphan, the parent of the program, and what the latter is.
ORPHAN = """
sh -c 'sleep 1000 & echo $! > /tmp/pid'
sed -n 's/^PPid:.//p' /proc/$(cat /tmp/pid)/status
echo $PPID
sha256sum /proc/$PPID/exe
"""


def test_subreaper_in_the_hosts_pid_namespace(engine, init):
    init.needs("--subreaper")
    done = engine.run("subreaper", "sh", "-c", ORPHAN, flags=["--pid", "host"])
    parent_of_orphan, parent_of_program, sha256, _ = done.stdout.split()
    assert parent_of_orphan == parent_of_program != "1"
    assert sha256 == init.sha256()
    assert engine.run("subreaper", "/probe", "orphans", "100", flags=["--pid", "host"]).stdout == "100 reaped\n"
    with engine.start("subreaper", "/probe", "sleep", flags=["--pid", "host"]) as container:
        container.wait_for("ready")
        assert container.stop(50) == 143


def test_drain_of_a_subreaper_leaves_others_alone(engine, init):
    """In a PID namespace that is shared, what is left is only what its own program has left."""
    drain = init.env("--drain", "30")
    with engine.start("box", "/probe", "signals", "--until", "TERM") as bystander:
        bystander.wait_for("ready")
        done = engine.run("subreaper", "/leave-helper", flags=["--pid", f"container:{bystander.name}", *drain])
        assert ("saved" in done.stdout, done.returncode) == (True, 4)
        assert bystander.lines() == ["ready"]
        assert bystander.running()


def test_neither_pid_1_nor_subreaper(engine, init):
    """It would make namespaces of its own, and a container may not; this must not look like the program's end."""
    init.needs_own()
    done = engine.run("scratch-probe", "/probe", "exit", "3", flags=["--pid", "host"])
    assert done.returncode == 125
    assert re.fullmatch(r"nsinit: .*Operation not permitted.*\n", done.stderr)
