# SPDX-License-Identifier: MIT
"""The sockets of a supervisor against processes that mean harm: those of ordinary users, which may look and not touch."""

import os
import sys

import pexpect
import pytest
from harness import CLONE_NEWNS, MS_PRIVATE, MS_REC, USER_ID, checked
from services import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")

# Takes every place that there is, and stays.
HOLDER = f"""
import os, socket, time
os.setgid({USER_ID}); os.setuid({USER_ID})
held = []
while len(held) < 64:
    one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    one.connect("/run/nsinit/control")
    one.settimeout(0.05)
    try:
        if one.recv(4096):
            break
    except TimeoutError:
        held.append(one)
print(len(held), flush=True)
time.sleep(1000)
"""


def test_places_that_are_all_taken_are_root_s(world):
    world.service("web", "ExecStart=/bin/sleep 1000")
    (world.directory / "holder").write_text(HOLDER)
    result = world.run(f"{sys.executable} -u holder >held & {wait_for('[ -s held ]')} nsctl is-active web; nsctl stop web && echo stopped")
    held = int((world.directory / "held").read_text())
    assert 0 < held < 64
    assert (result.status, result.out) == (0, "active\nstopped\n"), result


def test_those_of_root_are_nobody_else_s(world):
    """Root's own places are not given to others, nor taken by root itself: who holds them is at work."""
    world.service("web", "ExecStart=/bin/sleep 1000")
    (world.directory / "holder").write_text(HOLDER.replace("os.setgid", "0 and os.setgid").replace("os.setuid", "0 and os.setuid"))
    result = world.run(f"{sys.executable} -u holder >held & {wait_for('[ -s held ]')} nsctl is-active web")
    assert result.status != 0 and "too many clients" in result.err, result


@pytest.mark.parametrize("terminal", [False, True])
def test_log_drives_no_terminal(root, world, terminal):
    """A program gets what was said, byte for byte; a terminal what can be read of it."""
    said = b"2026-01-01T00:00:00.000Z \x1b[31mred\x9b0m\xc2\x9b1m\x07 \tgr\xc3\xbcn \xc5\x9b\n"

    def own_logs():
        checked("unshare", CLONE_NEWNS)
        checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        checked("mount", b"logs", b"/var/log", b"tmpfs", 0, None)
        os.mkdir("/var/log/nsinit")
        with open("/var/log/nsinit/web.log", "wb") as log:
            log.write(said)

    command = [world.directory / "nsctl", "logs", "web"]
    if terminal:
        child = root.pty(command, codec_errors="surrogateescape", setup=own_logs)
        child.expect(pexpect.EOF)
        assert child.before == "2026-01-01T00:00:00.000Z ?[31mred?0m\udcc2?1m? \tgrün ś\r\n"
        child.wait()
    else:
        log = os.open(world.directory / "out", os.O_RDWR | os.O_CREAT)
        assert root.run(command, stdout=log, setup=own_logs).status == 0
        os.close(log)
        assert (world.directory / "out").read_bytes() == said


# A service's user owns what is in its directories, and what stands at their names at the next start may be anything.
PRESERVED = f"Type=oneshot\nRemainAfterExit=yes\nUser={USER_ID}\nRuntimeDirectoryPreserve=yes\nRuntimeDirectoryMode=755\n"


def test_link_at_a_directory_of_a_service_changes_nothing_behind_it(world):
    world.service("app", PRESERVED + "RuntimeDirectory=app app/sub\n"
                  "ExecStart=/bin/sh -c 'rmdir /run/app/sub && ln -s @/canary /run/app/sub'")
    (world.directory / "canary").write_text("secret\n")
    (world.directory / "canary").chmod(0o600)
    result = world.run("nsctl restart app; stat -c '%u %a' canary")
    assert result.out == "0 600\n" and "/run/app/sub: Not a directory" in result.err, result


def test_link_on_the_way_to_a_directory_of_a_service_changes_nothing_behind_it(world):
    world.service("app", PRESERVED + "RuntimeDirectory=app app/way app/way/last\n"
                  "ExecStart=/bin/sh -c 'rm -r /run/app/way && ln -s @/victim /run/app/way'")
    (world.directory / "victim/last").mkdir(mode=0o700, parents=True)
    result = world.run("nsctl restart app; stat -c '%u %a' victim victim/last")
    assert result.out == "0 755\n0 700\n" and "/run/app/way" in result.err, result


def test_link_of_root_to_a_directory_of_a_service_is_followed(world):
    """As who keeps their data on another disk has it."""
    world.service("app", PRESERVED + "RuntimeDirectory=app\nExecStart=/bin/true")
    result = world.run("nsctl stop app; chmod 755 /run; rmdir /run/app; mkdir -m 700 elsewhere; ln -s $PWD/elsewhere /run/app; "
                       "nsctl start app; stat -c '%u %a' elsewhere")
    assert result.out == f"{USER_ID} 755\n", result


@pytest.mark.parametrize("link, target", [("logs/out", "victim"), ("logs", "others")], ids=["file", "directory"])
@pytest.mark.parametrize("stream", ["StandardOutput=append:", "StandardOutput=truncate:", "StandardError=file:", "StandardInput=file:"])
def test_stream_is_not_led_to_what_is_root_s(world, stream, link, target):
    """The user of a service owns the directory of its log, and puts a link there. A link of root's is followed."""
    home = world.directory / "home"
    (home / "logs").mkdir(parents=True)
    (world.directory / "others").mkdir()
    for name in ("victim", "others/out"):
        (world.directory / name).write_text("root's\n")
    if link == "logs":
        (home / "logs").rmdir()
    (home / link).symlink_to(world.directory / target)
    world.service("tame", f"Type=oneshot\n{stream}@/home/logs/out\nExecStart=/bin/sh -c 'cat; echo out; echo err >&2'")
    for owner in (USER_ID, 0):
        for directory in (home, home / "logs"):
            os.chown(directory, owner, owner, follow_symlinks=False)
        result = world.run("cat victim others/out >seen")
        led = world.lines("seen") != ["root's", "root's"] or "tame: root's\n" in result.out
        assert led == (owner == 0), result
        assert ("home/logs/out: a link in a directory that others than root can write to" in result.err) == (owner != 0), result


def test_environment_is_not_read_from_what_is_root_s(world):
    """A link of the service's user to a file that they may not read; one of root's is followed."""
    home = world.directory / "home"
    home.mkdir()
    (world.directory / "secret").write_text("SECRET=roots\n")
    (home / "env").symlink_to(world.directory / "secret")
    world.service("tame", "Type=oneshot\nEnvironmentFile=@/home/env\nExecStart=/bin/sh -c 'echo got $SECRET'")
    for owner in (USER_ID, 0):
        os.chown(home, owner, owner)
        result = world.run("true")
        assert ("got roots" in result.out) == (owner == 0), result
        assert ("home/env: a link in a directory that others than root can write to" in result.err) == (owner != 0), result
