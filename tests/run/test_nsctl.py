# SPDX-License-Identifier: MIT
"""
nsctl, and the name systemctl: what they print, what they end with, and that Debian's own scripts get along with them.
"""

import json
import os
import re
import subprocess
import xml.dom.minidom

import pytest
from services import note, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")


@pytest.fixture
def three(world):
    """One that runs, one that has failed and one that is down; and one that is only a file."""
    world.service("up", "ExecStart=/bin/sh -c 'sleep 1000 & exec sleep 1001'\nExecReload=/bin/true", "Description=The one that runs")
    world.service("bad", "ExecStart=/bin/sh -c 'exit 3'")
    world.service("down", "Type=oneshot\nExecStart=/bin/true")
    return world


def test_status_is_a_page(three):
    result = three.run(wait_for("nsctl -q is-failed bad") + wait_for("nsctl status up | grep -qw '[(]sleep[)]'") +
                       wait_for("nsctl status up | grep -q 'sleep 1000$'") +
                       "nsctl status up; echo $?; nsctl status bad down; echo $?; nsctl status nonesuch; echo $?")
    pages = result.out.split("\n\n")
    first = pages[0]
    assert first.startswith("● up.service - The one that runs\n"), result
    assert f"     Loaded: loaded ({three.directory}/units/up.service; disabled)\n" in first
    assert re.search(r"^     Active: active \(running\) since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z; \d+ m?s ago$", first, re.M)
    main = re.search(r"^   Main PID: (\d+) \(sleep\)$", first, re.M).group(1)
    assert f"  Processes: {main} sleep 1001\n" in first and re.search(r"^ {13}\d+ sleep 1000$", first, re.M)
    assert re.search(r"^0\n● bad\.service", first, re.M) and "  Last exit: code 3 (exit-code)" in first and "Active: failed" in first
    assert pages[1].startswith("○ down.service") and "Active: inactive (dead)" in pages[1]
    assert result.out.splitlines()[-2:] == ["3", "4"] and "nonesuch.service: no such unit" in result.err


def test_status_of_a_unit_that_is_not_loaded_is_what_its_file_says(world):
    world.service("one", "ExecStart=/bin/sleep 1000")
    world.unit("more@.service", "[Unit]\nDescription=More %i\n[Service]\nExecStart=/bin/true\n")
    script = ("mount -t tmpfs none /etc; mkdir -p /etc/systemd/system; cp units/more@.service /etc/systemd/system; "
              "nsctl status more@3; echo $?; nsctl show -p LoadState,SubState more@3; nsctl show -p LoadState none")
    lines = world.run(script).out.splitlines()
    assert lines[0] == "○ more@3.service - More 3"
    assert lines[-4:] == ["3", "LoadState=loaded", "SubState=dead", "LoadState=not-found"], lines


def test_words_and_their_status(three):
    asked = ["is-active up", "is-active down", "is-active nonesuch", "is-active down up", "is-failed bad", "is-failed up",
             "is-system-running", "-q is-active up", "is-active --quiet down", "is-active -- up.service", "is-active some.target",
             "kill -s KILL down", "no-such-verb", "stop"]
    script = wait_for("nsctl -q is-failed bad") + "".join(f"systemctl {words}; echo {words}: $?; " for words in asked)
    result = three.run(script)
    assert result.out.splitlines() == [
        "active", "is-active up: 0", "inactive", "is-active down: 3", "inactive", "is-active nonesuch: 4",
        "inactive", "active", "is-active down up: 0", "failed", "is-failed bad: 0", "active", "is-failed up: 1", "degraded",
        "is-system-running: 1", "-q is-active up: 0", "is-active --quiet down: 3", "active", "is-active -- up.service: 0",
        "inactive", "is-active some.target: 4", "kill -s KILL down: 1", "no-such-verb: 1", "stop: 1",
    ], result


def test_properties(three):
    result = three.run("systemctl show up -p MainPID --value; systemctl -p CanReload show up; systemctl show --property=CanReload down; "
                       "systemctl show -pActiveState,SubState up; systemctl show -p NoSuch up")
    lines = result.out.splitlines()
    assert lines[0].isdigit(), result
    assert lines[1:] == ["CanReload=yes", "CanReload=no", "ActiveState=active", "SubState=running", "NoSuch="], result


