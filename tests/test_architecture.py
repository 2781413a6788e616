"""Design §3 as tests: who imports whom, how long files and functions get, what must say what it is for.

Each rule is a function from one parsed file to the lines that break it. It is run over the repository, and over planted
sources that must be found wanting, so that a rule that has gone blind is noticed.
"""

from __future__ import annotations

import ast
import os
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {"actions": "callflow.actions", "examples": "callflow.examples", "media": "callflow.media"}
ROOMS |= {"storage": "callflow.storage", "callflow": "callflow"}

# Law 1 (sans-I/O): no clock, chance, thread, file, process, socket or log inside the core and the actions it runs.
OUTSIDE_WORLD = tuple(
    "asyncio calendar concurrent ctypes datetime fcntl fileinput ftplib glob http.client http.server"
    " importlib.resources io locale logging mmap multiprocessing os pathlib queue random sched secrets select"
    " selectors shutil signal smtplib socket socketserver sqlite3 ssl subprocess tempfile threading time"
    " urllib.request uuid zoneinfo _thread _random _socket".split()
)
EDGE_CALLS = {"open", "input", "print", "exec", "eval", "__import__", "breakpoint"}
SHARED_CORE = tuple(f"callflow.core.{name}" for name in ("address", "errors", "trace", "effects", "table", "delivery"))
MAY_IMPORT = {  # room -> what it may import of ours
    "callflow.core": ("callflow.core",),
    "callflow.actions": ("callflow.actions", "callflow.core"),
    "callflow.media": ("callflow.media", *SHARED_CORE),
    "callflow.storage": ("callflow.storage", *SHARED_CORE),
    "callflow.examples": (),
}
IMPORT_NAMES = {"audioop-lts": "audioop", "resvg-py": "resvg_py", "ruamel.yaml": "ruamel"}
LONGEST_FILE = 300
LONGEST_FUNCTION = 60

Rule = Callable[[str, ast.Module], Iterator[str]]


def module_name(path: str) -> str:
    """Return the import name of a file given by its path from the root: `media/track.py` is `callflow.media.track`."""
    room, *rest = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return ".".join([ROOMS.get(room, room), *rest])


def room_of(module: str) -> str:
    """Return the room that a product module belongs to; what is in no other room is the edge, `callflow`."""
    return next((room for room in MAY_IMPORT if is_inside(module, room)), "callflow")


def is_inside(module: str, package: str) -> bool:
    """Tell whether `module` is `package` or lies in it."""
    return module == package or module.startswith(package + ".")


def imported(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, full name) of everything a file imports; `from a import b` gives a.b; dots are resolved."""
    package = module_name(path).split(".")
    if not path.endswith("/__init__.py"):
        package = package[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = [*above, *([node.module] if node.module else [])]
            yield from ((node.lineno, ".".join([*base, alias.name])) for alias in node.names)


def own_rooms_only(path: str, tree: ast.Module) -> Iterator[str]:
    """A room imports of ours only what the table of design §3 gives it."""
    room = room_of(module_name(path))
    for line, name in imported(path, tree):
        if room in MAY_IMPORT and is_inside(name, "callflow"):
            if not any(is_inside(name, allowed) for allowed in MAY_IMPORT[room]):
                yield f"{path}:{line}: {room} imports {name}"
            if room == "callflow.actions" and any(part.startswith("_") for part in name.split(".")):
                yield f"{path}:{line}: an action imports the private {name}"


def no_outside_world(path: str, tree: ast.Module) -> Iterator[str]:
    """The core and the actions know attrs and the standard library without I/O, clocks and chance (law 1)."""
    if room_of(module_name(path)) not in ("callflow.core", "callflow.actions"):
        return
    for line, name in imported(path, tree):
        top = name.partition(".")[0]
        is_known = top in {*sys.stdlib_module_names, "attr", "attrs", "callflow"}
        if not is_known or any(is_inside(name, banned) for banned in OUTSIDE_WORLD):
            yield f"{path}:{line}: imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EDGE_CALLS:
            yield f"{path}:{node.lineno}: calls {node.func.id}()"


def no_bare_folders(path: str, tree: ast.Module) -> Iterator[str]:
    """Rooms are imported as callflow.…: the folder's bare name would be a second, distinct module."""
    for line, name in imported(path, tree):
        if name.partition(".")[0] in {*ROOMS} - {"callflow"}:
            yield f"{path}:{line}: imports {name}; write callflow.{name}"


