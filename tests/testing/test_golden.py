"""Golden traces: kept beside the scenario, compared row by row, renewed on request (issue 5, 2)."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from callflow.core.errors import DocumentError, StorageError
from callflow.core.trace import Row
from callflow.scenario import load_scenario
from callflow.scenario.preparing import Choices
from callflow.simulate import simulate
from callflow.testing.golden import differs, golden_path, keep
from callflow.testing.orders import Orders
from callflow.testing.running import run_file

Writer = Callable[..., Path]
COMPARE = Orders(Choices(), golden="compare")
UPDATE = Orders(Choices(), golden="update")


@pytest.fixture
def rows(write_scenario: Writer) -> list[Row]:
    """The rows of a run."""
    (scenario,) = load_scenario(write_scenario("call.yaml"))
    return simulate(scenario).rows


def edited(path: Path, number: int, **fields: object) -> None:
    """Change a row of a kept trace, as an older version would have written it."""
    lines = path.read_text().splitlines()
    row = json.loads(lines[number])
    lines[number] = json.dumps({**row, **fields}, separators=(",", ":"))
    path.write_text("\n".join(lines) + "\n")


def test_where_a_trace_is_kept(write_scenario: Writer) -> None:
    """Beside the file, as `make golden` keeps those of the examples; rows and foreign profiles have their own."""
    (scenario,) = load_scenario(write_scenario("call.scenario.yaml"))
    assert golden_path(scenario, None, "docs").name == "call.scenario.trace.jsonl"
    assert golden_path(scenario, 2, "docs").name == "call.scenario.row-2.trace.jsonl"
    assert golden_path(scenario, 2, "kazoo-4").name == "call.scenario.row-2.kazoo-4.trace.jsonl"
    (other,) = load_scenario(write_scenario("other.yaml", more="profile: kazoo-4"))
    assert golden_path(other, None, "kazoo-4") == Path(other.file).parent / "other.trace.jsonl"
    assert golden_path(other, None, "docs").name == "other.docs.trace.jsonl"


def test_what_is_kept_is_the_same_next_time(rows: list[Row], tmp_path: Path) -> None:
    """Written once, then left alone; readable by all, no draft left."""
    path = tmp_path / "a.trace.jsonl"
    assert differs(rows, path) is None
    assert keep(rows, path)
    assert not keep(rows, path)
    assert differs(rows, path) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.trace.jsonl", "call.yaml", "flow.json"]


def test_line_ends_of_another_system_are_no_difference(rows: list[Row], tmp_path: Path) -> None:
    """Git turns them on Windows."""
    path = tmp_path / "a.trace.jsonl"
    keep(rows, path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert differs(rows, path) is None


def test_the_first_differing_row_is_shown_with_its_neighbours(rows: list[Row], tmp_path: Path) -> None:
    """File and line, the row as it is kept and as it is now, two rows before and two after."""
    path = tmp_path / "a.trace.jsonl"
    keep(rows, path)
    edited(path, 5, name="SOMETHING_ELSE")
    found = differs(rows, path)
    assert found is not None
    assert found.failure.message.startswith(f"{path}:6: the trace is not the one that is kept, from here on; ")
    assert "SOMETHING_ELSE" in found.failure.expected
    assert rows[5].name in found.failure.nearest
    marks = [line[:7].strip() for line in found.around]
    assert marks == ["", "", "kept", "kept", "kept", "now", "now", "now"]
    assert rows[4].name in found.around[1]


@pytest.mark.parametrize("is_longer", [True, False])
def test_a_trace_that_ends_elsewhere_differs_there(rows: list[Row], tmp_path: Path, is_longer: bool) -> None:
    """One of the two is over: the other's next row is shown."""
    path = tmp_path / "a.trace.jsonl"
    keep(rows[:-1] if is_longer else rows, path)
    found = differs(rows if is_longer else rows[:-1], path)
    assert found is not None
    assert f"{path}:{len(rows)}:" in found.failure.message
    ended = found.failure.expected if is_longer else found.failure.nearest
    assert ended == "the end of the trace"


def test_another_format_says_what_to_do(rows: list[Row], tmp_path: Path) -> None:
    """Row 1's number tells an upgrade from a change of behaviour."""
    path = tmp_path / "a.trace.jsonl"
    keep(rows, path)
    edited(path, 0, detail={**(rows[0].detail or {}), "format": 0})
    found = differs(rows, path)
    assert found is not None
    assert found.failure.message == (
        f"{path}:1: a trace of format 0, and this version writes format 1; "
        "`callflow test --update` writes it anew; read the difference before you keep it"
    )


def test_another_moment_or_seed_is_named(rows: list[Row], tmp_path: Path) -> None:
    """A scenario without `start:` cannot have a golden trace, and hears why."""
    path = tmp_path / "a.trace.jsonl"
    keep(rows, path)
    edited(path, 0, detail={**(rows[0].detail or {}), "seed": 9, "start": "2026-01-01T00:00:00Z"})
    found = differs(rows, path)
    assert found is not None
    assert 'kept under seed 9, start "2026-01-01T00:00:00Z", and this run has seed 1, ' in found.failure.message
    assert found.failure.message.endswith("state start: and seed: in the scenario")


@pytest.mark.parametrize("text", [b"hello\n", b"{}\n", b"[" * 20_000, b"\xff\xfe\n", b"x" * 12_000_000])
def test_what_is_no_trace_is_refused(rows: list[Row], tmp_path: Path, text: bytes) -> None:
    """The user's file is wrong, at its line; `--update` mends it."""
    path = tmp_path / "a.trace.jsonl"
    path.write_bytes(text)
    with pytest.raises(DocumentError, match="this is no row of a trace; `callflow test --update`"):
        differs(rows, path)
    assert keep(rows, path)
    assert differs(rows, path) is None


def test_a_place_that_cannot_be_used_is_said_so(rows: list[Row], tmp_path: Path) -> None:
    """A folder in the file's place; a folder that is not there."""
    with pytest.raises(StorageError, match="cannot be read"):
        differs(rows, tmp_path)
    with pytest.raises(StorageError, match="cannot be written"):
        keep(rows, tmp_path / "none" / "a.trace.jsonl")


def test_update_writes_and_compare_looks(write_scenario: Writer) -> None:
    """`--update` for what passes alone; `--golden` fails a case whose other expectations are all met."""
    file = write_scenario("call.yaml", length="'{LENGTH}'", more="examples: [{LENGTH: 9s}, {LENGTH: 8s}]")
    first, second = run_file(file, UPDATE)
    kept = file.with_name("call.row-0.trace.jsonl")
    assert (first.outcome, first.details) == ("passed", (f"wrote {kept}",))
    assert (second.outcome, second.details) == ("failed", ())
    assert list(file.parent.glob("*.jsonl")) == [kept]
    assert next(run_file(file, COMPARE)).outcome == "passed"
    edited(kept, 3, at_ms=17)
    case = next(run_file(file, COMPARE))
    assert case.outcome == "failed"
    assert case.repeat == f"callflow test {file} --golden"
    assert next(run_file(file, UPDATE)).details == (f"wrote {kept}",)
    assert next(run_file(file, UPDATE)).details == ()


def test_the_examples_are_as_they_are_kept() -> None:
    """The same files as `make golden` writes."""
    folder = Path(__file__).resolve().parents[2] / "examples" / "record_per_user"
    for name in ("answered.yaml", "voicemail.yaml"):
        (case,) = run_file(folder / name, COMPARE)
        assert (case.outcome, case.failures) == ("passed", ())
        assert (folder / name).with_suffix(".trace.jsonl").exists()
