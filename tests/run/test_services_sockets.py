# SPDX-License-Identifier: MIT
"""
Socket units: who listens, who gets what, and what happens when it goes wrong.

A client is one line of Python; a service that answers says what sd_listen_fds(3) would find.
"""

import os
import signal
import socket

import pytest
from harness import checked, children_of, command_of, status_field, until
from services import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")

PYTHON = "/usr/bin/python3"
# Answers each of the connections to its first socket, until one sends "end".
SERVER = """import os, socket, sys
def say(text): open('@/notes', 'a').write(text + '\\n')
say('start')
keys = ['LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PID']
listen = socket.socket(fileno=3)
while True:
    connection, _ = listen.accept()
    word = connection.recv(100).decode()
    answer = {'env': ' '.join(os.environ.get(k, '-') for k in keys[:2]), 'mine': str(os.environ.get('LISTEN_PID') == str(os.getpid())),
              'fds': ' '.join(os.listdir('/proc/self/fd')), 'flags': str(os.get_blocking(3)), 'pid': str(os.getpid())}
    connection.send(answer.get(word, word).encode())
    connection.close()
    if word == 'end': sys.exit()
"""
CLIENT = """import socket, sys
where, what = sys.argv[1:]
family = socket.AF_UNIX if where[0] in '/@' else socket.AF_INET6 if '[' in where else socket.AF_INET
host, _, port = where.rpartition(':')
s = socket.socket(family)
s.settimeout(20)
try:
    s.connect(where.replace('@', chr(0)) if family == socket.AF_UNIX else (host.strip('[]'), int(port)))
except ConnectionRefusedError:
    sys.exit(print("refused"))
s.send(what.encode())
try:
    print(s.recv(100).decode())
except ConnectionResetError:
    print("reset")
"""


@pytest.fixture
def sockets(world):
    """A world with a server and a client, as shell functions: `ask WHERE WHAT` prints the answer."""
    (world.directory / "server").write_text(SERVER.replace("@/", f"{world.directory}/"))
    (world.directory / "client").write_text(CLIENT)
    world.server = f"{PYTHON} {world.directory}/server"
    world.ask = f"ask() {{ {PYTHON} {world.directory}/client \"$@\"; }}; "
    return world


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def named(world, name, text):
    return world.unit(f"{name}.socket", f"[Socket]\n{text}\n")


# ---- what the service gets ----


def test_service_starts_when_somebody_comes_and_gets_the_sockets(sockets):
    port = free_port()
    named(sockets, "echo", f"ListenStream=@/sock\nListenStream=127.0.0.1:{port}\nFileDescriptorName=web")
    sockets.service("echo", f"ExecStart={sockets.server}")
    result = sockets.run(sockets.ask + "cat notes 2>&1; nsctl is-active echo.service; nsctl is-active echo.socket;"
                         " for word in env mine fds flags; do ask $PWD/sock $word; done; nsctl is-active echo.service; nsctl list")
    lines = result.out.splitlines()
    assert "No such file" in lines[0] and lines[1:3] == ["inactive", "active"], result
    assert lines[3:5] == ["2 web:web", "True"] and lines[6] == "True" and lines[7] == "active", result
    assert set(lines[5].split()) - {"5", "6"} == {"0", "1", "2", "3", "4"}, "two sockets, the connection and the directory: " + lines[5]
    assert "echo.socket                    listening" in result.out
    assert sockets.lines() == ["start"]


def test_service_that_is_started_directly_gets_its_sockets(sockets):
    named(sockets, "echo", "ListenStream=@/sock")
    sockets.service("echo", f"ExecStart={sockets.server}")
    result = sockets.run(sockets.ask + "nsctl start echo; ask $PWD/sock env; ask $PWD/sock end;"
                         + wait_for("nsctl is-active echo | grep -q ^inactive") + "ask $PWD/sock mine")
    assert result.out.splitlines() == ["1 echo.socket", "end", "True"], result
    assert sockets.lines() == ["start", "start"], "and it is started again for who comes later"


