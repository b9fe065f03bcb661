# SPDX-License-Identifier: MIT
"""Descriptors that a service keeps with PID 1, sd_notify(3) FDSTORE: over its end, and over that of PID 1's program."""

import os

import pytest
from services import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")

# Says what it was given, and that it is ready; then stores what the files @/store-NAME ask for, and ends when @/end is there.
SERVICE = """
import os, socket, sys, time
def say(text, fds=()):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.connect(os.environ['NOTIFY_SOCKET'])
    socket.send_fds(s, [text.encode()], list(fds))
given = os.environ.get('LISTEN_FDNAMES', '').split(':') if 'LISTEN_FDS' in os.environ else []
assert len(given) == int(os.environ.get('LISTEN_FDS', 0))
words = []
for fd, name in enumerate(given, 3):
    words.append(name + '=' + os.pread(fd, 99, 0).decode())
open('@/notes', 'a').write(' '.join(['start', *sorted(words)]) + '\\n')
if not given:
    for name in ('b', 'a', 'c'):
        with open('@/file-' + name, 'w+') as file:
            file.write(name * 3)
            file.flush()
            say('FDSTORE=1\\nFDNAME=' + name, [file.fileno()])
    say('FDSTOREREMOVE=1\\nFDNAME=b')
say('READY=1')
while not os.path.exists('@/end'):
    time.sleep(0.01)
os.unlink('@/end')
sys.exit(1)
"""


@pytest.fixture
def keeper(world):
    (world.directory / "keep.py").write_text(SERVICE.replace("@/", f"{world.directory}/"))

    def make(most):
        world.service("keep", f"Type=notify\nFileDescriptorStoreMax={most}\nRestart=on-failure\nRestartSec=0\n"
                      "ExecStart=/usr/bin/python3 @/keep.py", "StartLimitIntervalSec=0")
        return world
    return make


def test_what_is_stored_comes_back_until_the_service_is_stopped(keeper):
    world = keeper(5)
    result = world.run("touch end; " + wait_for("[ $(wc -l <notes) = 2 ]") + wait_for("nsctl -q is-active keep") + "nsctl restart keep; "
                       "ls -l /proc/1/fd | grep -c /file- >fds; nsctl stop keep; ls -l /proc/1/fd | grep -c /file- >>fds; "
                       "nsctl start keep; nsctl stop keep")
    assert result.status == 0 and world.lines() == ["start", "start a=aaa c=ccc", "start a=aaa c=ccc", "start"], result
    assert world.lines("fds") == ["2", "0"]


def test_it_outlives_an_exec_of_pid_1(keeper):
    world = keeper(5)
    result = world.run("nsctl reexec && nsctl reexec && touch end; " + wait_for("[ $(wc -l <notes) = 2 ]"))
    assert result.status == 0 and world.lines() == ["start", "start a=aaa c=ccc"], result


@pytest.mark.parametrize("most,kept", [(0, "start"), (2, "start a=aaa")])
def test_no_more_than_the_file_allows(keeper, most, kept):
    """Of three the first two, of which one is taken back."""
    world = keeper(most)
    result = world.run("touch end; " + wait_for("[ $(wc -l <notes) = 2 ]"))
    assert result.status == 0 and world.lines() == ["start", kept], result