def declared_only(path: str, tree: ast.Module) -> Iterator[str]:
    """What the product imports of others is declared, perhaps as an extra; test tools are for callflow/testing."""
    extras = project()["project"]["optional-dependencies"]
    texts = [*project()["project"]["dependencies"]]
    texts += [text for name in extras.keys() - {"dev", "test"} for text in extras[name]]
    names = [Requirement(text).name for text in texts]
    known = {IMPORT_NAMES.get(name, name) for name in names} | {"attr", "callflow"}
    if is_inside(module_name(path), "callflow.testing"):
        known |= {"pytest", "freezegun"}
    for line, name in imported(path, tree):
        if name.partition(".")[0] not in known | set(sys.stdlib_module_names):
            yield f"{path}:{line}: imports {name}, which pyproject.toml does not ask for"


def short_functions(path: str, tree: ast.Module) -> Iterator[str]:
    """A function fits on one screen."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines, {LONGEST_FUNCTION} is the most"


def says_what_it_is_for(path: str, tree: ast.Module) -> Iterator[str]:
    """Every module and every public function and class of a module has a docstring."""
    if not ast.get_docstring(tree):
        yield f"{path}:1: the module has no docstring"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node) and not is_overload(node):
                yield f"{path}:{node.lineno}: {node.name} has no docstring"


def is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Tell whether a definition is one of several `@overload` signatures, of which only the last is documented."""
    return any("overload" in ast.unparse(decorator) for decorator in node.decorator_list)


