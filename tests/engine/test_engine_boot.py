# SPDX-License-Identifier: MIT
"""nsinit under the name init as an image's ENTRYPOINT: the role boot, in a container that an engine made and ends."""
import pytest

# Its TERM is a status of its own; the line says that it is ready for it.
WAITS = "trap 'exit 9' TERM; echo up; while :; do sleep 0.02; done"


def test_the_path_of_older_engines_is_that_of_an_engines_init(engine, init):
    """Those of until 2022 put theirs at /dev/init; it is no init of a machine."""
    init.needs_own()
    flags = ["--volume", f"{init.path}:/dev/init:ro", "--entrypoint", "/dev/init", "--workdir", "/tmp"]
    with engine.start("box", "--", "sh", "-c", "pwd; exec /probe signals", flags=flags) as container:
        container.wait_for("ready")
        for sig, line in (("HUP", "1"), ("USR1", "10"), ("INT", "2"), ("RTMIN+3", "37")):
            container.kill(sig)
            container.wait_for(line)
        assert container.stop(30) == 0
        assert container.lines() == ["/tmp", "ready", "1", "10", "2", "37", "15"]


@pytest.fixture
def image(engine, init, probe, box):
    """With the other names of an init beside it."""
    init.needs_own()
    init.needs("--boot")
    files = box | {"init": init.path, "sbin": None, "sbin/poweroff": "/init"}
    engine.image("boot", files, "ENV PATH=/bin:/sbin", 'ENTRYPOINT ["/init", "--"]')
    return "boot"


def test_the_status_is_the_programs(engine, image):
    done = engine.run(image, "sh", "-c", "cat /proc/1/comm; exit 7")
    assert (done.stdout, done.returncode) == ("init\n", 7)


@pytest.mark.parametrize("sig", ["SIGTERM", "SIGRTMIN+3"])
def test_a_stop_ends_it_in_time(engine, image, sig):
    """Else it would be killed, and 137. The other signal is what systemd's images ask for."""
    with engine.start(image, "sh", "-c", WAITS, flags=["--stop-signal", sig]) as container:
        container.wait_for("up")
        assert container.stop(30) == 9


def test_a_poweroff_inside_ends_it(engine, image):
    with engine.start(image, "sh", "-c", WAITS) as container:
        container.wait_for("up")
        done = container.exec("/sbin/poweroff")
        # The process of the exec may end with the container before it can say anything.
        assert container.wait() == 9, done.stderr


def test_a_poweroff_by_the_program_ends_it(engine, image):
    done = engine.run(image, "sh", "-c", "trap 'echo asked; exit 4' TERM; /sbin/poweroff || exit 1; while :; do sleep 0.02; done")
    assert (done.stdout, done.returncode) == ("asked\n", 4)


def test_it_leaves_the_engines_mounts_alone(engine, image):
    """What an init mounts again would hide what the engine put there; with that capability it could."""
    def mounts(name):
        text = engine.run(name, "cat", "/proc/self/mountinfo", flags=["--cap-add", "SYS_ADMIN"]).stdout
        return [line.split()[4] for line in text.splitlines()]

    plain, booted = mounts("box"), mounts(image)
    assert len(booted) == len(set(booted)) and set(plain) <= set(booted)
    assert not {"/run", "/tmp"} & set(booted) - set(plain)
