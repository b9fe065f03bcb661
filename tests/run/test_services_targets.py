# SPDX-License-Identifier: MIT
"""Targets that somebody has written: what they start, and what the name of a known one does not."""

import os

import pytest
from harness import checked
from services import own_places, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")


@pytest.fixture
def run(world):
    """nsinit over an /etc of the test's own. Links of FILES are those to a file beside their directory."""
    etc = world.directory / "etc"

    def put(files):
        for name, text in files.items():
            path = etc / "systemd/system" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.symlink_to(f"../{path.name}")
            else:
                path.write_text(text)

    def start(files, services, program):
        def setup():
            own_places()
            checked("mount", bytes(etc), b"/etc", None, 4096, None)

        put(files)
        script = f"PATH={world.directory}:$PATH; cd {world.directory}; {program}"
        return world.root.run([world.nsinit, "--services", services, "--", "/bin/sh", "-c", script], pid1=True, setup=setup)

    return start


def says(world, name, unit=""):
    notes = world.directory / "notes"
    return f"[Unit]\n{unit}\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'echo +{name} >>{notes}'\n" \
        f"ExecStop=/bin/sh -c 'echo -{name} >>{notes}'\n"


def test_target_starts_what_it_names_and_what_is_linked(world, run):
    files = {f"{name}.service": says(world, name) for name in ("named", "wanted", "required", "other", "last")}
    files["last.service"] = says(world, "last", "After=mine.target")
    files["mine.target"] = "[Unit]\nDescription=Mine\nWants=named.service last.service\nBefore=last.service\n"
    files.update({"mine.target.wants/wanted.service": None, "mine.target.requires/required.service": None})
    result = run(files, "mine.target", "nsctl is-active mine.target")
    assert result.out == "active\n", result
    started = [line for line in world.lines() if line[0] == "+"]
    assert sorted(started[:-1]) == ["+named", "+required", "+wanted"] and started[-1] == "+last"


def test_stop_of_a_target_is_for_its_parts(world, run):
    files = {"part.service": says(world, "part", "PartOf=mine.target"), "rest.service": says(world, "rest"),
             "mine.target": "[Unit]\nWants=part.service rest.service\n"}
    result = run(files, "mine.target", "nsctl stop mine.target; " + wait_for("! nsctl -q is-active part.service")
                 + wait_for("[ $(nsctl is-active part.service) != deactivating ]")
                 + "nsctl is-active part.service; nsctl is-active rest.service")
    assert result.out == "inactive\nactive\n", result


def test_known_name_that_is_only_pulled_in_starts_nothing(world, run):
    """What a distribution hangs on such a target is for a whole system; who asks for the target gets it."""
    files = {"a.service": says(world, "a", "Wants=network-online.target\nAfter=network-online.target"), "hung.service": says(world, "hung")}
    files["network-online.target.wants/hung.service"] = None
    assert run(files, "a.service", "true").status == 0
    assert world.lines() == ["+a", "-a"]
    (world.directory / "notes").unlink()
    assert run({}, "network-online.target", "true").status == 0
    assert world.lines() == ["+hung", "-hung"]
