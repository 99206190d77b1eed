"""What each client is told: where to ask, as whom, and what it must find there."""

import json
import os
import shutil
import subprocess

URL = os.environ["SIMULATOR_URL"]
TOKEN = os.environ["SIMULATOR_TOKEN"]
# The authority of those that speak https; none for the others.
CA_FILE = os.environ.get("SIMULATOR_CA_FILE")
EXPECTED = json.loads(os.environ["SIMULATOR_EXPECTED"])


def same(found, expected, what):
    """Both hold the same things, each as often, in whatever order."""
    found, expected = sorted(found), sorted(expected)
    missing = [one for one in expected if one not in found]
    surplus = [one for one in found if one not in expected]
    assert found == expected, f"{what}: {len(found)} of {len(expected)}, missing {missing}, surplus {surplus}"


def known(word, words, what):
    assert word in words, f"{what}: {word!r} is none of {sorted(words)}"


def refused(kind, call, check=lambda error: True):
    """`call` fails as `kind`, which is how the client words a refusal."""
    try:
        answer = call()
    except kind as error:
        assert check(error), f"refused, but not as it should be: {error!r}"
        return
    raise AssertionError(f"not refused: {answer!r}")


def program(name, arguments, **options):
    """What a program writes; `None`, and a word about it, where it is not installed."""
    if shutil.which(name) is None:
        print(f"skipped: {name} is not installed")
        return None
    done = subprocess.run([name, *arguments], capture_output=True, text=True, check=False, timeout=120, **options)
    assert done.returncode == 0, f"{name} {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
