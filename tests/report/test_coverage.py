"""Coverage: what runs have driven of callflows and of the recorder, as data that can be added up in any order."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.flow import load_flow
from callflow.core.profile import DOCS
from callflow.core.recorder import RECORDER_TABLE
from callflow.discovery import standard_registry
from callflow.report.coverage import MOVES, Coverage, FlowCoverage, Spot, percent_of
from callflow.report.coverage_keys import is_fallback, may_go_to
from callflow.report.coverage_text import coverage_text, flow_text, recorder_text
from callflow.schemas import module_schemas

HANGUP = {"module": "hangup", "data": {}, "children": {"_": {"module": "noop"}}}
FLOW: dict[str, Any] = {
    "module": "record_call",
    "data": {"action": "start", "format": "wav", "url": "http://my.server/r"},
    "children": {
        "_": {
            "module": "user",
            "data": {"id": "alice", "timeout": 5},
            "children": {
                "USER_BUSY": HANGUP,
                "CALL_REJECTED": {},
                "_": {"module": "play", "data": {"id": "vm-goodbye"}, "children": {"never": {"module": "answer"}}},
            },
        }
    },
}


def driven(staging: ModuleType, folder: Path, *lines: str, **parts: Any) -> Coverage:
    """The coverage of one run."""
    run = staging.played(folder, *lines, **{"flow": FLOW, **parts})
    coverage = Coverage()
    coverage.take(run.prepared, run.rows)
    return coverage


def times_of(flow: FlowCoverage) -> dict[str, int]:
    """How often each reachable node ran, by its path without `children`."""
    return {spot.where.replace(".children", ""): flow.times[spot.where] for spot in flow.reachable}


def test_what_ran_is_counted(staging: ModuleType, tmp_path: Path) -> None:
    """Issue 5, item 3: nodes that ran and branches that were taken; `{}` and the unreachable do not count."""
    busy = driven(staging, tmp_path, "at 2s: alice is busy")
    [flow] = busy.flows
    assert times_of(flow) == {"flow": 1, "flow._": 1, "flow._.USER_BUSY": 1, "flow._._": 0}
    assert (flow.percent, busy.percent, busy.runs) == (75.0, 75.0, 1)
    assert [spot.where for spot in flow.spots if not spot.is_reachable] == [
        "flow.children._.children.USER_BUSY.children._",
        "flow.children._.children._.children.never",
    ]
    assert [spot.where for spot in flow.spots if spot.is_fallback] == ["flow.children._.children._"]
    silent = driven(staging, tmp_path, "at 5s: alice does not answer", "after 10s: caller hangs up")
    busy.merge(silent)
    assert times_of(busy.flows[0]) == {"flow": 2, "flow._": 2, "flow._.USER_BUSY": 1, "flow._._": 1}
    assert (busy.percent, busy.runs) == (100.0, 2)
    assert busy.flows[0].fallen == {("flow.children._.children._", "NO_ANSWER"): 1}
    assert "_: play  vm-goodbye  (fall-back: NO_ANSWER×1)" in flow_text(busy.flows[0])


def test_moves_of_the_recorder_are_counted(staging: ModuleType, tmp_path: Path) -> None:
    """Law 3: each move of the table that a run made, by state and event; what came too late moved nothing."""
    coverage = driven(
        staging, tmp_path, "at 2s: alice answers", "at 3s: api masks recording", "at 4s: api masks recording",
        "at 5s: api unmasks recording", "at 6s: caller hangs up",
    )  # fmt: skip
    assert dict(coverage.moves) == {
        ("ARMED", "TRIGGERED"): 1, ("STARTING", "RECORD_START"): 1, ("RECORDING", "RECORD_MASK"): 1,
        ("MASKED", "RECORD_UNMASK"): 1, ("RECORDING", "LEG_GONE"): 1, ("STOPPING", "RECORD_STOP"): 1,
    }  # fmt: skip
    assert len(MOVES) == len(RECORDER_TABLE.moves) == len({move[:2] for move in MOVES})
    assert coverage.recorder_percent == percent_of(6, len(MOVES))


def test_every_move_that_a_run_makes_is_one_of_the_table(staging: ModuleType, tmp_path: Path) -> None:
    """The fold and the table name moves alike: no count is lost when the data is read again."""
    coverage = driven(staging, tmp_path, "at 1s: caller hangs up")
    assert set(coverage.moves) <= {(state, event) for state, event, _ in MOVES}
    assert Coverage.from_data(json.loads(json.dumps(coverage.as_data()))).as_data() == coverage.as_data()


def test_flows_of_an_account_and_inside_nodes_are_told_apart(staging: ModuleType, tmp_path: Path) -> None:
    """Each callflow by the file in which it stands, be it reached or not; a flow inside a node is one of its own."""
    inline = {"module": "callflow", "data": {"flow": {"module": "answer", "data": {}}}}
    account = {
        "users": [{"id": "alice"}],
        "devices": [{"id": "phone", "owner_id": "alice"}],
        "preflow": {"always": "before"},
        "callflows": [
            {"id": "main", "numbers": ["2001"], "flow": {"module": "record_call", "data": {"action": "stop"}}},
            {"id": "before", "numbers": ["2002"], "flow": inline},
            {"id": "unused", "numbers": ["2003"], "flow": HANGUP},
        ],
    }
    own = driven(staging, tmp_path, "at 1s: caller hangs up", flow=HANGUP, account=account)
    names = {(flow.file.rpartition("/")[2], flow.name): times_of(flow) for flow in own.flows}
    assert {key: sum(times.values()) for key, times in names.items()} == {
        ("flow.json", "flow"): 1,
        ("call.json", "before"): 1,
        ("call.json", "before callflows[1].flow.data.flow"): 1,
        ("call.json", "main"): 0,
        ("call.json", "unused"): 0,
    }


def node_of(module: str, *keys: str, **data: object) -> Any:
    """A node with these children."""
    children = {key: {"module": "noop", "data": {}} for key in keys}
    return load_flow(
        {"module": module, "data": data, "children": children},
        registry=standard_registry(), profile=DOCS, known=module_schemas(), skip_unsimulated=True,
    ).root  # fmt: skip


@pytest.mark.parametrize(
    ("module", "asked", "never"),
    [
        ("user", ["NO_ANSWER", "sip:486", "_"], ["no_answer", "1", "timeout"]),
        ("menu", ["1", "*", "timeout", "max_retries", "_"], ["NO_ANSWER", "one"]),
        ("record_call", ["_"], ["RECORD_STOP", "1"]),
        ("voicemail", ["_"], ["1"]),
        ("resources", ["USER_BUSY"], ["_"]),
        ("wait_for_hangup", [], ["_"]),
        ("hangup", [], ["_", "NO_ANSWER"]),
        ("park", ["_"], ["101", "MAX_SLOT_EXCEEDED"]),
        ("nobody_knows", ["_"], ["1"]),
    ],
)
def test_branches_that_a_module_asks_for(module: str, asked: list[str], never: list[str]) -> None:
    """B§1.3: children under any other key cannot be reached; what is not simulated goes on to `_` alone (B§2.2)."""
    data = {"id": "box"} if module == "voicemail" else {}
    node = node_of(module, *asked, *never, **data)
    assert [key for key in node.children if may_go_to(node, key)] == asked
    assert is_fallback(node, "_") == (module in ("user", "menu"))


def test_a_skipped_node_goes_on_to_its_default_alone() -> None:
    """B§2.2: `skip_module` makes any node one that only asks for `_`."""
    node = node_of("user", "_", "NO_ANSWER", id="alice", skip_module=True)
    assert [key for key in node.children if may_go_to(node, key)] == ["_"]
    assert may_go_to(node_of("hangup", "_", skip_module=True), "_")


def test_the_tree_is_drawn_with_its_marks(staging: ModuleType, tmp_path: Path) -> None:
    """A line a node: how often it ran, or that it did not, or that nothing can reach it."""
    coverage = driven(staging, tmp_path, "at 2s: alice is busy")
    heading, *lines = flow_text(coverage.flows[0]).splitlines()
    assert heading.endswith("flow: 3 of 4 nodes, 2 of 3 branches, 75 %, 2 cannot be reached")
    assert lines[0].startswith("1 ● record_call  start")
    assert lines[1:] == [
        "1 ● └─ _: user  alice  timeout=5",
        "1 ●    ├─ USER_BUSY: hangup",
        "  ×    │  └─ _: noop",
        "       ├─ CALL_REJECTED: (empty: the flow ends here)",
        "  ○    └─ _: play  vm-goodbye  (fall-back)",
        "  ×       └─ never: answer",
    ]
    text = coverage_text(coverage, 80)
    assert text.splitlines()[-1].split() == ["all,", "by", "1", "run", "3/4", "75", "%"]
    assert max(map(len, recorder_text(coverage, 80).splitlines())) <= 80
    assert "● RECORDING: LEG_GONE×1" in text and "○ FINISHED: THROWN_AWAY" in text


def test_nothing_to_drive_is_all_driven() -> None:
    """No callflow, no division by nothing."""
    assert (Coverage().percent, Coverage().flows) == (100.0, ())
    assert "all, by 0 runs" in coverage_text(Coverage())


@pytest.mark.parametrize(
    ("some", "whole", "percent"), [(0, 0, 100.0), (1, 3, 33.3), (9_999, 10_000, 99.9), (5, 5, 100.0), (0, 4, 0.0)]
)
def test_percent_is_never_100_while_something_is_missing(some: int, whole: int, percent: float) -> None:
    """`--min-coverage 100` means all of it."""
    assert percent_of(some, whole) == percent


def test_data_of_another_format_is_refused() -> None:
    """What a newer program wrote is not read as if it were ours."""
    with pytest.raises(ValueError, match="format 2; this program reads format 1"):
        Coverage.from_data({**Coverage().as_data(), "format": 2})


spots = (Spot("flow", "user"), Spot("flow.children._", "hangup", "_", True, True))
coverages = st.builds(
    lambda runs, name, times, moves, line: _made(runs, name, times, moves, line),
    st.integers(0, 3), st.sampled_from("ab"), st.lists(st.sampled_from([spot.where for spot in spots]), max_size=3),
    st.lists(st.sampled_from([move[:2] for move in MOVES]), max_size=3), st.sampled_from("xy"),
)  # fmt: skip


def _made(runs: int, name: str, times: list[str], moves: list[tuple[str, str]], line: str) -> Coverage:
    data = Coverage(runs).as_data()
    nodes = [
        {"where": each.where, "module": each.module, "key": each.key, "times": times.count(each.where),
         "reachable": each.is_reachable, "fallback": each.is_fallback, "fallen": {"NO_ANSWER": runs}}
        for each in spots
    ]  # fmt: skip
    data["callflows"] = [{"file": "f.json", "name": name, "nodes": nodes, "tree": [["flow", line]]}]
    made = Coverage.from_data(data)
    made.moves.update(moves)
    return made


@given(st.lists(coverages, min_size=1, max_size=4), st.randoms())
def test_merging_in_any_order_gives_the_same(parts: list[Coverage], random: Any) -> None:
    """Processes finish in any order; what they have seen is plain data that adds up to one thing."""
    shuffled = list(parts)
    random.shuffle(shuffled)
    merged = []
    for order in (parts, shuffled):
        whole = Coverage()
        for part in order:
            whole.merge(Coverage.from_data(json.loads(json.dumps(part.as_data()))))
        merged.append(whole.as_data())
    assert merged[0] == merged[1]
    assert merged[0]["runs"] == sum(part.runs for part in parts)
