# SPDX-License-Identifier: MIT
"""
Every documented option of a peer in every spelling, alone and beside every other: the peer itself says what is right. The status, what
the program is and has, and on which descriptor something is said must be the same; the words of help and of errors may differ. What is
different on purpose (COMPATIBILITY in the manual) is not in these lists.
"""

import json

import pytest
from peers import both, peer

SPELLINGS = {
    "tini": ["-s", "-g", "-w", "-sg", "-gws", "-e 3", "-e3", "-e 143", "-e 0", "-e 255", "-p SIGTERM", "-pSIGKILL", "-sp SIGHUP", "-gwse3",
             # wrong
             "-Z", "-sZ", "--nope", "--help", "-e 256", "-e -1", "-e x", "-e 1x", "-p SIGNOPE", "-pX", "-V", "-c", "-r 15:3"],
    "dumb-init": ["-c", "--single-child", "-r 15:3", "-r15:3", "--rewrite 15:3", "--rewrite=15:3", "-r 15:0", "-cr2:3", "-r 1:31 -r 31:1",
                  "-v", "--verbose", "-vc", "-vvr15:2",
                  # wrong
                  "-r 15", "-r :", "-r 15:", "-r :3", "-r 0:3", "-r 15:-1", "-r x:3", "--rewrite=", "--verbose=1", "-Z", "--nope", "-s",
                  "-e 3"],
    "catatonit": ["-g", "-gg",
                  # wrong
                  "-Z", "-gZ", "--nope", "-s", "-v", "-e 3", "-p SIGTERM"],
}
LOOKS = {
    "tini": ["-h", "-sh", "-l", "-gl", "-h -l"],
    "dumb-init": ["-h", "--help", "-vh", "-V", "--version", "-cV", "-r 15:3 -V", "-h -V"],
    "catatonit": ["-h", "-gh", "-L", "-gL", "-V", "--version", "-gV", "-h -V"],
}
ENVIRONMENTS = {
    "tini": [{}, {"TINI_SUBREAPER": ""}, {"TINI_KILL_PROCESS_GROUP": "0", "TINI_SUBREAPER": "1", "TINI_VERBOSITY": "0"}],
    "dumb-init": [{}, {"DUMB_INIT_DEBUG": "1"}, {"DUMB_INIT_DEBUG": "0"}, {"DUMB_INIT_SETSID": "0"},
                  {"DUMB_INIT_SETSID": "1", "DUMB_INIT_DEBUG": ""}],
    "catatonit": [{}, {"CATATONIT_DEBUG": ""}],
}
ENDS = [["exit", "3"], ["exit", "143"], ["die", "TERM"], ["report", "--", "a b"]]


def every(lists):
    return [(name, entry) for name, entries in lists.items() for entry in entries]


def facts(out):
    """What a probe reported, without what no two runs share; of other words, whether there are any."""
    try:
        report = json.loads(out)
    except ValueError:
        return bool(out)
    kept = {key: report[key] for key in ("argv", "cwd", "ignored", "uid", "umask")}
    return kept | {"fds": sorted(report["fds"]), "env": sorted(report["env"]), "leads group": report["pgid"] == report["pid"],
                   "leads session": report["sid"] == report["pid"]}


@pytest.fixture
def compare(nsinit, directory):
    def behaviour(init, words, environment):
        result = init.raw(*words, env=environment)
        return result.status, facts(result.out), bool(result.err)

    def compare(name, words, environment):
        ours, real = (peer(name, variant, nsinit, directory) for variant in both(name))
        assert behaviour(ours, words, environment) == behaviour(real, words, environment), (words, environment)

    return compare


@pytest.mark.parametrize("name, first", every(SPELLINGS))
def test_every_pair_of_spellings(compare, probe, name, first):
    """Each with another end of the program, in another environment."""
    for i, second in enumerate(SPELLINGS[name]):
        environments = ENVIRONMENTS[name]
        environment = environments[(i + len(first)) % len(environments)]
        compare(name, [*first.split(), *second.split(), "--", probe, *ENDS[i % len(ENDS)]], environment)


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_environment_and_end(compare, probe, name):
    for environment in ENVIRONMENTS[name]:
        for end in ENDS:
            compare(name, ["--", probe, *end], environment)
            compare(name, [*SPELLINGS[name][0].split(), "--", probe, *end], environment)


@pytest.mark.parametrize("name, options", every(LOOKS))
def test_what_only_looks(compare, probe, name, options):
    for rest in [], ["--"], ["--", probe, "exit", "3"], [probe, "exit"]:
        compare(name, [*options.split(), *rest], {})