def test_sockets_of_the_service_and_its_name(sockets):
    """Service= names the service, Sockets= the sockets."""
    named(sockets, "one", "ListenStream=@/one\nService=echo.service")
    named(sockets, "two", "ListenStream=@/two\nService=echo.service\nFileDescriptorName=second")
    named(sockets, "three", "ListenStream=@/three")
    sockets.service("three", "ExecStart=/bin/true")
    sockets.service("echo", f"Type=oneshot\nExecStart={sockets.server}\nNonBlocking=yes\nSockets=one.socket two.socket three.socket")
    code = "import os, socket; print(*sorted(os.environ['LISTEN_FDNAMES'].split(':')), *[os.get_blocking(fd) for fd in (3, 4, 5)])"
    (sockets.directory / "server").write_text(code)
    result = sockets.run("nsctl start echo")
    assert "echo: one.socket second three.socket False False False" in result.out, result


def test_only_the_main_process_gets_them(sockets):
    probe = f"{PYTHON} -c \"import os; print(os.environ.get('LISTEN_FDS'), len(os.listdir('/proc/self/fd')))\""
    named(sockets, "echo", "ListenStream=@/sock")
    sockets.service("echo", f"Type=oneshot\nExecStartPre={probe}\nExecStart={probe}\nExecStartPost={probe}")
    result = sockets.run("nsctl start echo")
    assert [line for line in result.out.splitlines() if line.startswith("echo: ")] == ["echo: None 4", "echo: 1 5", "echo: None 4"], result


def test_many_sockets_come_in_the_order_of_their_file(sockets):
    named(sockets, "echo", "\n".join(f"ListenStream=@/sock{i}" for i in range(40)))
    code = "import socket; print(' '.join(socket.socket(fileno=3 + i).getsockname().rpartition('sock')[2] for i in range(40)))"
    (sockets.directory / "server").write_text(code)
    sockets.service("echo", f"Type=oneshot\nExecStart={sockets.server}")
    assert "echo: " + " ".join(map(str, range(40))) in sockets.run("nsctl start echo").out


# ---- kinds of ports ----


@pytest.mark.parametrize("where,listen", [("@/sock", "@/sock"), ("@nsinit-test", "@nsinit-test"), ("127.0.0.1:{}", "127.0.0.1:{}"),
                                          ("[::1]:{}", "[::1]:{}"), ("[::1]:{}", "{}"), ("127.0.0.1:{}", "{}")])
def test_addresses(sockets, where, listen):
    if "[" in where and not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("this kernel has no IPv6")
    port = free_port()
    named(sockets, "echo", "ListenStream=" + listen.format(port))
    sockets.service("echo", f"ExecStart={sockets.server}")
    where = where.replace("@/", f"{sockets.directory}/").format(port)
    assert sockets.run(sockets.ask + f"ask '{where}' hello").out == "hello\n"


@pytest.mark.parametrize("kind,send", [
    ("Datagram", "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect('@/port'); s.send(b'word')"),
    ("FIFO", "open('@/port', 'w').write('word')"),
    ("SequentialPacket", "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect('@/port'); s.send(b'word'); s.recv(1)"),
])
def test_other_kinds(sockets, kind, send):
    named(sockets, "take", f"Listen{kind}=@/port")
    receive = "socket.socket(fileno=3).accept()[0].recv(100)" if kind == "SequentialPacket" else "os.read(3, 100)"
    code = f"import os, socket; open('{sockets.directory}/notes', 'ab').write({receive} + b'\\n')"
    (sockets.directory / "server").write_text(code)
    sockets.service("take", f"Type=oneshot\nExecStart={sockets.server}")
    (sockets.directory / "send").write_text("import socket\n" + send.replace("@/", f"{sockets.directory}/"))
    assert sockets.run(f"{PYTHON} send; " + wait_for("grep -qx word notes")).status == 0


