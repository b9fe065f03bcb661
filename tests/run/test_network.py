# SPDX-License-Identifier: MIT
"""
--net: networks that are there, pairs of interfaces, bridges. Everything happens in
network namespaces that the tests make: `outside` is the "host" of each test, and the machine's own network is never touched.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from containers import Box, one_line, small_root
from harness import CLONE_NEWNS, MS_PRIVATE, MS_REC, checked, children_of, until, waits_in
from test_faults import LEFT_OUT, Faulty, sweep

CLONE_NEWNET = 0x40000000
PAIR = "veth:address=10.77.0.2/24,host-address=10.77.0.1/24,address=fd77::2/64,host-address=fd77::1/64,route=auto"


class Network:
    """A network namespace without a process of its own. Entered, it is this thread's, and that of what it starts."""

    def __init__(self):
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        checked("unshare", CLONE_NEWNET)
        self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        checked("setns", own, CLONE_NEWNET)
        os.close(own)
        self.inode = os.stat(self.fd).st_ino
        self.ip("link set lo up")

    @contextlib.contextmanager
    def entered(self):
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        checked("setns", self.fd, CLONE_NEWNET)
        try:
            yield
        finally:
            checked("setns", own, CLONE_NEWNET)
            os.close(own)

    def ip(self, words):
        with self.entered():
            return subprocess.run(["ip", *words.split()], capture_output=True, text=True, check=True).stdout

    def links(self):
        return {re.match(r"[^@ ]+", line).group(0) for line in self.ip("-br link").splitlines()}

    def listen(self, address):
        with self.entered():
            return socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET)

    def connect(self, address, port):
        with self.entered():
            return socket.create_connection((address, port), timeout=20)


@pytest.fixture
def network():
    if os.geteuid() != 0:
        pytest.skip("needs root: network namespaces are made for the tests to be in")
    if not shutil.which("ip"):
        pytest.skip("needs ip (Debian: iproute2) to look at networks")
    made = []

    def make():
        made.append(Network())
        return made[-1]
    yield make
    for one in made:
        os.close(one.fd)


@pytest.fixture
def outside(network):
    """The host of the test, in which everything is started."""
    host = network()
    with host.entered():
        yield host


@pytest.fixture
def box(nsinit, root, rootfs_of):
    return Box(nsinit, root, rootfs_of(root))


@pytest.fixture
def bare(nsinit, root):
    return Box(nsinit, root)


def gone(outside, before=frozenset({"lo"})):
    """The kernel takes a moment to clean up."""
    until(lambda: outside.links() == set(before), "the end of the interfaces")


def net_of(pid):
    return os.stat(f"/proc/{pid}/ns/net").st_ino


# ---- a pair of interfaces ----


def test_pair_is_complete_when_the_program_starts(box, outside):
    script = "ip -o addr show dev eth0; ip route; ip -6 route; cat /sys/class/net/eth0/mtu /sys/class/net/eth0/operstate; ls /sys/class/net"
    result = box.sh(["--net", PAIR + ",mtu=1400"], script)
    assert result.status == 0, result
    for words in ("inet 10.77.0.2/24", "inet6 fd77::2/64", "default via 10.77.0.1 dev eth0", "default via fd77::1 dev eth0"):
        assert words in result.out, (words, result)
    assert "fd77::2/64 scope global tentative" not in result.out
    assert result.out.splitlines()[-4:] == ["1400", "up", "eth0", "lo"]
    gone(outside)


def test_host_side(box, outside):
    with box.sleeping(["--net", PAIR + ",mtu=1400"]):
        assert outside.links() == {"lo", "nsinit0"}
        said = outside.ip("addr show dev nsinit0")
        for words in ("inet 10.77.0.1/24", "inet6 fd77::1/64", "mtu 1400", "state UP"):
            assert words in said, (words, said)
        with box.sleeping("--net veth"):
            assert outside.links() == {"lo", "nsinit0", "nsinit1"}
    gone(outside)


def test_names(box, outside):
    with box.sleeping("--net veth:host=left,name=right") as running:
        assert outside.links() == {"lo", "left"}
        inside = Path(f"/proc/{running.program}/net/dev").read_text()
        assert re.findall(r"^ *(\w+):", inside, re.M) == ["lo", "right"]
    gone(outside)


