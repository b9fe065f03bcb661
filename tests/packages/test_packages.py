# SPDX-License-Identifier: MIT
"""
Services of Debian's packages with their own unit files, in a container that has nsinit as its PID 1: each row of the table with
sandboxes and without the capability that those need. `make packages` prints the same as a table.
"""
import os

import pytest
from roots import CannotBuild, prepare, root_of
from table import ROWS
from trial import SANDBOX, Trial


@pytest.fixture(scope="session", autouse=True)
def own_place():
    if os.geteuid() != 0:
        pytest.skip("needs root: the services change to users of their own")
    prepare()


def cases():
    for row in ROWS:
        marks = [] if row.quick else [pytest.mark.slow]
        yield pytest.param(row, SANDBOX, id=row.name, marks=marks)
        yield pytest.param(row, [], id=f"{row.name}-no-sandbox", marks=pytest.mark.slow)


@pytest.mark.parametrize("row, extra", cases())
def test_package(row, extra):
    try:
        root = root_of(row)
    except CannotBuild as why:
        pytest.skip(str(why))
    trial = Trial(row, extra)
    cells = trial.run(root)
    assert trial.is_fine(cells), f"{cells}\n{trial.log[-2000:]}"