def cases_name_their_rule(path: str, tree: ast.Module) -> Iterator[str]:
    """Every test function says which rule it proves."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            if not ast.get_docstring(node):
                yield f"{path}:{node.lineno}: {node.name} has no docstring"


PRODUCT_RULES = (own_rooms_only, no_outside_world, declared_only, short_functions, says_what_it_is_for)


def project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def sources(*folders: str) -> list[str]:
    """Return the Python files under folders of the root, as paths from it."""
    return sorted(path.relative_to(ROOT).as_posix() for folder in folders for path in (ROOT / folder).rglob("*.py"))


def broken(rule: Rule, *folders: str) -> list[str]:
    """Run a rule over the files of some folders and return the lines that break it."""
    found: list[str] = []
    for path in sources(*folders):
        found += rule(path, ast.parse((ROOT / path).read_text(encoding="utf-8"), path))
    return found


@pytest.mark.parametrize("rule", PRODUCT_RULES, ids=lambda rule: rule.__name__)
def test_product_keeps_the_rule(rule: Rule) -> None:
    """Design §3: the rooms keep their import directions, their size and their docstrings."""
    assert broken(rule, *ROOMS) == []


def test_every_test_names_its_rule() -> None:
    """Design §3: a test says in one line what it proves."""
    assert broken(cases_name_their_rule, "tests") == []


def test_nobody_imports_a_folder_by_its_bare_name() -> None:
    """Design §10: always callflow.actions, never actions."""
    assert broken(no_bare_folders, *ROOMS, "tests", "tools", "bench") == []


def test_no_file_is_longer_than_its_limit() -> None:
    """Design §3: no file above 300 lines."""
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in sources(*ROOMS, "tests")}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_package_list_equals_the_folders() -> None:
    """Design §10: every folder with an __init__.py is listed in pyproject.toml, and nothing else is."""
    there = {module_name(path) for path in sources(*ROOMS) if path.endswith("/__init__.py")}
    assert set(project()["tool"]["setuptools"]["packages"]) == there


def test_every_python_file_is_in_a_listed_package() -> None:
    """Design §10: a folder without __init__.py would be left out of the wheel, so product files never lie in one."""
    folders = {os.path.dirname(path) for path in sources(*ROOMS)}
    assert {folder for folder in folders if not (ROOT / folder / "__init__.py").is_file()} == set()


PLANTED = [
    (own_rooms_only, "callflow/core/leg.py", "from callflow.media import track", 1),
    (own_rooms_only, "callflow/core/leg.py", "from ..scenario import steps", 1),
    (own_rooms_only, "callflow/core/leg.py", "import callflow", 1),
    (own_rooms_only, "callflow/core/leg.py", "from .table import Table\nfrom callflow.core import errors", 0),
    (own_rooms_only, "media/track.py", "from callflow.core.engine import Engine", 1),
    (own_rooms_only, "media/track.py", "from callflow.core import Engine", 1),
    (own_rooms_only, "media/track.py", "from callflow.storage import outbox", 1),
    (own_rooms_only, "media/track.py", "from callflow.core.errors import MediaError\nfrom .sources import Tone", 0),
    (own_rooms_only, "storage/outbox.py", "def late():\n    from callflow.media import track", 1),
    (own_rooms_only, "storage/outbox.py", "from callflow.core import delivery, trace", 0),
    (own_rooms_only, "actions/user.py", "from callflow.simulate import run", 1),
    (own_rooms_only, "actions/user.py", "from callflow.core.effects import _Ring", 1),
    (own_rooms_only, "actions/user.py", "from callflow.core.effects import Ring", 0),
    (own_rooms_only, "callflow/simulate.py", "from callflow.media import track\nimport callflow.storage", 0),
    (no_outside_world, "callflow/core/agenda.py", "import time", 1),
    (no_outside_world, "callflow/core/agenda.py", "from os.path import join", 1),
    (no_outside_world, "callflow/core/agenda.py", "import numpy", 1),
    (no_outside_world, "callflow/core/agenda.py", "from urllib import request", 1),
    (no_outside_world, "callflow/core/agenda.py", "from urllib.parse import quote", 0),
    (no_outside_world, "callflow/core/agenda.py", "def load(path):\n    return open(path)", 1),
    (no_outside_world, "callflow/core/agenda.py", "import heapq\nfrom attrs import frozen", 0),
    (no_outside_world, "actions/sleep.py", "from time import sleep", 1),
    (no_outside_world, "callflow/simulate.py", "import time", 0),
    (no_bare_folders, "tests/media/test_track.py", "import media.track", 1),
    (no_bare_folders, "tests/media/test_track.py", "from storage import outbox", 1),
    (no_bare_folders, "tests/media/test_track.py", "from callflow.media import track", 0),
    (declared_only, "storage/s3.py", "import boto3", 1),
    (declared_only, "callflow/simulate.py", "import pytest", 1),
    (declared_only, "callflow/testing/plugin.py", "import pytest", 0),
    (declared_only, "callflow/scenario/yamlfile.py", "from ruamel.yaml import YAML", 0),
    (short_functions, "media/track.py", "def f():\n" + "    pass\n" * 60, 1),
    (short_functions, "media/track.py", "def f():\n" + "    pass\n" * 59, 0),
    (says_what_it_is_for, "media/track.py", "def f(): pass", 2),
    (says_what_it_is_for, "media/track.py", '"""M."""\nclass A: pass\ndef _g(): pass', 1),
    (says_what_it_is_for, "media/track.py", '"""M."""\ndef f():\n    """F."""', 0),
    (cases_name_their_rule, "tests/test_a.py", "def test_a(): pass\nclass TestB:\n    def test_b(self): pass", 2),
]


@pytest.mark.parametrize(("rule", "path", "text", "count"), PLANTED)
def test_rules_find_what_is_planted(rule: Rule, path: str, text: str, count: int) -> None:
    """A rule that cannot fail proves nothing: each finds its planted faults, and only those."""
    assert len(list(rule(path, ast.parse(text)))) == count
