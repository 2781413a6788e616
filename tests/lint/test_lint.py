"""The linter: what goes wrong with recordings, said before a call is placed (C2, C5, C18; B§3.4, B§4.5)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from callflow.core.delivery import TargetKind
from callflow.core.endpoints import SystemMedia
from callflow.core.flow import Flow, load_flow
from callflow.core.profile import DOCS
from callflow.core.registry import Registry
from callflow.core.storage_plan import StoragePlan
from callflow.lint import lint_flow

URL = "http://h/recordings"


def record(action: str = "start", **data: Any) -> dict[str, Any]:
    """A record_call node; a start has a url unless told otherwise."""
    if action == "start":
        data.setdefault("url", URL)
    return {"module": "record_call", "data": {"action": action, **data}}


def node(module: str, **data: Any) -> dict[str, Any]:
    """Any other node."""
    return {"module": module, "data": data}


def flow_of(*nodes: dict[str, Any]) -> Flow:
    """A flow in which each node is the `_` child of the one before."""
    tree: dict[str, Any] = {}
    for each in reversed(nodes):
        tree = {**each, "children": {"_": tree} if tree else {}}
    registry = Registry.collect([ModuleType("empty")])
    return load_flow({"flow": tree}, registry=registry, profile=DOCS, known={})


def lint(*nodes: dict[str, Any], system: SystemMedia | None = None) -> list[tuple[str, str, str]]:
    """What the static checks say, loading's own remarks left out."""
    flow = flow_of(*nodes)
    found = lint_flow(flow, system=system)
    assert found[: len(flow.diagnostics)] == flow.diagnostics
    return [(each.code, each.severity, each.where) for each in found[len(flow.diagnostics) :]]


def test_a_clean_flow_has_no_remarks() -> None:
    """Start with a url, ring, stop, voicemail: nothing to say."""
    assert lint(record(), node("user", id="u"), record("stop"), node("voicemail", id="b")) == []


def test_a_recording_without_url_is_stored_nowhere() -> None:
    """No url and store_recordings false: recorded, not stored (C18)."""
    start = {"module": "record_call", "data": {"action": "start"}}
    assert lint(start) == [("recording-not-stored", "warning", "flow.data")]
    assert lint(start, system=SystemMedia(store_recordings=True)) == []


def test_both_hooks_are_said() -> None:
    """With record_on_answer and record_on_bridge the answer wins (C5)."""
    assert lint(record(record_on_answer=True, record_on_bridge=True)) == [("both-hooks", "warning", "flow.data")]


def test_a_limit_above_the_systems_is_said() -> None:
    """The system's maximum only lowers a time_limit (design §12); equal is fine."""
    system = SystemMedia(max_recording_time_limit=600)
    expected = [("time-limit-above-maximum", "warning", "flow.data.time_limit")]
    assert lint(record(time_limit=601), system=system) == expected
    assert lint(record(time_limit=600), system=system) == []


def test_silence_detection_before_the_answer_is_said() -> None:
    """Ringback counts as speech and ends the recording in its pause (B§4.5); after an answer there is none."""
    start = record(silence_detection=True, silence_final_timeout=3000)
    assert lint(start) == [("silence-before-answer", "warning", "flow")]
    assert lint(node("answer"), start) == []


def test_voicemail_while_recording_is_said() -> None:
    """Stop the recording before voicemail (the seed's note; C2): the remark names where it started."""
    nodes = (record(), node("user", id="u"), node("voicemail", id="b"))
    assert lint(*nodes) == [("voicemail-while-recording", "warning", "flow.children._.children._")]
    assert "started at flow still runs" in lint_flow(flow_of(*nodes))[-1].message


def test_a_recording_that_only_a_bridge_starts_does_not_meet_voicemail() -> None:
    """record_on_bridge alone never starts on the way into a mailbox; with record_on_answer it does."""
    end = (node("user", id="u"), node("voicemail", id="b"))
    assert lint(record(record_on_bridge=True), *end) == []
    assert [code for code, _, _ in lint(record(record_on_answer=True), *end)] == ["voicemail-while-recording"]


def test_record_caller_while_recording_is_said() -> None:
    """B§3.11, C2: it waits for the end of a recording, and may take that of another for its own's."""
    caller = node("record_caller", url=f"{URL}/2")
    assert [code for code, _, _ in lint(record(), caller)] == ["record-caller-while-recording"]
    assert lint(record(), record("stop"), caller) == []


def test_one_stop_ends_one_of_two() -> None:
    """Two starts are two recordings, one stop ends the newer only (C9)."""
    found = lint(record(), record(url=f"{URL}/2"), record("stop"), node("voicemail", id="b"))
    assert [code for code, _, _ in found] == ["second-recording", "voicemail-while-recording"]


SAME = ("same-upload-url", "warning")


