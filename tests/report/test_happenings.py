"""Single rows in plain words: those that the main job's calls do not have."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.trace import AUDIO, DELIVERY, EVENT, FLOW, INPUT, LATE_EVENT, LEG, RECORDER, REQUEST, Row
from callflow.report.happenings import happening
from callflow.report.people import People

CASES: list[tuple[str, str, str, dict[str, Any], str]] = [
    (LEG, "B", "CHANNEL_HOLD", {}, "alice holds"),
    (LEG, "B", "CHANNEL_UNHOLD", {}, "alice resumes"),
    (LEG, "A", "CHANNEL_UNBRIDGE", {"other_leg": "B"}, "Bob and alice are parted"),
    (LEG, "A", "CHANNEL_ANSWER", {}, "Bob is answered"),
    (LEG, "B", "CHANNEL_DESTROY", {"from": "NEW", "hangup_cause": "X"}, "alice cannot be reached: X"),
    (LEG, "B", "CHANNEL_DESTROY", {"from": "ANSWERED", "hangup_cause": "X"}, "alice's leg ends: X"),
    (LEG, "C", "CHANNEL_HOLD", {}, "leg C holds"),
    (
        LEG,
        "A",
        "CHANNEL_DESTROY",
        {"from": "ANSWERED", "hangup_cause": "BLIND_TRANSFER"},
        "Bob has transferred the call and leaves it: BLIND_TRANSFER",
    ),
    (EVENT, "B", "CHANNEL_TRANSFEROR", {"number": "2002"}, "alice transfers the other side to 2002"),
    (EVENT, "A", "CHANNEL_TRANSFEREE", {}, "Bob is transferred"),
    (EVENT, "B", "CHANNEL_REPLACED", {"replaced_by": "A"}, "Bob takes alice's place in the consultation"),
    (RECORDER, "A", "RECORD_START", {"recording": 1, "to": "RECORDING"}, "recording 1 starts"),
    (RECORDER, "A", "RECORD_MASK", {"recording": 1, "to": "MASKED"}, "recording 1 is masked: silence is written"),
    (RECORDER, "A", "RECORD_UNMASK", {"recording": 1, "to": "RECORDING"}, "recording 1 is unmasked"),
    (RECORDER, "A", "RECORD_PAUSE", {"recording": 1, "to": "PAUSED"}, "recording 1 pauses: nothing is written"),
    (RECORDER, "A", "RECORD_RESUME", {"recording": 1, "to": "RECORDING"}, "recording 1 resumes"),
    (
        RECORDER,
        "A",
        "limit passed while paused",
        {"recording": 1},
        "recording 1 ends as soon as it resumes: its time limit has passed",
    ),
    (INPUT, "", "switch cannot write files", {}, "from now on the switch cannot write files"),
    (RECORDER, "B", "MOVED", {"recording": 1, "leg": "B", "from_leg": "A"}, "recording 1 follows alice"),
    (AUDIO, "A", "speaks", {"sound": {"noise": 9}, "for_ms": 900}, "Bob sends noise at a mean level of 9 for 0:00.900"),
    (AUDIO, "A", "speaks", {"sound": {"spoken": "de: ja"}, "for_ms": 900}, 'Bob says "ja" in de for 0:00.900'),
    (FLOW, "A", "ended", {"fallen": "USER_BUSY"}, "the flow ends: no branch for USER_BUSY"),
    (FLOW, "A", "resumed", {"where": "flow.children._"}, "the flow resumes at flow.children._"),
    (FLOW, "A", "too many branches", {}, "the flow ends: it branched too often"),
    (AUDIO, "A", "speaks", {"sound": {"file": "a.wav"}, "for_ms": 900}, "Bob plays a.wav for 0:00.900"),
    (AUDIO, "A", "plays", {"sound": {"take": "1"}, "for_ms": 900}, "Bob hears recording 1 again for 0:00.900"),
    (EVENT, "A", "CHANNEL_EXECUTE_COMPLETE", {"response": "SUCCESS"}, "the talk is over"),
    (EVENT, "A", "response", {"status": 486, "message": ""}, "the call is refused with 486"),
    (RECORDER, "A", "nothing to stop", {}, "there is no recording to stop"),
    (RECORDER, "A", "stop forgot", {"recording": 1}, "recording 1 stays armed: the stop only forgets it"),
    (RECORDER, "A", "THROWN_AWAY", {"recording": 1, "to": "DISCARDED"}, "recording 1 is thrown away"),
    (
        RECORDER,
        "A",
        "START_FAILED",
        {"recording": 1, "to": "LOST"},
        "recording 1 is lost: the switch could not open its file, and says nothing",
    ),
    (
        RECORDER,
        "A",
        "RECORD_STOP_UNWANTED",
        {"recording": 0, "to": "DISCARDED", "length_ms": 900, "completion_cause": "input-too-short"},
        "recording 0 is discarded after 0:00.900: input-too-short",
    ),
    (DELIVERY, "A", "UNWANTED", {"recording": 0}, "recording 0 is stored nowhere"),
    (
        DELIVERY,
        "A",
        "LAST_TRY_FAILED",
        {"recording": 0, "attempt": 6, "result": "503"},
        "recording 0 could not be stored, try 6 was the last: 503",
    ),
    (
        DELIVERY,
        "A",
        "METADATA_FAILED",
        {"recording": 0},
        "recording 0 could not be stored: its metadata were not saved",
    ),
    (
        DELIVERY,
        "A",
        "METADATA_FAILED",
        {"recording": 0, "attempt": 1, "result": "409"},
        "recording 0 could not be stored: its metadata were not saved: 409",
    ),
    (
        DELIVERY,
        "A",
        "METADATA_TRY_FAILED",
        {"recording": 0, "attempt": 2, "result": "disk full"},
        "the document of recording 0 is not saved yet, try 2: disk full",
    ),
    (
        DELIVERY,
        "A",
        "TRY_FAILED",
        {"recording": 0, "attempt": 2, "result": "truncated", "is_kept": True},
        "recording 0 is not stored yet, try 2: truncated; the target has it, only its answer was cut off",
    ),
    (
        DELIVERY,
        "A",
        "TRY_FAILED",
        {"recording": 0, "attempt": 1, "result": "503", "redirects": 2, "asked_wait_ms": 1_500},
        "recording 0 is not stored yet, try 1: 503; redirected 2 times;"
        " it asks to be left alone for 1.5 s, which nobody heeds",
    ),
    (
        DELIVERY,
        "A",
        "ACCEPTED",
        {"recording": 0, "result": "201", "redirects": 1},
        "recording 0 is stored: 201; redirected once",
    ),
    (DELIVERY, "A", "ACCEPTED", {"recording": 0, "result": "stored"}, "recording 0 is stored"),
    (
        DELIVERY,
        "A",
        "REQUESTED",
        {"recording": 0, "target": "webhook", "method": "POST", "url": "http://h/x"},
        "the webhook is told of recording 0: POST http://h/x",
    ),
    (
        DELIVERY,
        "A",
        "ACCEPTED",
        {"recording": 0, "target": "webhook", "result": "200"},
        "the webhook knows of recording 0: 200",
    ),
    (
        DELIVERY,
        "A",
        "TRY_FAILED",
        {"recording": 0, "target": "webhook", "attempt": 1, "result": "500"},
        "the webhook does not know of recording 0 yet, try 1: 500",
    ),
    (
        DELIVERY,
        "A",
        "LAST_TRY_FAILED",
        {"recording": 0, "target": "webhook", "attempt": 6, "result": "500"},
        "the webhook was never told of recording 0, try 6 was the last: 500",
    ),
    (REQUEST, "A", "deliver", {"recording": 0, "attempt": 2, "target": "url"}, "recording 0 is sent again"),
    (
        REQUEST,
        "A",
        "deliver",
        {"recording": 0, "attempt": 2, "target": "webhook"},
        "the webhook is told of recording 0 again",
    ),
    (
        REQUEST,
        "A",
        "save document",
        {"recording": 0, "attempt": 3, "target": "url"},
        "the document of recording 0 is saved again",
    ),
]


@pytest.mark.parametrize(("kind", "leg", "name", "detail", "words"), CASES)
def test_a_row_is_told_in_plain_words(kind: str, leg: str, name: str, detail: dict[str, Any], words: str) -> None:
    """Design §7, a live run: what happened, as a listener would say it."""
    row = Row(5, 0, "c1", leg, kind, name, detail, -1, "")
    told = happening(row, People({"A": "Bob", "B": "alice"}, have_talked=True), None)
    assert told is not None and told[0] == words


@pytest.mark.parametrize(
    ("kind", "name", "detail"),
    [
        (LEG, "CHANNEL_UNBRIDGE", {"other_leg": "B"}),
        (LATE_EVENT, "TRIGGERED", {"machine": "recorder", "state": "STOPPING"}),
        (FLOW, "hard stop", {}),
        (AUDIO, "ends", {"of": 1}),
        (AUDIO, "speaks", {"sound": {"digit": "5"}, "for_ms": 100}),
        (RECORDER, "TRIGGERED", {"recording": 0, "to": "STARTING"}),
        (DELIVERY, "METADATA_SAVED", {"recording": 0}),
        (DELIVERY, "METADATA_SAVED", {"recording": 0, "target": "webhook"}),
        (REQUEST, "save document", {"recording": 0, "attempt": 1, "target": "url"}),
        ("NEW KIND", "anything", {}),
    ],
)
def test_what_nobody_wants_to_read_is_left_out(kind: str, name: str, detail: dict[str, Any]) -> None:
    """Internal moves, and what the hang-up before has told already."""
    cause = Row(4, 0, "c1", "A", INPUT, "hangs up", None, -1, "")
    assert happening(Row(5, 0, "c1", "A", kind, name, detail, 4, ""), People({"A": "Bob"}), cause) is None
