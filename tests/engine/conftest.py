# SPDX-License-Identifier: MIT
"""The engines, one of each kind for a whole run, and the images that every test may use."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

import engines
import inits

BOX_APPLETS = "sh cat sleep ps stty sha256sum kill id sed tr true".split()

# A program that starts a helper and ends with status 4 once the helper is ready to be told to end.
LEAVE_HELPER = b"""#!/bin/sh
sh -c 'trap "sleep 0.2; echo saved; exit" TERM; echo > /tmp/ready; while :; do sleep 0.05; done' &
until [ -e /tmp/ready ]; do sleep 0.05; done
exit 4
"""


def pytest_configure(config):
    config.addinivalue_line("markers", "xdist_group(name): tests that one worker runs")


@pytest.fixture(scope="session")
def init(tmp_path_factory):
    return inits.chosen(tmp_path_factory.mktemp("init"))


@pytest.fixture(scope="session")
def probe(tmp_path_factory):
    return inits.probe(tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="session")
def box(probe):
    return box_files(probe)


def box_files(probe):
    """A small system: busybox's applets, the probe, and what the tests themselves run."""
    return {
        "bin": None, "tmp": None,
        "bin/busybox": pathlib.Path("/bin/busybox"), **{f"bin/{name}": "busybox" for name in BOX_APPLETS},
        "probe": probe, "leave-helper": LEAVE_HELPER,
    }


def bash_files():
    """bash and the libraries that it names."""
    text = subprocess.run(["ldd", "/bin/bash"], capture_output=True, text=True, check=True).stdout
    paths = ["/bin/bash", *re.findall(r"(/\S+) \(0x", text)]
    return {path[1:]: pathlib.Path(path).resolve() for path in paths}


def add_images(engine, init, probe):
    box = box_files(probe)
    engine.image("box", box, "ENV PATH=/bin")
    engine.image("docker.io/library/busybox:stable", box, "ENV PATH=/bin")  # as the examples name it
    engine.image("bash", box | bash_files(), "ENV PATH=/bin")
    engine.image("scratch-init", {"pid1": init.path}, 'ENTRYPOINT ["/pid1"]')
    engine.image("scratch-probe", {"pid1": init.path, "probe": probe}, 'ENTRYPOINT ["/pid1", "--"]')
    engine.image("subreaper", box | {"pid1": init.path}, "ENV PATH=/bin",
                 "ENTRYPOINT " + json.dumps(["/pid1", *init.subreaper]))
    engine.image("pause", {"pid1": init.path}, "ENTRYPOINT " + json.dumps(["/pid1", *init.pause]))
    engine.image("pause-by-name", {"pause": init.path}, 'ENTRYPOINT ["/pause"]')


def start(kind, directory, init, probe):
    """The engine, running and with its images; Unavailable where this machine cannot."""
    if os.geteuid() != 0:
        raise engines.Unavailable("needs root")
    if kind.missing():
        raise engines.Unavailable("apt-get install -y --no-install-recommends " + " ".join(kind.missing()))
    # Engines call the init from where they mount it, so only the file matters; docker's own name for it is docker-init.
    init_path = directory / "docker-init"
    shutil.copy(init.path, init_path)
    engine = kind(directory, init_path)
    try:
        add_images(engine, init, probe)
        # Without an init, so nothing of ours is judged here.
        done = engine.run("box", "/probe", "exit", "0")
        if done.returncode:
            raise engines.Unavailable(f"it runs no container: {done.stderr.strip()}")
    except BaseException:
        engine.close()
        raise
    return engine


def engine_fixture(kind):
    @pytest.fixture(scope="session", name=kind.name)
    def fixture(init, probe):
        with tempfile.TemporaryDirectory(prefix="nsinit-engine-") as directory:
            try:
                engine = start(kind, pathlib.Path(directory), init, probe)
            except engines.Unavailable as why:
                pytest.skip(f"{kind.name} cannot be started here: {why}")
            yield engine
            engine.close()
    return fixture


docker = engine_fixture(engines.Docker)
podman = engine_fixture(engines.Podman)


@pytest.fixture(scope="session", params=engines.params(*engines.ENGINES))
def engine(request):
    """Each of them in turn."""
    return request.getfixturevalue(request.param)