@pytest.mark.parametrize("address", ["10.77.0.1", "fd77::1"])
def test_first_connection_out_loses_nothing(box, outside, address):
    """From the program's first packet on: a packet sent too early is sent again, and the kernel counts that."""
    for _ in range(5):
        with outside.listen("0.0.0.0" if "." in address else "::") as server:
            port = server.getsockname()[1]
            script = f"echo hello | nc {address} {port}; grep ^Tcp: /proc/net/snmp; grep ^TcpExt: /proc/net/netstat"
            program = box.start(["--net", PAIR], ["/bin/sh", "-c", script])
            server.settimeout(20)
            with server.accept()[0] as connection:
                assert connection.recv(100) == b"hello\n"
                connection.sendall(b"welcome\n")
            result = program.finish()
        assert result.out.startswith("welcome\n"), result
        names, values, more, counts = [line.split() for line in result.out.splitlines()[1:]]
        counted = {**dict(zip(names, values)), **dict(zip(more, counts))}
        assert (counted["RetransSegs"], counted["TCPSynRetrans"]) == ("0", "0"), counted
    gone(outside)


@pytest.mark.parametrize("address", ["10.77.0.2", "fd77::2"])
def test_connection_in(box, outside, address):
    program = box.start(["--net", PAIR], ["/bin/sh", "-c", "echo ready; nc -l -p 5000 -e cat"])
    assert program.line() == "ready"

    def connected():
        try:
            return outside.connect(address, 5000)
        except ConnectionRefusedError:
            return None  # nc is not there yet
    with until(connected) as connection:
        connection.sendall(b"round trip\n")
        assert connection.recv(100) == b"round trip\n"
    program.finish()
    gone(outside)


def test_default_route_leads_on(box, outside):
    """An address of the host that is in no network of the pair."""
    outside.ip("addr add 192.0.2.7/32 dev lo")
    with outside.listen("192.0.2.7") as server:
        script = f"echo far | nc 192.0.2.7 {server.getsockname()[1]}"
        program = box.start(["--net", PAIR], ["/bin/sh", "-c", script])
        server.settimeout(20)
        with server.accept()[0] as connection:
            assert connection.recv(100) == b"far\n"
        program.finish()
    result = box.sh("--net veth:address=10.77.0.2/24,host-address=10.77.0.1/24", "echo far | nc 192.0.2.7 1")
    assert result.status != 0 and "unreachable" in result.err, result


def test_two_containers_on_a_bridge(box, outside):
    outside.ip("link add br7 type bridge")
    outside.ip("addr add 10.78.0.1/24 dev br7")
    outside.ip("link set br7 up")
    script = "echo ready; nc -l -p 5000 -e cat"
    server = box.start("--net veth:bridge=br7,address=10.78.0.2/24,route=auto", ["/bin/sh", "-c", script])
    assert server.line() == "ready"
    assert "master br7" in outside.ip("link show dev nsinit0")
    client = box.sh("--net veth:bridge=br7,address=10.78.0.3/24,route=auto",
                    "ip route; ping -c1 -W5 10.78.0.1 >/dev/null && until echo across | nc 10.78.0.2 5000; do :; done")
    assert client.status == 0 and client.out.endswith("across\n"), client
    assert "default via 10.78.0.1 dev eth0" in client.out
    server.finish()
    gone(outside, {"lo", "br7"})


def test_name_of_a_container_that_ends_is_waited_for(box, outside):
    """The kernel frees it some time after the end; a service that was killed and is started again must not fail for that."""
    launcher = box.start("--net veth:host=fixed", ["/bin/probe", "sleep"])
    assert launcher.line() == "ready"
    [pid1] = children_of(launcher.pid)
    held = os.open(f"/proc/{pid1}/ns/net", os.O_RDONLY)  # the end takes as long as we like
    for pid in (launcher.pid, pid1):
        os.kill(pid, signal.SIGKILL)
    launcher.finish()
    assert outside.links() == {"lo", "fixed"}
    again = box.start("--net veth:host=fixed", ["/bin/probe", "sleep"])
    until(lambda: waits_in(again.pid, "poll"), "the wait for the name")
    os.close(held)
    assert again.line() == "ready", again.finish()
    again.send(signal.SIGTERM)
    again.finish()
    gone(outside)


def test_interface_is_gone_when_the_launcher_is(box, outside):
    """Without a moment's wait: the next container may have the same addresses."""
    for options in (["--net", PAIR], ["--net", PAIR, "--cwd", "/none"]):
        box.run(options, ["/bin/true"])
        assert outside.links() == {"lo"}


def test_hardware_address_follows_from_the_address(box, outside):
    """Neighbours that remember it reach the container after a restart."""
    for options, address in ((PAIR, "02:04:0a:4d:00:02"), ("veth:address=fd77::102/64", "02:06:00:00:01:02")):
        result = box.run(["--net", options], ["/bin/cat", "/sys/class/net/eth0/address"])
        assert result.out == address + "\n", result


