# SPDX-License-Identifier: MIT
"""The init as the first process of a pod: it holds the namespaces and reaps for every container in them."""
import contextlib

import pytest

from engines import only

POD = ["--share", "pid,ipc,uts", "--network", "none"]
INFRA = {
    "podman's own": [],  # podman makes the image, of the file "catatonit" that it is told to use
    "image": ["--infra-image", "pause"],
    "name": ["--infra-image", "pause-by-name"],
    "command": ["--infra-image", "scratch-init", "--infra-command", "/pid1 -P"],
}


@contextlib.contextmanager
def pod(podman, *flags):
    podman.cli("pod", "create", "--name", "pod", *POD, *flags)
    try:
        yield "pod"
    finally:
        podman.cli("pod", "rm", "--force", "pod")


def status_of_infra(podman):
    infra = podman.cli("pod", "inspect", "--format", "{{.InfraContainerID}}", "pod").stdout.strip()
    return podman.cli("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", infra).stdout.strip()


@only("podman")
@pytest.mark.parametrize("flags", INFRA.values(), ids=INFRA.keys())
def test_infra_container(engine, init, flags):
    init.needs("--pause")
    if "pause-by-name" in flags:
        init.needs_own()
    with pod(engine, *flags) as name:
        in_pod = ["--pod", name]
        assert engine.run("box", "sha256sum", "/proc/1/exe", flags=in_pod).stdout.split()[0] == init.sha256()
        assert engine.run("box", "/probe", "orphans", "200", flags=in_pod).stdout == "200 reaped\n"
        with engine.start("box", "/probe", "sleep", flags=in_pod) as container:
            container.wait_for("ready")
            assert container.stop(50) == 143
        assert status_of_infra(engine) == "running 0"
        engine.cli("pod", "stop", "--time", "50", name)
        assert status_of_infra(engine) == "exited 0"


@pytest.mark.parametrize("sig", ["TERM", "INT"])
def test_pause_container_joined_by_others(engine, init, sig):
    """As kubelet does it through docker: every container joins the PID namespace of the pause container."""
    init.needs("--pause")
    with engine.start("pause", flags=["--user", "65535:65535", "--read-only", "--cap-drop", "ALL"]) as pause:
        joined = ["--pid", f"container:{pause.name}"]
        assert engine.run("box", "/probe", "orphans", "200", flags=joined).stdout == "200 reaped\n"
        assert engine.run("box", "cat", "/proc/1/cmdline", flags=joined).stdout.startswith("/pid1\0-P")
        for ignored in ("HUP", "USR1", "WINCH"):
            pause.kill(ignored)
        assert pause.running()
        pause.kill(sig)
        assert pause.wait() == 0
