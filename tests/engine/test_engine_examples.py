# SPDX-License-Identifier: MIT
"""The files in examples/, taken as they are: each is built and run by the engine that it is for."""
import json
import re
import shutil
import subprocess

import pytest

import inits
from engines import SYSTEM_PATH, Container, eventually, only

EXAMPLES = inits.ROOT / "examples"
TIDY_END = ["server: ready", "server: closed", "helper: saved"]


@pytest.fixture
def context(engine, init, probe, tmp_path):
    """The directory that examples/README.md tells its reader to make; the probe is the program of the Dockerfile."""
    init.needs_own()
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    shutil.copy(init.path, tmp_path / "nsinit")
    shutil.copy(probe, tmp_path / "app")
    return tmp_path


def build(engine, context, file, tag):
    engine.cli("build", "--tag", tag, "--file", str(context / file), str(context))


def test_dockerfile(engine, context):
    build(engine, context, "Dockerfile", "app:1")
    assert engine.run("app:1", "exit", "3").returncode == 3
    seen = json.loads(engine.run("app:1", "report", flags=["--read-only", "--cap-drop", "ALL"]).stdout)
    assert (seen["uid"], seen["gid"], seen["ppid"]) == (10001, 10001, 1)


def test_dockerfile_where_another_is_pid_1(engine, context):
    build(engine, context, "Dockerfile", "app:1")
    done = engine.run("app:1", "orphans", "100", init=True)
    assert (done.stdout, done.stderr, done.returncode) == ("100 reaped\n", "", 0)
    assert engine.run("app:1", "exit", "3", flags=["--pid", "host"]).returncode == 3


def test_containerfile(engine, context):
    build(engine, context, "Containerfile", "server:1")
    with engine.start("server:1") as server:
        server.wait_for("server: ready")
        assert server.stop(50) == 0
        assert server.lines() == TIDY_END


def test_containerfile_needs_its_init(engine, context):
    """What the example shows is the init's doing: without it the helper's work is lost."""
    build(engine, context, "Containerfile", "server:1")
    with engine.start("server:1", flags=["--entrypoint", "/serve"]) as server:
        server.wait_for("server: ready")
        server.stop(50)
        assert server.lines() == TIDY_END[:2]


def test_pause_image(engine, context):
    build(engine, context, "Containerfile.pause", "pause:1")
    with engine.start("pause:1") as pause:
        done = engine.run("box", "/probe", "orphans", "100", flags=["--pid", f"container:{pause.name}"])
        assert done.stdout == "100 reaped\n"
        assert pause.stop(50) == 0


@only("podman")
def test_pod(engine, context):
    build(engine, context, "Containerfile", "server:1")
    server, watcher = Container(engine, "example-server"), Container(engine, "example-watcher")
    engine.cli("kube", "play", "--network", "none", str(context / "pod.yaml"))
    try:
        server.wait_for("server: ready")
        eventually("a list of processes that begins with the pod's pause program",
                   lambda: any(re.match(r" +1 .* -P$", line) for line in watcher.lines()))
        assert server.stop(50) == 0
        assert server.lines() == TIDY_END
        assert watcher.running()
    finally:
        engine.cli("kube", "down", str(context / "pod.yaml"))


# ---- compose ----


def compose_command():
    """docker-compose, of either generation; a skip where there is none."""
    if shutil.which("docker-compose", path=SYSTEM_PATH):
        return ["docker-compose"]
    plugin = subprocess.run(["docker", "compose", "version"], env={"PATH": SYSTEM_PATH}, capture_output=True)
    if plugin.returncode:
        pytest.skip("compose.yaml was only parsed: no docker-compose; apt-get install docker-compose")
    return ["docker", "compose"]


@only("docker")
def test_compose(engine, context):
    command = compose_command()
    build(engine, context, "Containerfile", "server:1")

    def compose(*args):
        done = subprocess.run([*command, "--project-name", "example", *args], cwd=context, timeout=60,
                              env=engine.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    compose("up", "--detach")
    try:
        eventually("the server", lambda: "server: ready" in compose("logs", "--no-color"))
        ids = {name: compose("ps", "--quiet", name).strip() for name in ("server", "plain")}
        compose("stop")
        status = {name: engine.cli("wait", id).stdout.strip() for name, id in ids.items()}
        assert status == {"server": "0", "plain": "143"}
        assert engine.cli("logs", ids["server"]).stdout.splitlines() == TIDY_END
    finally:
        compose("down")


# ---- without an engine ----


def parsed(name):
    yaml = pytest.importorskip("yaml", reason="no python3-yaml; apt-get install python3-yaml")
    return yaml.safe_load((EXAMPLES / name).read_text())


def patience_of_the_init(*settings):
    """The seconds of grace and drain; a later setting wins."""
    values = {name: value for group in settings for name, value in group.items()}
    return sum(int(values[name].rstrip("s")) for name in ("NSINIT_GRACE", "NSINIT_DRAIN"))


def test_compose_file_gives_the_init_time():
    """The engine's patience must be longer than the init's, or the engine kills before the init is done."""
    services = parsed("compose.yaml")["services"]
    of_the_image = dict(re.findall(r"(NSINIT_\w+)=(\S+)", (EXAMPLES / "Containerfile").read_text()))
    patience = patience_of_the_init(of_the_image, services["server"]["environment"])
    assert int(services["server"]["stop_grace_period"].rstrip("s")) > patience
    assert services["plain"]["init"] is True


def test_pod_file_gives_the_init_time():
    spec = parsed("pod.yaml")["spec"]
    server = spec["containers"][0]
    patience = patience_of_the_init({entry["name"]: entry["value"] for entry in server["env"]})
    assert spec["terminationGracePeriodSeconds"] > patience
    assert spec["shareProcessNamespace"] is True and "-s" in server["command"]
