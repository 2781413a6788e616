"""The chain of causes (law 5): from a recorder's row back to the step, in order, complete, in sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callflow.core.recorder import RecorderEvent
from callflow.core.trace import AUDIO, DELIVERY, EVENT, FLOW, INPUT, LEG, NODE, RECORDER, REQUEST, Row
from callflow.report.because import explain, rules_of, way_to
from callflow.report.past import seconds, sentences, without_asking
from callflow.report.people import People

Placed = Callable[..., list[Row]]


def names(way: tuple[Row, ...]) -> list[str]:
    """What the rows of a way are."""
    return [row.name for row in way]


def test_a_way_leads_from_the_step_to_the_row(not_answered: list[Row]) -> None:
    """Each row is the cause of the next; what the ring timer did is put between the dialling and its end."""
    found = explain(not_answered, "c1", 0)
    assert names(found.to_end) == [
        "calls", "record_call", "user", "CHANNEL_DESTROY", "CHANNEL_EXECUTE_COMPLETE", "record_call",
        "STOP_REQUESTED", "RECORD_STOP",
    ]  # fmt: skip
    assert names(found.to_start) == ["calls", "record_call", "TRIGGERED", "RECORD_START"]
    assert list(rules_of(found)) == [
        "record_call.action=start", "ring timeout=20000 ms", "law: stop ends the newest live recording",
    ]  # fmt: skip


def test_every_row_of_a_trace_has_a_way(answered: list[Row], not_answered: list[Row]) -> None:
    """Law 5: following `because` ends at a row that nothing caused, and times never run backwards."""
    for rows in (answered, not_answered):
        for row in rows[1:]:
            way = way_to(rows, row)
            assert way[-1] is row and way[0].because == -1
            assert [each.seq for each in way] == sorted({each.seq for each in way})
            assert [each.at_ms for each in way] == sorted(each.at_ms for each in way)


def test_an_unknown_recording_is_an_error(answered: list[Row]) -> None:
    """No explanation of what is not there."""
    for call_id, index in (("c1", 1), ("c2", 0)):
        with pytest.raises(KeyError):
            explain(answered, call_id, index)


def test_what_neither_starts_nor_ends_it_is_a_remark() -> None:
    """Pauses, masks and warnings between start and end are told beside the chains, in their order."""

    def move(seq: int, name: str, to: str) -> Row:
        return Row(seq, seq, "c", "A", RECORDER, name, {"recording": 0, "to": to}, seq - 1, "")

    states = [
        ("ARMED", "ARMED"), ("TRIGGERED", "STARTING"), ("RECORD_START", "RECORDING"), ("RECORD_PAUSE", "PAUSED"),
        ("RECORD_RESUME", "RECORDING"), ("LEG_GONE", "STOPPING"), ("RECORD_STOP", "FINISHED"),
    ]  # fmt: skip
    rows = [move(seq, *each) for seq, each in enumerate(states)]
    found = explain(rows, "c", 0)
    assert names(found.remarks) == ["RECORD_PAUSE", "RECORD_RESUME"]
    assert (found.started, found.ended, found.thrown) == (rows[2], rows[6], None)


def test_sentences_tell_when_things_happen(not_answered: list[Row]) -> None:
    """The first has its time, one at the same moment says so, a later one how much later."""
    people = People()
    for row in not_answered:
        people.take(row, row.detail or {})
    way = explain(not_answered, "c1", 0).to_end
    told = list(sentences(way, people, "2001"))
    assert told[0] == "At 0.000 s Bob called 2001."
    assert told[3] == "20.000 s later, at 20.000 s, alice stopped ringing: NO_ANSWER."
    assert all(each.startswith("So ") for each in (*told[1:3], *told[4:]))


LOST = "the leg of recording 0 ended, and recording 0 with it, so that it was lost"
ROWS: list[tuple[str, str, dict[str, Any], str]] = [
    (INPUT, "rejects", {"line": 3, "text": "x"}, 'alice rejected the call (scenario line 3: "x")'),
    (INPUT, "mask", {"line": 3, "text": "x"}, 'there came: mask (scenario line 3: "x")'),
    (LEG, "CHANNEL_CREATE", {}, "a leg to alice was made"),
    (LEG, "CHANNEL_PROGRESS", {}, "the phone of alice rang"),
    (LEG, "CHANNEL_ANSWER", {}, "the leg of alice was answered"),
    (LEG, "CHANNEL_BRIDGE", {"other_leg": "A"}, "alice and Bob were connected"),
    (LEG, "CHANNEL_UNBRIDGE", {"other_leg": "A"}, "alice and Bob were parted"),
    (LEG, "CHANNEL_HOLD", {}, "alice pressed hold"),
    (LEG, "CHANNEL_UNHOLD", {}, "alice came back from hold"),
    (LEG, "CHANNEL_DESTROY", {"from": "BRIDGED", "hangup_cause": "NORMAL_CLEARING"}, "alice was gone: NORMAL_CLEARING"),
    (NODE, "user", {"flow": "main", "where": "flow"}, "the flow main came to node user (flow)"),
    (FLOW, "ended", {"fallen": "BUSY"}, "the flow was over: no branch for BUSY"),
    (FLOW, "resumed", {"where": "flow.children._"}, "the flow went on at flow.children._"),
    (FLOW, "hard stop", {}, "the flow was over: hard stop"),
    (EVENT, "DTMF", {"digit": "5"}, "alice pressed 5"),
    (EVENT, "CHANNEL_EXECUTE_COMPLETE", {"response": "SUCCESS"}, "the switch reported that the talk was over"),
    (EVENT, "CHANNEL_TRANSFEROR", {"number": "2002"}, "alice transferred the other side to 2002"),
    (EVENT, "CHANNEL_TRANSFEREE", {}, "alice was transferred"),
    (EVENT, "CHANNEL_REPLACED", {"replaced_by": "A"}, "Bob took alice's place in the consultation"),
    (EVENT, "CHANNEL_PIVOT", {}, "the switch reported CHANNEL_PIVOT"),
    (INPUT, "transfers", {}, "alice transferred the other side"),
    (INPUT, "controls recording", {"line": 9, "text": "t"}, 'a request came to the API (scenario line 9: "t")'),
    (INPUT, "switch has no media", {}, "from then on the switch has no media"),
    (AUDIO, "plays", {"sound": {"prompt": "vm-person"}}, "alice heard prompt vm-person"),
    (AUDIO, "ends", {"of": 1}, "what alice heard or said was over"),
    (RECORDER, "DIGIT_PRESSED", {"recording": 0, "to": "STOPPING"}, "a digit ended recording 0"),
    (RECORDER, "LEG_GONE", {"recording": 0, "to": "LOST"}, LOST),
    (RECORDER, "NEW_ONE", {"recording": 0, "to": "PAUSED"}, "recording 0: NEW_ONE"),
    (RECORDER, "stop forgot", {"recording": 0}, "a stop action forgot recording 0, which stayed armed"),
    (RECORDER, "RECORD_MASK", {"recording": 0, "to": "MASKED"}, "the file of recording 0 got zeros from then on"),
    (
        RECORDER,
        "MOVED",
        {"recording": 0, "leg": "B", "from_leg": "A"},
        "recording 0 moved from the leg of Bob to that of alice",
    ),
    (DELIVERY, "UNWANTED", {"recording": 0}, "recording 0 is stored nowhere"),
    ("UNHEARD", "of", {}, "there was UNHEARD of"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "detail", "expected"), ROWS)
def test_every_kind_of_row_has_words(kind: str, name: str, detail: dict[str, Any], expected: str) -> None:
    """Whatever leads to a recording's end can be told, kinds and names of later versions too."""
    people = People({"A": "Bob", "B": "alice"})
    [told] = sentences([Row(1, 1_500, "c", "B", kind, name, detail, -1, "")], people, "2001")
    assert told == f"At 1.500 s {expected}."


