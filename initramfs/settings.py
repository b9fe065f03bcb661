# SPDX-License-Identifier: MIT
"""The variables that a list may use, from the command line."""

import os
import re

from contents import Mistake

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def variables(settings):
    """NAME=VALUE words as a dictionary; a path that is there becomes absolute, because a list counts from where it is itself."""
    values = {"nsinit": os.path.join(ROOT, "build/nsinit")}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not re.fullmatch("[a-z_]+", name):
            raise Mistake(f"--set {setting}: is not NAME=VALUE with a name of small letters")
        values[name] = os.path.abspath(value) if os.path.exists(value) else value
    return values