def test_killed_container_leaves_no_interface(box, outside):
    launcher = box.start("--net veth", ["/bin/probe", "sleep"])
    assert launcher.line() == "ready"
    [pid1] = children_of(launcher.pid)
    os.kill(pid1, signal.SIGKILL)
    launcher.finish()
    gone(outside)


def test_launcher_stays_in_its_own_network(box, outside, network):
    for options in (["--net", PAIR], ["--net", f"/proc/{os.getpid()}/fd/{network().fd}"]):
        with box.sleeping(options) as running:
            assert net_of(running.launcher.pid) == outside.inode
            assert net_of(running.pid1) != outside.inode
            fds = [os.readlink(f"/proc/{running.pid1}/fd/{fd}") for fd in os.listdir(f"/proc/{running.pid1}/fd")]
            assert not [name for name in fds if "socket" in name or "net:" in name], fds


def test_root_of_a_user_namespace_rules_its_network(box, outside):
    """The pair is made from outside, the network is the user namespace's: a port below 1024 is bound there."""
    script = "nc -l -p 80 -e cat & sleep 0.1; until echo mine | nc 10.77.0.2 80; do :; done"
    result = box.sh(["--unshare", "user", "--net", PAIR], script)
    assert (result.status, result.out) == (0, "mine\n"), result
    result = box.sh(["--unshare", "user", "--cap-add", "NET_ADMIN", "--net", PAIR], "ip link set eth0 down && echo down")
    assert result.out == "down\n", result


def test_ranges_of_ids_and_a_pair(box, outside):
    """Both are done by the launcher while PID 1 waits."""
    options = ["--map-uid", "0:100000:1000", "--map-gid", "0:100000:1000", "--net", PAIR]
    result = Box(box.nsinit, box.caller).sh(options, "id -u; ip -o addr show dev eth0")
    assert result.status == 0 and result.out.startswith("0\n") and "10.77.0.2/24" in result.out, result


@pytest.mark.parametrize("value, words", [
    ("veth:bridge=none7", ("--net veth, bridge=none7:", "No such device", "make it first")),
    ("veth:bridge=left7", ("--net veth, bridge=left7:", "no bridge; give a bridge")),
    ("veth:host=left7", ("--net veth, host=left7 name=eth0:", "File exists", "give another")),
    ("veth:address=10.0.0.2/24,address=10.0.0.2/24", ("--net veth, address=10.0.0.2/24:", "File exists", "given twice")),
    ("veth:address=10.0.0.2/24,route=10.1.0.1", ("--net veth, route=10.1.0.1:", "nreachable", "the gateway must be in the network")),
    ("veth:address=fd00::2/64,route=fd01::1", ("--net veth, route=fd01::1:", "nreachable", "the gateway must be in the network")),
    ("veth:address=ff02::2/64", ("--net veth, address=ff02::2/64:", "no interface can have it")),
    ("veth:route=10.0.0.1", ("--net veth, route=10.0.0.1:", "the gateway must be in the network")),
    ("veth:mtu=1000,host-address=fd00::1/64", ("--net veth, host-address=fd00::1/64:", "an MTU below 1280")),
])
def test_pair_that_cannot_be(box, outside, value, words):
    outside.ip("link add left7 type veth peer name right7")
    one_line(box.run(["--net", value], ["/bin/true"]), 125, *words)
    gone(outside, {"lo", "left7", "right7"})


@pytest.mark.parametrize("value, words", [
    ("veth:", ("not a key and value", "address= route=")),
    ("veth:adress=10.0.0.2/24", ("not a key and value", "address= route=")),
    ("veth:address=10.0.0.2", ("not an address", "10.0.0.2/24")),
    ("veth:address=10.0.0.2/33", ("not an address",)),
    ("veth:address=10.0.0.256/24", ("not an address",)),
    ("veth:route=10.0.0.1/24", ("not a gateway", "route=10.0.0.1")),
    ("veth:host=a-name-too-long-for-it", ("not a name for an interface", "1 to 15 letters")),
    ("veth:name=lo", ("not a name for an interface", "not lo")),
    ("veth:name=a/b", ("not a name for an interface",)),
    ("veth:name=a%d", ("not a name for an interface",)),
    ("veth:mtu=67", ("not an MTU", "68 to 65535")),
    ("veth:route=auto", ("there is no host-address", "give one")),
    ("veth:bridge=none7,route=auto", ("there is no such bridge", "make it")),
    ("veth:bridge=none7,host-address=10.0.0.1/24", ("a port of a bridge has no address", "leave host-address out")),
    ("vet:h", ("not a network", "host, none, veth")),
])
def test_wrong_words(box, outside, value, words):
    one_line(box.run(["--net", value], ["/bin/true"]), 125, f"--net {value}:", *words)
    assert outside.links() == {"lo"}