def test_files_of_ports(sockets):
    """Mode and owner, the directories above, other names of it, and that they are gone in the end, if that is asked for."""
    named(sockets, "echo", "ListenStream=@/deep/er/sock\nSocketMode=0620\nSocketUser=1\nSocketGroup=2\nDirectoryMode=0711\n"
          "Symlinks=@/link @/other/link\nRemoveOnStop=yes")
    named(sockets, "stays", "ListenFIFO=@/fifo\nSocketMode=0604")
    sockets.service("stays", "ExecStart=/bin/true")
    sockets.service("echo", f"ExecStart={sockets.server}")
    result = sockets.run(sockets.ask + "stat -c '%a %u %g %F' deep/er/sock deep/er fifo; ask $PWD/other/link hello;"
                         "nsctl stop echo echo.socket stays.socket; ls -d deep/er/* link other/link fifo 2>/dev/null")
    assert result.out.splitlines() == ["620 1 2 socket", "711 0 0 directory", "604 0 0 fifo", "hello", "fifo"], result


def test_options_of_sockets(sockets):
    code = ("import socket; s = socket.socket(fileno=3); t = socket.IPPROTO_TCP; o = s.getsockopt; "
            "print(o(t, socket.TCP_NODELAY), o(socket.SOL_SOCKET, socket.SO_KEEPALIVE), o(t, socket.TCP_KEEPIDLE), "
            "o(t, socket.TCP_KEEPCNT), "
            "o(socket.SOL_SOCKET, socket.SO_REUSEPORT), o(socket.SOL_IP, 15), o(socket.SOL_SOCKET, socket.SO_RCVBUF), "
            "o(socket.SOL_SOCKET, socket.SO_PRIORITY))")
    (sockets.directory / "server").write_text(code)
    named(sockets, "echo", f"ListenStream=127.0.0.1:{free_port()}\nNoDelay=yes\nKeepAlive=yes\nKeepAliveTimeSec=2min\nKeepAliveProbes=7\n"
          "ReusePort=on\nFreeBind=yes\nReceiveBuffer=64K\nPriority=5")
    sockets.service("echo", f"Type=oneshot\nExecStart={sockets.server}")
    assert "echo: 1 1 120 7 1 1 131072 5" in sockets.run("nsctl start echo").out


def test_credentials_are_passed(sockets):
    code = "import socket; print(socket.socket(fileno=3).getsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED))"
    (sockets.directory / "server").write_text(code)
    named(sockets, "echo", "ListenDatagram=@/sock\nPassCredentials=yes\nNoDelay=yes")
    sockets.service("echo", f"Type=oneshot\nExecStart={sockets.server}")
    result = sockets.run("nsctl start echo")
    assert "echo: 1" in result.out and "NoDelay" not in result.err, "what a kind of socket does not have is left out: " + str(result)


def test_ipv6_alone(sockets):
    if not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("this kernel has no IPv6")
    port = free_port()
    named(sockets, "six", f"ListenStream={port}\nBindIPv6Only=ipv6-only\nService=echo.service")
    named(sockets, "four", f"ListenStream=0.0.0.0:{port}\nService=echo.service\nFileDescriptorName=four")
    sockets.service("echo", f"ExecStart={sockets.server}")
    result = sockets.run("nsctl is-active six.socket; nsctl is-active four.socket")
    assert result.out == "active\nactive\n", result


# ---- a service for each connection ----


def test_each_connection_has_a_service(sockets):
    port = free_port()
    named(sockets, "line", f"ListenStream=127.0.0.1:{port}\nListenStream=@/sock\nAccept=yes")
    sockets.service("line@", "StandardInput=socket\nExecStart=/bin/sh -c "
                    "'read -r word; echo \"$$word %i ${LISTEN_FDS:-none}\"; echo $REMOTE_ADDR >>@/notes'")
    result = sockets.run(sockets.ask + "ask $PWD/sock 'one\n'; " + wait_for("nsctl is-active line@0 | grep -q ^inactive")
                         + f"ask 127.0.0.1:{port} 'two\n'; " + wait_for("nsctl is-active line@0 | grep -q ^inactive"))
    assert result.out.split() == ["one", "0", "none", "two", "0", "none"], "its place is used again: " + str(result)
    assert sockets.lines() == ["", "127.0.0.1"]


