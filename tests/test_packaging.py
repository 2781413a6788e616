"""What a user installs: the wheel's contents, the source distribution's completeness, and the pinned requirements."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {"actions": "callflow/actions", "callflow": "callflow", "examples": "callflow/examples"}
ROOMS |= {"media": "callflow/media", "storage": "callflow/storage"}
LEFT_BEHIND = (".git", ".venv", "build", "dist", "out", "*.egg-info", "__pycache__", ".hypothesis", ".*_cache")
PIN_FILES = {
    "run": (),
    "test": ("test", "mysql", "png", "postgres", "s3", "tts"),
    "dev": ("test", "mysql", "png", "postgres", "s3", "tts", "dev"),
}
PIN = re.compile(r"^(?P<requirement>[a-z0-9][^ ]*==[^ ]+(?: ; [^\\]+)?) \\\n(?P<hashes>(?:    --hash=.*\n)+)", re.M)


@frozen
class Built:
    """The two distributions, as folders that hold what a user would unpack."""

    tree: Path  # the copy of the checkout that both were built from
    wheel: Path
    sdist: Path
    names: frozenset[str]  # paths inside the wheel

    def metadata(self) -> Message:
        """Return the wheel's METADATA."""
        path = next(self.wheel.glob("*.dist-info/METADATA"))
        return Parser().parsestr(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the source distribution and, from it, the wheel: a file that the first forgets is missing in the second."""
    folder = tmp_path_factory.mktemp("packaging")
    shutil.copytree(ROOT, folder / "tree", ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(folder / "tree")]
    done = subprocess.run(command, cwd=folder, env=plain_environment(), text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next((folder / "dist").glob("*.whl"))) as wheel:
        wheel.extractall(folder / "wheel")
        names = frozenset(wheel.namelist())
    with tarfile.open(next((folder / "dist").glob("*.tar.gz"))) as sdist:
        sdist.extractall(folder / "sdist", filter="data")
    return Built(folder / "tree", folder / "wheel", next((folder / "sdist").iterdir()), names)


def plain_environment() -> dict[str, str]:
    """Return the environment less what tells a Python to be strict: the build tools warn about themselves."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def wanted(extras: tuple[str, ...]) -> list[Requirement]:
    """Return what an installation with `extras` asks for directly, the build backend included."""
    document = project()
    optional = document["project"]["optional-dependencies"]
    texts = [*document["build-system"]["requires"], *document["project"]["dependencies"]]
    return [Requirement(text) for text in [*texts, *(text for extra in extras for text in optional[extra])]]


def pins(name: str) -> list[tuple[Requirement, str]]:
    """Return (pinned requirement, its hash lines) of one file; fail on any line that is neither."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    rest = PIN.sub("", "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#")))
    assert rest == "", f"requirements/{name}.txt: neither a pin nor its hashes: {rest[:200]!r}"
    return [(Requirement(match["requirement"]), match["hashes"]) for match in PIN.finditer(text)]


def test_wheel_has_one_top_level_package(built: Built) -> None:
    """Design §10: nothing lands on a user's top level but callflow."""
    tops = {name.partition("/")[0] for name in built.names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"callflow"}


def test_wheel_holds_every_file_of_every_room(built: Built) -> None:
    """Design §10: the rooms are sub-packages, and their code, data and examples are all there; nothing else is."""
    expected = set()
    for room, inside in ROOMS.items():
        files = [path for path in (built.tree / room).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        expected |= {f"{inside}/{path.relative_to(built.tree / room).as_posix()}" for path in files}
    assert {name for name in built.names if name.startswith("callflow/")} == expected


def test_wheel_is_typed(built: Built) -> None:
    """Issue 2, item 1: users' type checkers read our annotations."""
    assert "callflow/py.typed" in built.names


def test_wheel_says_what_it_needs_and_may(built: Built) -> None:
    """Issue 2, item 1: licence, Python version and dependencies reach the user's installer."""
    metadata = built.metadata()
    assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("Apache-2.0", ">=3.11")
    needed = {Requirement(text).name for text in metadata.get_all("Requires-Dist", []) if "extra ==" not in text}
    assert needed == {Requirement(text).name for text in project()["project"]["dependencies"]}
    assert needed >= {"attrs", "pydub", "structlog"}
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in built.names)


def test_wheel_installs_the_command_and_the_plugin(built: Built) -> None:
    """Design §10, §8: the command is `callflow`, and pytest finds its plugin."""
    entries = next(built.wheel.glob("*.dist-info/entry_points.txt")).read_text(encoding="utf-8")
    command, plugin = (["callflow", "=", each] for each in ("callflow.cli:main", "callflow.testing.plugin"))
    assert entries.split() == ["[console_scripts]", *command, "[pytest11]", *plugin]


@pytest.mark.parametrize("package", project()["tool"]["setuptools"]["packages"])
def test_wheel_imports_from_anywhere(built: Built, package: str, tmp_path: Path) -> None:
    """Design §10: the unpacked wheel alone is enough, and the checkout is not what answers."""
    code = f"import {package} as room; print(room.__file__)"
    environment = {**plain_environment(), "PYTHONPATH": str(built.wheel), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True)
    assert done.stdout.strip() == str(built.wheel / Path(*package.split(".")) / "__init__.py"), done.stderr


def test_sdist_is_a_working_checkout(built: Built) -> None:
    """Design §10: from the source distribution a user can run, test and check, as from a clone."""
    names = "Makefile LICENSE CHANGELOG.md CONTRIBUTING.md .ci/run tools/pins.py requirements/run.txt".split()
    assert [name for name in names if not (built.sdist / name).is_file()] == []
    tests = {path.relative_to(built.tree) for path in (built.tree / "tests").rglob("*") if path.is_file()}
    assert {path for path in tests if not (built.sdist / path).is_file()} == set()


@pytest.mark.parametrize("name", PIN_FILES)
def test_pins_are_exact_hashed_and_name_no_address(name: str) -> None:
    """Issue 2, item 1: names, versions, hashes; an install today and in a year agree, whatever mirror serves it."""
    for requirement, hashes in pins(name):
        assert [specifier.operator for specifier in requirement.specifier] == ["=="] and requirement.url is None
        assert set(re.sub(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?\n", "", hashes)) == set()
    assert "://" not in (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("name", PIN_FILES)
def test_pins_meet_what_pyproject_asks(name: str, python: str) -> None:
    """`make pins` was run after the last change of a dependency: each is pinned within its bounds, on every Python."""
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")):
        place = {"python_version": python, "python_full_version": f"{python}.0"}
        place |= {"sys_platform": system, "platform_machine": machine}
        versions = {}
        for requirement, _ in pins(name):
            if requirement.marker is None or requirement.marker.evaluate(place):
                assert canonicalize_name(requirement.name) not in versions, f"{requirement.name} is pinned twice"
                versions[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
        for need in wanted(PIN_FILES[name]):
            if need.marker is None or need.marker.evaluate(place):
                assert need.specifier.contains(versions[canonicalize_name(need.name)]), need


def test_larger_sets_hold_the_smaller_ones() -> None:
    """`make test` after `make run` adds packages and changes none."""
    run, test, dev = ({(str(requirement), hashes) for requirement, hashes in pins(name)} for name in PIN_FILES)
    assert run < test < dev
