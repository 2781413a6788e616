"""JUnit's XML, as CI servers read it: a suite for each file, valid against the schema of Jenkins' xUnit plugin.

That schema (junit-10) gives a suite a `file` and a case none, so every file is a suite; the line stands in the
message. Texts come from strangers: what XML cannot hold is left out, and nothing is written but through the library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from callflow.core.errors import StorageError
from callflow.testing.outcome import CaseResult

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_STORY: Final = 50_000
_KINDS: Final = {"failed": "expectation", "broken": "wrong input", "error": "our bug"}


def claim(path: Path) -> None:
    """Make sure, before anything runs, that the file can be written. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        raise _refused(path, error) from None


def write_junit(cases: Iterable[CaseResult], path: Path, started: datetime, wall_ms: float) -> None:
    """Write the report; the cases of a file stand together, `started` is when it all began. Raises StorageError."""
    suites = [_suite(file, list(group), started) for file, group in groupby(cases, lambda case: case.file)]
    totals = {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in ("tests", "failures", "errors")}
    root = Element("testsuites", {"name": "callflow test", **totals, "time": _seconds(wall_ms)})
    root.extend(suites)
    indent(root)
    try:
        path.write_bytes(tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
    except OSError as error:
        raise _refused(path, error) from None


def _suite(file: str, cases: list[CaseResult], started: datetime) -> Element:
    failures = sum(case.outcome == "failed" for case in cases)
    errors = sum(not case.has_passed for case in cases) - failures
    suite = Element("testsuite", name=_clean(file), tests=str(len(cases)), failures=str(failures), errors=str(errors))
    suite.set("time", _seconds(sum(case.duration_ms for case in cases)))
    suite.set("timestamp", started.strftime("%Y-%m-%dT%H:%M:%S"))
    suite.set("file", _clean(file))
    for case in cases:
        suite.append(_case(case))
    return suite


def _case(case: CaseResult) -> Element:
    row = "" if case.row is None else f"[{case.row}]"
    profile = f" ({case.chosen})" if case.chosen else ""
    name = _clean(f"{case.name or Path(case.file).name}{row}{profile}")
    element = Element("testcase", name=name, classname=_class_name(case.file), time=_seconds(case.duration_ms))
    if case.has_passed:
        return element
    messages = [failure.message for failure in case.failures]
    unmet = SubElement(element, "failure" if case.outcome == "failed" else "error", type=_KINDS[case.outcome])
    unmet.set("message", _clean(messages[0] if messages else case.outcome))
    unmet.text = _clean("\n".join([*messages, *case.details, f"repeat: {case.repeat}"]))
    if case.story:
        SubElement(element, "system-out").text = _clean(case.story[-_LONGEST_STORY:])
    return element


def _class_name(file: str) -> str:
    """The path with dots, as servers make folders of it: `tests.scenarios.b12.01_busy`."""
    parts = Path(file).with_suffix("").parts
    return _clean(".".join(part.replace(".", "_") for part in parts if part not in ("/", ".", "..")))


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)


def _seconds(duration_ms: float) -> str:
    return f"{duration_ms / 1000:.3f}"


def _refused(path: Path, error: OSError) -> StorageError:
    reason = error.strerror or "the system refused"
    return StorageError(f"{path}: cannot be written: {reason}; choose another file with --junit")
