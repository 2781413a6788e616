"""The JUnit report: what the schema of Jenkins' xUnit plugin (junit-10) allows, and no text can break out of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element, parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import StorageError
from callflow.report.results import Failure
from callflow.scenario.preparing import Choices
from callflow.testing.junit import claim, write_junit
from callflow.testing.orders import Orders
from callflow.testing.outcome import CaseResult
from callflow.testing.running import run_file

Writer = Callable[..., Path]
STARTED = datetime(2026, 11, 30, 10, 0, 1, tzinfo=UTC)
SECONDS = re.compile(r"[0-9]+\.[0-9]{3}")

# What junit-10 says of the elements that we use: attributes it needs, others it allows, elements inside.
SCHEMA: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": ({"name"}, {"time", "classname", "group"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}


def problems(element: Element) -> list[str]:
    """Where a report leaves the schema."""
    needed, allowed, inside = SCHEMA[element.tag]
    found = [f"{element.tag} lacks {name}" for name in needed - set(element.attrib)]
    found += [f"{element.tag} has {name}" for name in set(element.attrib) - needed - allowed]
    time = element.get("time")
    if time is not None and not SECONDS.fullmatch(time):
        found.append(f"{element.tag} has the time {time}")
    for child in element:
        found += problems(child) if child.tag in inside else [f"{element.tag} holds {child.tag}"]
    return found


def written(folder: Path, *cases: CaseResult) -> Element:
    """The report, read back; it is as the schema wants it."""
    path = folder / "report.xml"
    write_junit(cases, path, STARTED, 1_234.5)
    root = parse(path).getroot()
    assert problems(root) == []
    return root


def test_the_rules_find_what_the_schema_forbids() -> None:
    """A check that finds nothing proves nothing."""
    root = Element("testsuites", file="x")
    root.append(Element("testcase", name="a"))
    suite = Element("testsuite", name="a", tests="1", failures="0", time="1,5")
    root.append(suite)
    expected = [
        "testsuites has file",
        "testsuites holds testcase",
        "testsuite lacks errors",
        "testsuite has the time 1,5",
    ]
    assert problems(root) == expected


def test_what_a_tester_needs_is_in_it(write_scenario: Writer, tmp_path: Path) -> None:
    """File, line, time, message, the command that repeats it, and the timeline of what failed."""
    good, bad, broken = write_scenario("good.yaml"), write_scenario("bad.yaml", length="8s"), tmp_path / "none.yaml"
    orders = Orders(Choices(), profiles=("docs",), tells=True)
    root = written(tmp_path, *(case for file in (good, bad, broken) for case in run_file(file, orders)))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "time")} == {
        "tests": "3", "failures": "1", "errors": "1", "time": "1.234",
    }  # fmt: skip
    assert [suite.get("file") for suite in root] == [str(good), str(bad), str(broken)]
    assert root[0].get("timestamp") == "2026-11-30T10:00:01"
    assert list(root[0][0]) == []
    assert root[0][0].get("name") == "good (docs)"
    failure, story = root[1][0]
    assert failure.tag == "failure"
    assert (failure.get("message") or "").startswith(f"{bad}:11: expect.recordings[0]: expected ")
    assert (failure.text or "").splitlines()[-1].startswith("repeat: callflow run ")
    assert "alice rings" in (story.text or "")
    (error,) = root[2][0]
    assert (error.tag, error.get("type")) == ("error", "wrong input")
    assert root[2][0].get("name") == "none.yaml"


def test_a_long_story_is_cut(tmp_path: Path) -> None:
    """A report of thousands of failures can still be read; the end of the call is what matters."""
    case = CaseResult("a.yaml", 3, "", "failed", failures=(Failure("", "", "m"),), story="x" * 90_000 + "end")
    story = written(tmp_path, case)[0][0][1].text or ""
    assert len(story) == 50_000
    assert story.endswith("end")


@given(st.text(st.characters(codec=None), max_size=40))
def test_no_text_breaks_the_report(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Names and messages are strangers': markup, control characters and half characters included."""
    hostile = f"<a b='\"'>]]>&{text}"
    failure = Failure(hostile, hostile, hostile)
    case = CaseResult(
        f"{hostile}.yaml", 0, hostile, "failed", False, hostile, (hostile,), "docs", (failure,), (hostile,)
    )
    root = written(tmp_path_factory.mktemp("junit"), case)
    assert len(root) == len(root[0]) == len(root[0][0]) == 1
    assert "<a b='\"'>]]>&" in (root[0][0][0].text or "")


def test_a_place_that_cannot_be_written_is_told_before_anything_runs(tmp_path: Path) -> None:
    """A suite of ten minutes is not run for a report that then cannot be kept; folders are made."""
    claim(tmp_path / "new" / "folder" / "report.xml")
    assert (tmp_path / "new" / "folder" / "report.xml").exists()
    with pytest.raises(StorageError, match="choose another file with --junit"):
        claim(tmp_path)
    with pytest.raises(StorageError, match="choose another file with --junit"):
        write_junit([], tmp_path, STARTED, 0)