def test_json_is_valid_whatever_services_say(world):
    """Quotes, escape sequences, tabs, half and overlong characters, in a description and in a status."""
    hostile = b'a"b\\c \x1b[31m\t\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80 \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \xe2\x82'
    (world.directory / "say.py").write_bytes(
        b"import os, socket, time\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\ns.connect(os.environ['NOTIFY_SOCKET'])\n"
        b"s.send(b'STATUS=' + " + repr(hostile).encode() + b" + b'\\nREADY=1')\ntime.sleep(1000)\n")
    path = world.service("one", "Type=notify\nExecStart=/usr/bin/python3 @/say.py")
    path.write_bytes(b"[Unit]\nDescription=" + hostile + b"\n" + path.read_bytes())
    world.service("two", "ExecStart=/bin/sleep 1000")
    result = world.run("nsctl --json >list; nsctl --json status one two nonesuch >status; nsctl --json status nonesuch >none; "
                       "nsctl list >text")
    assert result.status == 0, result
    for name in ("list", "status"):
        units = sorted(json.loads((world.directory / name).read_bytes()), key=lambda unit: unit["name"])
        assert [unit["name"] for unit in units] == ["one.service", "two.service"], name
        for key in ("description", "status"):
            assert units[0][key].startswith('a"b\\c ?[31m?�') and "ä€😀" in units[0][key], units[0][key]
        assert units[0]["state"] == "running" and units[0]["pid"] > 1 and units[1]["description"] == ""
    assert json.loads((world.directory / "none").read_bytes()) == []
    assert b"\x1b" not in (world.directory / "text").read_bytes()


def test_a_long_list_comes_whole_to_who_reads_slowly(world):
    """Far more than the socket holds; a client that does not read at all costs the others nothing."""
    for i in range(600):
        world.service(f"s{i}", "Type=oneshot\nExecStart=/bin/true", f"Description={'long ' * 40}")
    (world.directory / "slow.py").write_text(
        "import os, socket, time\n"
        "def ask():\n"
        "    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect('/run/nsinit/control'); s.send(b'list'); return s\n"
        "deaf, slow = ask(), ask()\n"
        "assert os.system('nsctl -q is-active s1') >> 8 == 3\n"
        "count = 0\n"
        "while (packet := slow.recv(4096))[:1] == b'u': count += 1\n"
        "print(count, packet)\n")
    result = world.run("nsctl | wc -l; python3 slow.py")
    assert result.out.splitlines() == ["600", "600 b'q0'"], result


def test_requests_of_scripts(world):
    world.service("one", "ExecStart=/bin/sh -c 'echo start >>@/notes; trap \"echo hup >>@/notes\" HUP; while :; do sleep 0.01; done'\n"
                  "ExecReload=/bin/sh -c 'echo reload >>@/notes'")
    world.service("plain", f"Type=oneshot\nRemainAfterExit=yes\nExecStart={note('plain')}")
    result = world.run(
        wait_for("grep -q start notes") + "systemctl reload-or-restart one; systemctl force-reload one; " + wait_for("grep -q plain notes")
        + "systemctl reload-or-restart plain; systemctl stop one; systemctl try-restart one; systemctl condrestart one; "
        + "systemctl is-active one; "
        + "systemctl --no-block start one; "
        + wait_for("[ $(grep -c start notes) = 2 ]") + "systemctl --signal=HUP kill one; " + wait_for("grep -q hup notes")
        + "systemctl --system --no-pager --no-ask-password try-reload-or-restart one")
    assert result.status == 0 and result.out.splitlines()[0] == "inactive", result
    assert sorted(world.lines()) == sorted(["start", "plain", "reload", "reload", "plain", "start", "hup", "reload"])


def test_reset_failed(three):
    result = three.run(wait_for("nsctl -q is-failed bad") + "nsctl reset-failed bad; nsctl is-active bad; nsctl is-system-running")
    assert result.out.splitlines() == ["inactive", "running"], result


OWN_ETC = "mount -t tmpfs none /etc; mkdir -p /etc/systemd/system /etc/init.d; cp units/one.service /etc/systemd/system; "