def test_connection_is_passed_as_descriptor_three(sockets):
    named(sockets, "line", "ListenStream=@/sock\nAccept=yes")
    code = "import os, socket; socket.socket(fileno=3).send((os.environ['LISTEN_FDNAMES'] + ' ' + os.environ['LISTEN_FDS']).encode())"
    (sockets.directory / "server").write_text(code)
    sockets.service("line@", f"ExecStart={sockets.server}")
    assert sockets.run(sockets.ask + "ask $PWD/sock x").out == "connection 1\n"


def test_connections_are_limited(sockets):
    named(sockets, "line", "ListenStream=@/sock\nAccept=yes\nMaxConnections=2")
    sockets.service("line@", "StandardInput=socket\nExecStart=/bin/sh -c 'echo hello; exec sleep 1000'")
    hold = "import socket, sys; s = [socket.socket(socket.AF_UNIX) for _ in range(3)]; " \
        f"[c.connect('{sockets.directory}/sock') for c in s]; " \
        "print([c.recv(100).decode().strip() for c in s], flush=True); sys.stdin.read()"
    result = sockets.run(f"{PYTHON} -c \"{hold}\" </dev/null; nsctl list")
    assert result.out.splitlines()[0] == "['hello', 'hello', '']", result
    assert "line@2" not in result.out and "more than 2 connections" in result.err, result


def test_end_of_the_service_is_the_end_of_its_connection(sockets):
    named(sockets, "line", "ListenStream=@/sock\nAccept=yes")
    sockets.service("line@", "StandardInput=socket\nStandardOutput=null\nExecStart=/bin/true")
    sockets.service("fails@", "ExecStart=/no/such")
    named(sockets, "fails", "ListenStream=@/fails\nAccept=yes")
    assert sockets.run(sockets.ask + "ask $PWD/sock x; ask $PWD/fails x").out.split() in (["reset", "reset"], ["reset"], [])


def test_many_connections_after_each_other(sockets):
    """More than StartLimitBurst allows a service."""
    named(sockets, "line", "ListenStream=@/sock\nAccept=yes")
    sockets.service("line@", "StandardInput=socket\nExecStart=/bin/sh -c 'read -r word; echo $$word'")
    result = sockets.run(sockets.ask + "for i in 1 2 3 4 5 6 7 8; do ask $PWD/sock \"$i\n\" | grep .; done")
    assert result.out.split() == list("12345678"), result


# ---- what goes wrong ----


def test_service_that_fails_at_once_ends_its_socket(sockets):
    """Who is not taken would start it for ever."""
    named(sockets, "bad", "ListenStream=@/sock")
    sockets.service("bad", "ExecStart=/bin/sh -c 'echo start >>@/notes; exit 1'")
    result = sockets.run(sockets.ask + f"ask $PWD/sock x; {wait_for('nsctl is-active bad.socket | grep -q failed')}")
    assert result.status == 0 and "bad.socket: failed: start-limit-hit" in result.err, result
    assert len(sockets.lines()) == 5


def test_trigger_limit(sockets):
    """A condition that does not hold is no failure of the service."""
    named(sockets, "bad", "ListenStream=@/sock\nTriggerLimitIntervalSec=1h\nTriggerLimitBurst=3")
    sockets.service("bad", "ExecStart=/bin/true", "ConditionPathExists=/no/such")
    program = sockets.ask + f"ask $PWD/sock x; {wait_for('nsctl is-active bad.socket | grep -q failed')}"
    result = sockets.start("-v", program=program).finish()
    assert result.status == 0 and "bad.socket: failed: trigger-limit-hit" in result.err, result
    assert result.err.count("bad.service: ConditionPathExists") == 3


@pytest.mark.parametrize("text,service,said", [
    ("ListenStream=@/sock", None, "echo.socket: echo.service is not there"),
    ("ListenStream=@/sock\nAccept=yes", None, "echo@0.service: no such file"),
    ("ListenStream=192.0.2.1:80", "echo", "echo.socket: ListenStream=192.0.2.1:80: Address not available; with FreeBind=yes"),
    ("ListenFIFO=@/units", "echo", "echo.socket: ListenFIFO=@/units: Is a directory"),
    ("ListenStream=@/units", "echo", "echo.socket: ListenStream=@/units: Address in use; stop who has it"),
    ("ListenStream=@/sock\nSocketUser=nobody-at-all", "echo", "nobody-at-all"),
])
def test_what_cannot_be_opened(sockets, text, service, said):
    named(sockets, "echo", text)
    if service:
        sockets.service(service, f"ExecStart={sockets.server}")
    result = sockets.run("nsctl is-active echo.socket")
    assert result.out == "failed\n" and said.replace("@/", f"{sockets.directory}/") in result.err, result


