# SPDX-License-Identifier: MIT
#
# The build itself: silent, the same bit for bit each time, small, installable and removable without a trace.
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def make(directory, *words, **options):
    """Runs make in a clean environment; its output."""
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "--no-print-directory", "-C", str(directory), *words], env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def tracked():
    """The files of the tree, as git knows them; without git, all but what is built."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            stdout=subprocess.PIPE, check=False)
    if listed.returncode == 0:
        return [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    return [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file() and "build" not in path.parts]


def copy_tree(target):
    for name in tracked():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    return target


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    """Two fresh copies of the tree in different places, built; and what the builds said."""
    copies = [copy_tree(tmp_path_factory.mktemp(name) / "tree") for name in ("one", "another-place")]
    return [(copy, make(copy, "all", "doc")) for copy in copies]


def test_build_is_silent(trees):
    for _, said in trees:
        assert not re.search(r"warning|error", said, re.I), said


@pytest.mark.parametrize("product", [
    "nsinit", "nsinit.8", "completions/nsinit.bash", "completions/_nsinit", "completions/nsinit.fish",
    "nsctl.8", "completions/nsctl.bash", "completions/_nsctl", "completions/nsctl.fish",
])
def test_builds_are_identical(trees, product):
    one, another = ((copy / "build" / product).read_bytes() for copy, _ in trees)
    assert one == another


def test_binary_is_small_and_static(trees):
    binary = trees[0][0] / "build/nsinit"
    assert binary.stat().st_size <= 320 * 1024  # all roles; why not the 128 that were planned: ARCHITECTURE.md
    headers = subprocess.run(["readelf", "-lW", str(binary)], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "INTERP" not in headers and "DYNAMIC" not in headers


def test_nothing_of_the_builder_is_in_the_binary(trees):
    copy = trees[0][0]
    assert str(copy).encode() not in (copy / "build/nsinit").read_bytes()


def test_second_build_does_nothing(trees):
    copy = trees[0][0]
    before = {path: path.stat().st_mtime_ns for path in (copy / "build").rglob("*.o")}
    make(copy, "all", "doc")
    assert before and before == {path: path.stat().st_mtime_ns for path in (copy / "build").rglob("*.o")}


def test_install_and_uninstall_leave_nothing(trees, tmp_path):
    copy = trees[0][0]
    make(copy, "install", f"DESTDIR={tmp_path}", "PREFIX=/usr")
    installed = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert {"usr/sbin/nsinit", "usr/sbin/nsctl", "usr/share/man/man8/nsinit.8"} <= set(installed) and len(installed) == 10
    version = subprocess.run([str(tmp_path / "usr/sbin/nsinit"), "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert version.startswith("nsinit version ")
    make(copy, "uninstall", f"DESTDIR={tmp_path}", "PREFIX=/usr")
    assert [path for path in tmp_path.rglob("*") if path.is_file() or path.is_symlink()] == []


def test_tree_is_clean_after_a_build(trees):
    copy = trees[0][0]
    left = {str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file() and "build" not in path.relative_to(copy).parts[:1]}
    assert left - set(tracked()) == set()


def test_help_names_every_option_of_the_manual(trees):
    copy = trees[0][0]
    text = subprocess.run([str(copy / "build/nsinit"), "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    options = set(re.findall(r"--[a-z][a-z-]+", text))
    manual = (copy / "build/nsinit.8").read_text().replace("\\-", "-")
    missing = {option for option in options if option not in manual}
    assert options and not missing


def test_manual_names_the_variables_that_there_are(trees):
    """Options that only look have none; tests/unit/init/test_option.c holds that of all of them."""
    options = (trees[0][0] / "build/nsinit.8").read_text().replace("\\-", "-").partition(".SH OPTIONS")[2].partition(".SH ENVIRONMENT")[0]
    groups = {group.partition("\n")[0]: group for group in options.split(".SS ")[1:]}
    assert "--dry-run" in groups["Looking"] and "NSINIT_" not in groups.pop("Looking")
    assert all(group.count("\n.TP\n") == group.count("\nVariable:\n") for group in groups.values())