def test_mask_wins_over_enabled_and_enable_means_the_name(world):
    """What is enabled is a name: the file is the one in the first place that has it, and a mask keeps it down."""
    world.service("one", "ExecStart=/bin/sleep 1000")
    script = OWN_ETC + ("mkdir -p /run/systemd/system; mv /etc/systemd/system/one.service /run/systemd/system; "
                        "nsctl enable one; readlink /etc/nsinit/one.service; nsctl is-enabled one; "
                        "cp units/one.service /etc/systemd/system; nsctl cat one | head -1; rm /etc/systemd/system/one.service; "
                        "nsctl mask one; nsctl is-enabled one; echo $?; nsctl show -p LoadState one; nsctl unmask one; "
                        "nsctl is-enabled one; "
                        "nsctl disable one; "
                        "nsctl is-enabled one; echo $?; nsctl is-enabled nonesuch; echo $?; "
                        "nsctl disable one; echo $?; nsctl disable nonesuch; echo $?")
    # PID 1 must not know it from its own place, which comes first
    world.unit("other/x.service", "[Service]\nExecStart=/bin/sleep 1000\n")
    result = world.start("--services", f"{world.directory}/units/other", program=script).finish()
    assert result.out.splitlines() == [
        "/run/systemd/system/one.service", "enabled", "# /etc/systemd/system/one.service", "masked", "1", "LoadState=masked", "enabled",
        "disabled", "1", "not-found", "4", "0", "1",
    ], result
    assert len(result.err.splitlines()) == 1 and "nonesuch.service" in result.err


def test_cat_prints_drop_ins(world):
    world.service("one", "ExecStart=/bin/sleep 1000")
    world.unit("one.service.d/more.conf", "[Service]\nNice=5\n")
    result = world.run("nsctl cat one")
    units = world.directory / "units"
    assert result.out == (f"# {units}/one.service\n" + (units / "one.service").read_text() +
                          f"\n# {units}/one.service.d/more.conf\n[Service]\nNice=5\n"), result


@pytest.mark.skipif(not os.path.exists("/usr/bin/deb-systemd-invoke"), reason="needs Debian's init-system-helpers")
def test_debian_scripts(world):
    """As a package's scripts do it: enabled when it is installed, started, restarted, reloaded and stopped."""
    world.service("one", f"ExecStart=/bin/sh -c 'echo start >>@/notes; exec sleep 1000'\nExecReload={note('reload')}")
    script = OWN_ETC + ("printf '#!/bin/sh\\n' >/etc/init.d/one; chmod +x /etc/init.d/one; "
                        "mkdir -p /run/systemd/system; "
                        "systemctl --root=/ --system --preset-mode=enable-only preset one.service; "
                        "deb-systemd-invoke start one.service; deb-systemd-invoke restart one.service; "
                        "deb-systemd-invoke stop one.service; "
                        "nsctl disable one; deb-systemd-invoke start one.service; nsctl enable one; invoke-rc.d one start; "
                        "invoke-rc.d one reload; service one restart; systemctl is-active one; invoke-rc.d one stop; "
                        "systemctl is-active one")
    policy = "printf '#!/bin/sh\nexit 104\n' >allow; chmod +x allow; " \
        "[ ! -e /usr/sbin/policy-rc.d ] || mount --bind allow /usr/sbin/policy-rc.d; "
    result = world.run(policy + "systemctl stop one; rm -f notes; " + script)
    assert "one.service is a disabled or a static unit, not starting it." in result.err, result
    assert result.out.splitlines() == ["active", "inactive"], result
    assert world.lines() == ["start", "start", "start", "reload", "start"]


def test_help_names_every_verb_that_systemctl_does_not_need(root, nsinit, tmp_path):
    (tmp_path / "nsctl").symlink_to(nsinit)
    result = subprocess.run([tmp_path / "nsctl", "-h"], capture_output=True, text=True, check=True)
    for verb in ("status", "start", "logs", "cat", "kill"):
        assert re.search(rf"^  {verb} +\S", result.stdout, re.M)