def test_socket_that_fails_is_what_the_service_needs(sockets):
    named(sockets, "echo", "ListenStream=192.0.2.1:80")
    sockets.service("echo", f"ExecStart={sockets.server}", "Requires=echo.socket")
    assert "echo.service: not started: it needs echo.socket" in sockets.run("nsctl start echo").err


def test_running_service_does_not_lose_its_socket_to_its_unit(sockets):
    sockets.service("echo", f"Type=notify\nNotifyAccess=all\nExecStart={sockets.server}")
    named(sockets, "later", "ListenStream=@/sock\nService=echo.service")
    sockets.service("echo", f"ExecStart={sockets.server}")
    result = sockets.run(sockets.ask + "nsctl stop later.socket; nsctl start echo; nsctl start later.socket")
    assert result.status == 1 and "later.socket: echo.service runs without it" in result.err, result


def test_stopped_socket_listens_no_more_and_its_path_can_be_taken_again(sockets):
    named(sockets, "echo", "ListenStream=@/sock")
    sockets.service("echo", f"ExecStart={sockets.server}")
    result = sockets.run(sockets.ask + "nsctl stop echo.socket; ask $PWD/sock x; nsctl start echo.socket;"
                         " ask $PWD/sock x")
    assert result.out.splitlines() == ["refused", "x"], result
    assert sockets.lines() == ["start"]


def test_nobody_wakes_up_while_nobody_comes(sockets):
    named(sockets, "echo", "ListenStream=@/sock\nListenDatagram=@/datagram")
    named(sockets, "line", "ListenStream=@/line\nAccept=yes")
    sockets.service("echo", f"ExecStart={sockets.server}")
    sockets.service("line@", "ExecStart=/bin/true")
    process = sockets.start("-v", program="echo here >>notes; sleep 1000")
    until(lambda: sockets.lines() == ["here"], "the program")
    init = process.pid if command_of(process.pid).startswith(sockets.nsinit) else children_of(process.pid)[0]
    seen = []

    def quiet():
        seen.append((status_field(init, "voluntary_ctxt_switches"), status_field(init, "nonvoluntary_ctxt_switches")))
        return len(seen) > 250 and len(set(seen[-250:])) == 1

    until(quiet, "half a second without a wake-up")
    process.send(signal.SIGTERM)
    process.finish()


def test_enable_takes_what_belongs_to_it(sockets):
    path = sockets.unit("echo.service", f"[Service]\nExecStart={sockets.server}\n[Install]\nAlso=echo.socket\n")
    named(sockets, "echo", "ListenStream=@/sock")
    etc = sockets.directory / "etc"
    etc.mkdir()

    def own_etc():
        checked("mount", bytes(etc), b"/etc", None, 4096, None)

    (etc / "systemd/system").mkdir(parents=True)
    for name in ("echo.service", "echo.socket"):
        (etc / "systemd/system" / name).write_text((path.parent / name).read_text())
    nsctl = f"{sockets.directory}/nsctl"
    result = sockets.root.run(["/bin/sh", "-c", f"{nsctl} enable echo; ls /etc/nsinit; {nsctl} disable echo; ls /etc/nsinit"],
                              pid1=True, setup=own_etc)
    assert result.out.split() == ["echo.service", "echo.socket"], result


def test_service_of_the_bus_starts_behind_its_socket(world):
    """Without a word about it in its file."""
    world.service("client", "Type=dbus\nBusName=org.example\nExecStart=/bin/sh -c '[ -S @/bus ] && echo there >>@/notes; exec sleep 1000'")
    world.service("dbus", "ExecStart=/bin/sleep 1000")
    world.unit("dbus.socket", "[Socket]\nListenStream=@/bus\n")
    assert world.run(wait_for("[ -s notes ]")).status == 0
