# SPDX-License-Identifier: MIT
"""
The init under test: build/nsinit, or the peer that ENGINE_INIT names (tini-static and catatonit are static in Debian,
so they run in every image here). A test that needs what the init does not have is skipped and says so.
"""
import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Init:
    path: pathlib.Path
    name: str
    options: frozenset  # the long options of nsinit that it has, or has the like of
    environment: dict   # long option: the variable that sets it
    subreaper: tuple    # the arguments for it when it is not PID 1
    pause: tuple        # the arguments for a pause program

    def needs(self, *options):
        missing = [option for option in options if option not in self.options]
        if missing:
            pytest.skip(f"{self.name} has no {' '.join(missing)}")

    def env(self, option, value):
        """The engine's flags which set an option by its environment form."""
        self.needs(option)
        if option not in self.environment:
            pytest.skip(f"{self.name} has no environment form of {option}")
        return ["--env", f"{self.environment[option]}={value}"]

    def sha256(self):
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def needs_own(self):
        """For what each init does or words in its own way."""
        if self.name != "nsinit":
            pytest.skip(f"about nsinit alone, not {self.name}")


def nsinit(path):
    text = subprocess.run([path, "--help"], capture_output=True, text=True, check=True).stdout
    options = frozenset(re.findall(r"--[a-z]+(?:-[a-z]+)*", text))
    environment = {option: "NSINIT_" + option[2:].replace("-", "_").upper() for option in options}
    return Init(path, "nsinit", options, environment, ("-s", "--"), ("-P",))


def tini(path):
    return Init(path, "tini", frozenset({"--subreaper", "--group", "--remap", "--parent-death"}),
                {"--subreaper": "TINI_SUBREAPER", "--group": "TINI_KILL_PROCESS_GROUP"}, ("-s", "--"), ())


def catatonit(path):
    return Init(path, "catatonit", frozenset({"--subreaper", "--group", "--pause"}), {}, ("--",), ("-P",))


KINDS = {"nsinit": nsinit, "tini": tini, "tini-static": tini, "catatonit": catatonit}


def chosen(directory):
    """A copy, for build/ may change during a run."""
    path = pathlib.Path(os.environ.get("ENGINE_INIT", ROOT / "build/nsinit")).resolve()
    return KINDS[path.name](pathlib.Path(shutil.copy(path, directory)))


def probe(directory):
    return pathlib.Path(shutil.copy(os.environ.get("ENGINE_PROBE", ROOT / "build/probe"), directory))