def test_container_that_fails_meanwhile_has_the_word(bare, outside):
    """PID 1 mounts while the launcher makes the pair; whoever fails first, the reason is the right one."""
    for _ in range(5):
        one_line(bare.run(["-R", "/none", "--net", PAIR], ["/bin/true"]), 125, "--rootfs /none:")
    one_line(bare.run(["--net", PAIR], ["/none"]), 127, "/none:")
    gone(outside)


def test_launcher_that_dies_leaves_nothing(bare, outside, scratch):
    """Killed while it makes the pair: PID 1 has waited in vain, and ends."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    strace = ["strace", "-qq", "-o", scratch / "trace", "-e", "inject=sendto:signal=KILL:when=3"]
    result = bare.caller.run([*strace, *bare.command(["--net", PAIR], ["/bin/sh", "-c", "echo started"])])
    assert "SIGKILL" in (scratch / "trace").read_text() and result.out == "", result
    gone(outside)


def test_user_is_told(nsinit, user, outside):
    box = Box(nsinit, user)
    one_line(box.run(["--net", PAIR], ["/bin/true"]), 125, "--net veth:", "Operation not permitted", "only root")
    path = f"/proc/{os.getpid()}/fd/{outside.fd}"
    one_line(box.run(["--net", path], ["/bin/true"]), 125, f"--net {path}:", "Permission denied", "only root")
    one_line(box.run("--net /proc/self/ns/net", ["/bin/true"]), 125, "--net /proc/self/ns/net:", "Operation not permitted", "only root")
    gone(outside)


def test_user_has_a_pair_in_a_network_of_their_own(nsinit, user, outside):
    """Root of a user namespace is root to --net."""
    script = f'ip link set lo up; {nsinit} --net {PAIR} -- sh -c "ping -c1 -W5 10.77.0.1 >/dev/null 2>&1 || busybox ping -c1 -W5 10.77.0.1"'
    result = user.run(["unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", script])
    assert result.status == 0, result


# ---- a network that is there ----


def show(report):
    return report["namespaces"]["net"], set(report["interfaces"])


def probe_of(box):
    return "/bin/probe" if box.rootfs else Path(box.nsinit).with_name("probe")


@pytest.fixture(autouse=True)
def probe_is_built(probe):
    return probe


def test_join_by_path_and_pid(box, bare, outside, network):
    other = network()
    other.ip("link add blue type veth peer name green")
    with other.entered():
        holder = subprocess.Popen(["sleep", "1000"])
    try:
        until(lambda: net_of(holder.pid) == other.inode)
        for value in (f"/proc/{os.getpid()}/fd/{other.fd}", f"/proc/{holder.pid}/ns/net", str(holder.pid)):
            for variant in (box, bare):
                report = variant.run(["--net", value], [probe_of(variant)]).report
                assert show(report) == (other.inode, {"lo", "blue", "green"}), value
                script = "ls /sys/class/net"
                assert variant.sh(["--net", value], script).out.split() == ["blue", "green", "lo"], value
    finally:
        holder.kill()
        holder.wait()
    assert outside.links() == {"lo"}


def test_join_by_name(box, outside, network):
    """As `ip netns` keeps them; the path is the host's, not the container's."""
    other = network()

    def named():
        checked("unshare", CLONE_NEWNS)
        checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        checked("mount", b"tmpfs", b"/run", b"tmpfs", 0, None)
        os.mkdir("/run/netns")
        for name in ("blue", "blue:1"):
            Path("/run/netns", name).touch()
            checked("mount", f"/proc/self/fd/{other.fd}".encode(), f"/run/netns/{name}".encode(), None, 4096, None)
    for value in ("blue", "/run/netns/blue", "/run/netns/blue:1", "/run/../run/netns/blue"):
        report = box.run(["--net", value, "--tmpfs", "/run"], ["/bin/probe"], setup=named).report
        assert show(report) == (other.inode, {"lo"}), value


def test_join_the_network_of_a_container(box, outside):
    """A second container beside the first, as in a pod: it reaches what the other listens on at 127.0.0.1."""
    script = "echo ready; nc -l -p 5000 -e cat"
    first = box.start(["--net", PAIR], ["/bin/sh", "-c", script])
    assert first.line() == "ready"
    [pid1] = children_of(first.pid)
    look = "until ip -o addr show dev eth0 2>/dev/null | grep inet; do :; done"
    result = box.sh(["--net", str(pid1)], look + "; until echo beside | nc 127.0.0.1 5000; do :; done")
    assert "10.77.0.2/24" in result.out and result.out.endswith("beside\n"), result
    first.finish()
    gone(outside)


def test_join_from_a_user_namespace(box, bare, outside, network):
    """It has no power over the network, and sysfs, which shows it, may not be mounted."""
    other = network()
    other.ip("link add blue type veth peer name green")
    for variant in (box, bare):
        options = ["--unshare", "user", "--cap-add", "NET_ADMIN", "--net", f"/proc/{os.getpid()}/fd/{other.fd}"]
        report = variant.run(options, [probe_of(variant)]).report
        assert show(report) == (other.inode, {"lo", "blue", "green"})
        result = variant.sh(options, "ip link set blue up && echo up")
        assert "up\n" not in result.out and "not permitted" in result.err, result


@pytest.mark.parametrize("value, words", [
    ("none7", ("No such file or directory", "ip netns")),
    ("/none/7", ("No such file or directory", "give host, none, veth")),
    ("/etc/passwd", ("Invalid argument", "it is no network namespace")),
    ("/dev/null", ("Invalid argument", "it is no network namespace")),
    ("/", ("Invalid argument", "it is no network namespace")),
    ("/proc/self/ns/uts", ("Invalid argument", "it is no network namespace")),
    ("2147483647", ("No such process", "give the pid of a process that runs")),
])
def test_join_of_what_is_none(box, outside, value, words):
    one_line(box.run(["--net", value], ["/bin/true"]), 125, f"--net {value}:", *words)


def test_a_pipe_is_not_waited_for(box, outside, scratch):
    os.mkfifo(scratch / "pipe")
    one_line(box.run(["--net", scratch / "pipe"], ["/bin/true"]), 125, "it is no network namespace")


# ---- every call fails in turn ----


@pytest.fixture
def faulty(nsinit, root, scratch, probe, outside, network, monkeypatch):
    monkeypatch.setitem(LEFT_OUT, "read", "fails in PID 1 and in the launcher, which then cannot read why; tests/unit has PID 1 alone")
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    other = network()

    def make(options):
        options = [str(other.fd).join(word.split("@")) for word in options]
        return Faulty(nsinit, root, small_root(scratch / "root", probe), options, scratch / "trace")
    yield make
    gone(outside)


@pytest.mark.parametrize("options", [
    ["--net", PAIR],
    ["--net", f"/proc/{os.getpid()}/fd/@"],
    ["--clock-offset", "boottime=100,monotonic=-5"],
], ids=["pair", "path", "clocks"])
def test_call_that_fails(faulty, options):
    sweep(faulty(options), "EPERM", lambda count: sorted({1, count}))


@pytest.mark.slow
@pytest.mark.parametrize("error", ["EPERM", "ENOMEM", "EINTR", "EEXIST"])
def test_every_call_of_a_pair_that_fails(faulty, error):
    sweep(faulty(["--net", PAIR]), error, lambda count: range(1, count + 1))


# ---- what is said and allowed, and many ----


def test_check_tells(nsinit, caller):
    result = caller.run([nsinit, "--check"])
    for what in ("veth pair", "interfaces of this network", "time namespace"):
        assert re.search(rf"^(yes  {what}|NO   {what}: .*; .*)$", result.out, re.M), result.out
    if caller.uid:
        assert "NO   interfaces of this network: Operation not permitted; run as root" in result.out


def test_interfaces_are_not_the_programs_to_change(box, outside):
    """Without CAP_NET_ADMIN, which docker's set does not have."""
    result = box.sh(["--net", PAIR], "ip link set eth0 down; ip addr add 10.9.9.9/8 dev eth0; ip -o link show dev eth0")
    assert result.err.count("not permitted") == 2 and ",UP" in result.out, result


@pytest.mark.slow
def test_many_at_once(box, outside):
    """Names and indexes do not collide."""
    outside.ip("link add br7 type bridge")
    outside.ip("link set br7 up")
    started = [box.start(f"--net veth:bridge=br7,address=10.79.0.{i}/24", ["/bin/probe", "sleep"]) for i in range(2, 34)]
    for one in started:
        assert one.line() == "ready"
    assert len(outside.links()) == 2 + len(started)
    for one in started:
        one.send(signal.SIGTERM)
        one.finish()
    gone(outside, {"lo", "br7"})