def test_the_questions_of_a_silence_listener_are_left_out() -> None:
    """A listener asks again and again on the way to its end: the row that fires says it all, and how much later."""
    names = [(INPUT, "falls silent", 1_000), (REQUEST, "silence", 1_000), (REQUEST, "silence", 5_000)]
    rows = [Row(n, at_ms, "c", "B", kind, name, {}, n - 1, "") for n, (kind, name, at_ms) in enumerate(names)]
    rows.append(Row(3, 6_000, "c", "A", RECORDER, "SILENCE_DETECTED", {"recording": 0, "to": "STOPPING"}, 2, ""))
    told = list(sentences(without_asking(rows), People({"B": "alice"}), "2001"))
    assert told == ["At 1.000 s alice fell silent.", "5.000 s later, at 6.000 s, silence ended recording 0."]


def test_every_event_of_a_recorder_has_words_of_its_own() -> None:
    """An event that is only named says nothing to a reader."""
    for event in RecorderEvent:
        row = Row(1, 0, "c", "A", RECORDER, event.name, {"recording": 0, "to": "X"}, -1, "")
        [told] = sentences([row], People(), "2001")
        assert not told.startswith("At 0.000 s recording 0:")


def test_seconds_are_exact() -> None:
    """Whole milliseconds, thousands set apart."""
    assert [seconds(each) for each in (0, 999, 40_000, 3_600_001)] == ["0.000 s", "0.999 s", "40.000 s", "3,600.001 s"]