@pytest.mark.parametrize("between", [(), (record("stop"),), (node("user", id="u"), record("stop"))])
@pytest.mark.parametrize("changes", [{}, {"url": f"{URL}/"}, {"format": "mp3"}])
def test_two_recordings_with_one_url_overwrite_each_other(between: Any, changes: dict[str, Any]) -> None:
    """B§6.3: the name is the call's alone: whether the first was stopped or not, the file that comes last stays."""
    nodes = (record(), *between, record(**changes))
    found = [each for each in lint(*nodes) if each[0] != "second-recording"]
    assert found == [(*SAME, "flow" + ".children._" * (len(between) + 1) + ".data.url")]
    remarks = lint_flow(flow_of(*nodes))
    assert "started at flow:" in next(each.message for each in remarks if each.code == SAME[0])
    assert not any("two files" in each.message for each in remarks)


@pytest.mark.parametrize("changes", [{"url": f"{URL}/2"}, {"format": "wav"}, {"url": ""}, {"skip_module": True}])
def test_recordings_with_urls_of_their_own_are_fine(changes: dict[str, Any]) -> None:
    """Another url or format is another name; without url there is a document for each; a skipped start is none."""
    assert SAME[0] not in [code for code, _, _ in lint(record(), record("stop"), record(**changes))]


def test_record_caller_has_the_same_names() -> None:
    """B§6.3 names both modules' files alike."""
    assert (*SAME, "flow.children._.data.url") in lint(record(), node("record_caller", url=URL))


def test_a_stop_without_start_is_said() -> None:
    """A stop on a way without a start stops nothing (B§3.5); a skipped start is no start."""
    assert lint(record("stop")) == [("stop-without-start", "warning", "flow")]
    assert lint(record(skip_module=True), record("stop")) == [("stop-without-start", "warning", "flow.children._")]


def test_branches_do_not_see_each_other() -> None:
    """A start in one branch is not running in the next."""
    registry = Registry.collect([ModuleType("empty")])
    branches = {"1": record(), "2": node("voicemail", id="b")}
    tree = {**node("menu", id="m"), "children": branches}
    flow = load_flow(tree, registry=registry, profile=DOCS, known={})
    assert lint_flow(flow) == flow.diagnostics


def test_an_empty_flow_has_nothing_to_lint() -> None:
    """`{}` is a flow without nodes."""
    assert lint() == []


def test_a_ring_group_that_names_nobody_is_warned_of() -> None:
    """B§7.3: without endpoints and group_id nobody is rung; with either, or skipped, there is nothing to say."""
    member = {"endpoint_type": "user", "id": "alice"}
    assert [code for code, *_ in lint(node("ring_group"))] == ["nobody-to-ring"]
    assert lint(node("ring_group", endpoints=[member]), node("ring_group", group_id="sales")) == []
    assert lint(node("ring_group", skip_module=True), node("play")) == []


WAV: dict[str, Any] = {"module": "record_call", "data": {"action": "start", "format": "wav", "time_limit": 10800}}
LARGE = [("recording-too-large", "warning", "flow.data")]
COUCH, BUCKET = StoragePlan(TargetKind.COUCHDB, "a rule"), StoragePlan(TargetKind.S3, "a rule")


def test_a_recording_that_no_couchdb_takes_is_said() -> None:
    """C48: three hours of stereo WAV are 691 MB; BigCouch fails above 50 MB, CouchDB may say 413."""
    assert lint(WAV, system=SystemMedia(store_recordings=True)) == LARGE
    assert lint(WAV, system=SystemMedia(plan=COUCH)) == LARGE
    assert "691 MB" in lint_flow(flow_of(WAV), system=SystemMedia(plan=COUCH))[-1].message


@pytest.mark.parametrize(
    ("data", "system"),
    [
        ({"url": URL}, SystemMedia(store_recordings=True)),
        ({"format": "mp3"}, SystemMedia(store_recordings=True)),
        ({"time_limit": 1562}, SystemMedia(store_recordings=True)),
        ({"record_sample_rate": 8000, "time_limit": 3125}, SystemMedia(store_recordings=True)),
        ({}, SystemMedia(store_recordings=True, max_recording_time_limit=600)),
        ({}, SystemMedia(store_recordings=True, plan=BUCKET)),
    ],
)
def test_a_recording_that_is_taken_is_not_said(data: dict[str, Any], system: SystemMedia) -> None:
    """A url, a bucket, MP3 and a file up to 100 MB are fine."""
    assert lint({**WAV, "data": {**WAV["data"], **data}}, system=system) in (
        [],
        [("time-limit-above-maximum", "warning", "flow.data.time_limit")],
    )


def test_a_recording_without_limit_is_an_hour_long() -> None:
    """The seed, Schema: 3600 s unless stated: 230 MB of WAV."""
    start = node("record_call", action="start", format="wav")
    assert lint(start, system=SystemMedia(store_recordings=True)) == LARGE


def test_a_plan_stores_what_the_system_would_not() -> None:
    """B§6.1 row 5: with a storage plan a recording without url has its place (C18)."""
    start = node("record_call", action="start")
    assert lint(start, system=SystemMedia(plan=BUCKET)) == []