@pytest.fixture
def chain(world):
    """db, then net, then web, which has two processes; and one that is nobody's."""
    world.service("db", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 0.05")
    world.service("net", "Type=oneshot\nExecStart=/bin/sleep 0.1", "Wants=db.service\nAfter=db.service")
    world.service("web", "ExecStart=/bin/sh -c 'sleep 1000 & exec sleep 1001'",
                  "Requires=db.service\nWants=net.service x.target\nAfter=db.service net.service")
    world.service("lone", "ExecStart=/bin/sleep 1000")
    return world


def test_tree(chain):
    result = chain.run(wait_for("[ $(nsctl tree web --processes | grep -cE '[0-9] sleep 100[01]$') = 2 ]") +
                       "nsctl tree web; nsctl tree --processes web; nsctl tree --reverse db; nsctl tree nonesuch; echo $?; nsctl tree >all")
    lines = result.out.splitlines()
    assert lines[:5] == ["● web.service", "├─● x.target", "├─● db.service", "└─○ net.service", "  └─● db.service"], result
    assert lines[5] == "● web.service" and sorted(re.sub(r"\d+ sl", "PID sl", line) for line in lines[6:8]) == [
        "│   PID sleep 1000", "│   PID sleep 1001"]
    assert lines[12:] == ["● db.service", "├─● web.service", "└─○ net.service", "  └─● web.service", "4"]
    assert [line for line in chain.lines("all") if line[0] in "●○"] == ["● lone.service", "● web.service"] or \
        [line for line in chain.lines("all") if line[0] in "●○"] == ["● web.service", "● lone.service"]


def test_a_tree_of_many_ways_is_short(world):
    """Each unit needs all of the next layer: without marks there would be 8 to the power of 6 lines."""
    for layer in range(6):
        for i in range(8):
            world.service(f"l{layer}-{i}", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true",
                          "".join(f"Wants=l{layer + 1}-{j}.service\n" for j in range(8 if layer < 5 else 0)))
    world.service("a", "ExecStart=/bin/sleep 1000", "Wants=b.service")
    world.service("b", "ExecStart=/bin/sleep 1000", "Wants=a.service")
    result = world.run("nsctl tree | wc -l; nsctl tree a")
    lines = result.out.splitlines()
    assert int(lines[0]) < 400 and lines[1:] == ["● a.service", "└─● b.service", "  └─● a.service (see above)"], result


def test_analyze(chain):
    result = chain.run("nsctl analyze; nsctl analyze critical-chain; nsctl analyze nonsense; echo $?; nsctl analyze plot >plot.svg")
    lines = result.out.splitlines()
    assert re.fullmatch(r"All is up after \d+ ms\.", lines[0]), result
    times = [(int(m.group(1)), m.group(2)) for line in lines[1:5] if (m := re.fullmatch(r" *(\d+) ms  (\S+)", line))]
    assert [name for _, name in times[:2]] == ["net.service", "db.service"] and times == sorted(times, key=lambda t: -t[0]), result
    assert [re.sub(r"\d+ ms", "T", line) for line in lines[5:8]] == [
        "web.service at T, +T", "└─net.service at T, +T", "  └─db.service at T, +T"], result
    assert lines[8] == "1"
    picture = xml.dom.minidom.parse(str(chain.directory / "plot.svg"))
    said = [text.firstChild.data for text in picture.getElementsByTagName("text")]
    bars = [bar for bar in picture.getElementsByTagName("rect") if bar.getAttribute("fill") != "white"]
    assert len(bars) == 4 and all(any(text.startswith(f"{name}.service, ") for text in said) for name in ("db", "net", "web", "lone"))


def test_json_of_tree_and_analyze(chain):
    result = chain.run("nsctl tree --json >tree; nsctl --json analyze >times; nsctl tree --json nonesuch >none; nsctl show -p MainPID web")
    tree = {unit["name"]: unit for unit in json.loads((chain.directory / "tree").read_bytes())}
    assert tree["web.service"]["requires"] == ["db.service"] and sorted(tree["web.service"]["wants"]) == ["net.service", "x.target"]
    assert sorted(tree["db.service"]["required_by"] + tree["db.service"]["wanted_by"]) == ["net.service", "web.service"]
    times = {unit["name"]: unit for unit in json.loads((chain.directory / "times").read_bytes())}
    assert times["db.service"]["ready_ms"] <= times["net.service"]["begun_ms"] <= times["net.service"]["ready_ms"], result
    assert json.loads((chain.directory / "none").read_bytes()) == []
