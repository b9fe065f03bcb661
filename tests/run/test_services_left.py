# SPDX-License-Identifier: MIT
"""
What services leave behind in directories, however much it is, and what of it is there after PID 1 was killed. /var/tmp is a directory of
the test's own.
"""

import os
import resource
import signal

import pytest
from harness import checked, children_of, command_of, until
from services import slice_of, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for mounts of its own")
MS_BIND = 0x1000
DEEP = "import os; os.chdir(\"{}\"); [(os.mkdir(\"d\"), os.chdir(\"d\")) for _ in range({})]"
PRIVATE = "nsinit-private-"


@pytest.fixture
def temporary(world):
    path = world.directory / "tmp"
    path.mkdir()
    path.chmod(0o1777)
    return path


@pytest.fixture
def start(world, temporary):
    def scene():
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        checked("mount", str(temporary).encode(), b"/var/tmp", None, MS_BIND, None)

    return lambda program, **more: world.start(program=program, scene=scene, **more)


def init_of(world, process):
    return process.pid if command_of(process.pid).startswith(world.nsinit) else children_of(process.pid)[0]


def test_private_tmp_is_below_a_directory_for_root_alone(world, start, temporary):
    for name in ("a", "b"):
        world.service(name, f"PrivateTmp=yes\nRuntimeDirectory={name}\n"
                      f"ExecStart=/bin/sh -c ': >/var/tmp/x; : >/run/{name}/up; exec sleep 1000'")
    process = start(wait_for("[ -e /run/a/up ] && [ -e /run/b/up ]") + "nsctl stop a; touch stopped; exec sleep 1000")
    until((world.directory / "stopped").exists, "one has ended")
    [top] = temporary.iterdir()
    assert top.name.startswith(PRIVATE) and top.stat().st_mode & 0o777 == 0o700
    [run] = top.iterdir()
    assert run.stat().st_mode & 0o777 == 0o700 and [path.name for path in (run / "tmp").iterdir()] == ["x"]
    process.send(signal.SIGTERM)
    process.finish()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("fill", ["deep", "wide", "many"])
def test_however_much_it_is(world, start, temporary, fill):
    """A tree deeper than there can be descriptors or room on a stack; and more files than PID 1 has time for."""
    code = {"deep": DEEP.format("/var/tmp", 6000),
            "wide": "import os; [os.makedirs(f\"/var/tmp/{i}/{j}/d\") for i in range(20) for j in range(40)]; "
                    "os.symlink(\"/etc\", \"/var/tmp/etc\")",
            "many": "[open(f\"/var/tmp/{i}\", \"w\").close() for i in range(20000)]"}[fill]
    world.service("it", f"Type=oneshot\nPrivateTmp=yes\nExecStart=/usr/bin/python3 -c '{code}'")
    result = start("nsctl is-active it; " + wait_for(f'[ -z "$(ls -A /var/tmp/{PRIVATE}*)" ]') + "echo gone").finish()
    assert "gone" in result.out, result
    assert list(temporary.iterdir()) == [] and os.path.exists("/etc/passwd")


def test_runtime_directory_of_the_next_run_is_not_what_is_removed(world, start):
    """A process removes what is large while the service starts again."""
    code = "[open(f\"/run/it/{i}\", \"w\").close() for i in range(20000)]"
    world.service("it", f"RuntimeDirectory=it\nRestart=always\nRestartSec=0\n"
                  f"ExecStart=/bin/sh -c 'echo $$$$ >>@/pids; ls -A /run/it | wc -l >>@/left; : >/run/it/new; "
                  f"[ -e @/second ] || {{ : >@/second; exec /usr/bin/python3 -c '\\''{code}'\\''; }}; exec sleep 1000'")
    script = wait_for("[ $(wc -l <pids) = 2 ]") + wait_for("[ -z \"$(ls -d /run/.nsinit-* 2>/dev/null)\" ]") + "ls /run/it >now"
    result = start(script).finish()
    assert world.lines("left") == ["0", "0"] and world.lines("now") == ["new"], result


def test_after_a_kill_the_next_one_removes_it(world, start, temporary):
    world.service("it", f"PrivateTmp=yes\nBindPaths={world.directory}\n"
                  "ExecStart=/bin/sh -c ': >/var/tmp/x; echo >>@/notes; exec sleep 1000'")
    alive = start("exec sleep 1000")
    until(lambda: len(world.lines()) == 1, "the first")
    killed = start("exec sleep 1000")
    until(lambda: len(world.lines()) == 2, "the second")
    assert len(list(temporary.iterdir())) == 2
    init = init_of(world, killed)
    cgroups = slice_of(init)
    os.kill(init, signal.SIGKILL)
    killed.finish()
    assert len(list(temporary.iterdir())) == 2  # nobody was there to do it
    for path in [*cgroups.glob("*.service"), cgroups]:  # nor this, which only somebody outside could
        path.rmdir()
    third = start("exec sleep 1000")
    until(lambda: len(world.lines()) == 3, "the third")
    assert len(list(temporary.iterdir())) == 2 and all(list(path.glob("*/tmp/x")) for path in temporary.iterdir())
    for process in (alive, third):
        process.send(signal.SIGTERM)
        process.finish()
    assert list(temporary.iterdir()) == []


def test_what_others_have_under_such_a_name_stays(world, start, temporary):
    (temporary / f"{PRIVATE}theirs").mkdir()
    os.chown(temporary / f"{PRIVATE}theirs", 1000, 1000)
    (temporary / f"{PRIVATE}link").symlink_to(world.directory)
    world.service("it", "Type=oneshot\nPrivateTmp=yes\nExecStart=/bin/true")
    start("true").finish()
    assert sorted(path.name for path in temporary.iterdir()) == [f"{PRIVATE}link", f"{PRIVATE}theirs"] and world.directory.exists()


def test_a_new_pid_1_holds_on_to_what_it_was_handed(world, start, temporary):
    private = f"PrivateTmp=yes\nBindPaths={world.directory}\n"
    world.service("a", private + "ExecStart=/bin/sh -c ': >/var/tmp/x; echo >>@/notes; exec sleep 1000'")
    world.unit("b@.service", f"[Service]\n{private}ExecStart=/bin/sh -c 'echo >>@/notes; exec sleep 1000'\n")
    script = wait_for("[ $(wc -l <notes) = 1 ]") + "nsctl reexec; nsctl start b@x; " + wait_for("[ $(wc -l <notes) = 2 ]") + "touch done; "
    process = start(script + "exec sleep 1000")
    until((world.directory / "done").exists, "both")
    [top] = temporary.iterdir()
    assert len(list(top.iterdir())) == 2 and len(list(top.glob("*/tmp/x"))) == 1
    process.send(signal.SIGTERM)
    process.finish()
    assert list(temporary.iterdir()) == []
