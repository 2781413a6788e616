"""The lanes of consent and payment: what was recorded before an announcement ended, digits in the clear (C44, C45)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.effects import Answer, Dial, Effect, Endpoint, Play, RecordTake, Sleep, StartRecording, StopRecording
from callflow.core.events import Answers, Controls, HangsUp, Presses
from callflow.core.sounds import PROMPT_LENGTHS_MS, Sound, prompt
from callflow.core.trace import CONSENT, PAYMENT

NAME = "general-call_is_being_recorded"
LENGTH_MS = PROMPT_LENGTHS_MS[NAME]
ANNOUNCED = Play((prompt(NAME),))


def start(build: Any, **changes: Any) -> StartRecording:
    """Start a recording."""
    return StartRecording(build.options(**changes))


def run(build: Any, *effects: Effect[Any], tells: Any = (), **setting: Any) -> Any:
    """Run the effects on an answered call."""
    return build.perform(build.doing(Answer(), *effects), *tells, **setting)


def lobby(build: Any) -> Dial:
    """Ring the lobby, which others answer."""
    return Dial((Endpoint(build.household().devices["lobby"], 20_000),))


def consent(stage: Any) -> list[tuple[int, int, int, int]]:
    """The lane of consent: when a row came, which recording, from when to when."""
    rows = stage.find(CONSENT, "recorded before announcement ended")
    return [(row.at_ms, row.detail["recording"], row.detail["from_ms"], row.detail["to_ms"]) for row in rows]


def payment(stage: Any) -> list[tuple[int, int, int]]:
    """The lane of payment: when a digit came, which recording holds it, and where in the file."""
    rows = stage.find(PAYMENT, "digit recorded unmasked")
    return [(row.at_ms, row.detail["recording"], row.detail["file_ms"]) for row in rows]


def test_a_recording_that_begins_before(build: Any) -> None:
    """C45: what is recorded up to the announcement's end, nobody has agreed to."""
    stage = run(build, Sleep(1_000), start(build), Sleep(500), ANNOUNCED, Sleep(1_000))
    end_ms = 1_500 + LENGTH_MS
    assert consent(stage) == [(end_ms, 0, 1_000, end_ms)]
    (row,) = stage.find(CONSENT)
    assert (row.leg, row.rule) == ("A", "law: consent comes after the announcement (C45)")
    assert stage.rows[row.because].kind == "AUDIO"


def test_a_recording_that_begins_after(build: Any) -> None:
    """C45: a recording that starts once the announcement has ended, or in that instant, is in order."""
    assert consent(run(build, ANNOUNCED, start(build), Sleep(2_000))) == []


def test_a_recording_that_ended_before(build: Any) -> None:
    """C45: one that was over by then was recorded without consent as well."""
    stage = run(build, start(build), Sleep(2_000), StopRecording(), Sleep(1_000), ANNOUNCED)
    assert consent(stage) == [(3_000 + LENGTH_MS, 0, 0, 2_000)]


def test_each_recording_has_its_row(build: Any) -> None:
    """C45: several recordings, running or over, in their order."""
    stage = run(
        build,
        start(build),
        Sleep(100),
        StopRecording(),
        start(build),
        Sleep(100),
        start(build, starts="on bridge"),
        ANNOUNCED,
    )
    assert [row[1:] for row in consent(stage)] == [(0, 0, 100), (1, 100, 200 + LENGTH_MS)]


def test_a_cut_announcement_was_one(build: Any) -> None:
    """C45: whoever cuts the announcement with a digit has heard of it: consent counts from there."""
    stage = run(build, start(build), ANNOUNCED, Sleep(1_000), tells=[(700, Presses("5"))])
    assert consent(stage) == [(700, 0, 0, 700)]


def test_told_once_is_told(build: Any) -> None:
    """C45: a second announcement to the same party says nothing about recordings that it knew of."""
    stage = run(build, ANNOUNCED, start(build), Sleep(1_000), ANNOUNCED)
    assert consent(stage) == []


def test_other_sounds_are_no_announcement(build: Any) -> None:
    """C45: only a prompt or media of that name announces; words and other prompts do not."""
    others = Play((prompt("vm-person"), Sound("text", "call_is_being_recorded", 900)))
    assert run(build, start(build), others).find(CONSENT) == []
    own = Play((Sound("media", "our_call_is_being_recorded_now", 900),))
    assert consent(run(build, start(build), own)) == [(900, 0, 0, 900)]


def test_among_other_sounds_and_again(build: Any) -> None:
    """C45: the announcement may be one of several sounds, and repeated; the first time it ends counts."""
    sounds = Play((prompt("vm-person"), prompt(NAME)), times=2)
    end_ms = PROMPT_LENGTHS_MS["vm-person"] + LENGTH_MS
    assert consent(run(build, start(build), sounds)) == [(end_ms, 0, 0, end_ms)]


def test_a_caller_who_leaves_was_not_told(build: Any) -> None:
    """C45: the leg's end is no end of an announcement."""
    stage = run(build, start(build), ANNOUNCED, tells=[(700, HangsUp())])
    assert stage.find(CONSENT) == []


def test_a_digit_in_the_clear(build: Any) -> None:
    """C44: each digit that a running recording hears is a row, with its place in the file and not its value."""
    stage = run(build, Sleep(1_000), start(build), Sleep(9_000), tells=[(3_000, Presses("4")), (4_000, Presses("2"))])
    assert payment(stage) == [(3_000, 0, 2_000), (4_000, 0, 3_000)]
    rows = stage.find(PAYMENT)
    assert all(set(row.detail) == {"recording", "at_ms", "file_ms"} for row in rows)
    assert stage.rows[rows[0].because].name == "DTMF"


@pytest.mark.parametrize("action", ["mask", "pause"])
def test_a_digit_under_a_mask_or_in_a_pause(build: Any, action: Any) -> None:
    """C44, B§3.10: what is masked or paused does not hold the digit; afterwards the place leaves the pause out."""
    undo: Any = {"mask": "unmask", "pause": "resume"}[action]
    tells = [(2_000, Controls(action)), (3_000, Presses("4")), (4_000, Controls(undo)), (5_000, Presses("2"))]
    place_ms = 5_000 if action == "mask" else 3_000
    assert payment(run(build, start(build), Sleep(9_000), tells=tells)) == [(5_000, 0, place_ms)]


def test_digits_without_a_recording(build: Any) -> None:
    """C44: without a recording, or before and after it, there are no rows."""
    tells = [(500, Presses("1")), (3_500, Presses("1"))]
    assert (
        run(build, Sleep(1_000), start(build), Sleep(2_000), StopRecording(), Sleep(1_000), tells=tells).find(PAYMENT)
        == []
    )


def test_both_parties_digits(build: Any) -> None:
    """C44: a recording of the caller's leg holds what the callee presses, too, once they talk."""
    tells = [(1_000, Answers(), "B"), (2_000, Presses("7"), "B"), (3_000, Presses("8"), "A"), (9_000, HangsUp())]
    stage = run(build, start(build), lobby(build), tells=tells)
    assert payment(stage) == [(2_000, 0, 2_000), (3_000, 0, 3_000)]
    assert [row.leg for row in stage.find(PAYMENT)] == ["A", "A"]


def test_a_digit_that_nobody_carries(build: Any) -> None:
    """C44, design §12 Sound: a digit on a leg without media is in no file."""
    stage = build.perform(build.doing(start(build, starts="on answer"), Sleep(2_000)), (500, Presses("1")))
    assert stage.find(PAYMENT) == []


def test_a_digit_that_ends_its_take(build: Any) -> None:
    """C44: a take that the digit ends holds none of its tone; one that it does not end holds it all."""
    ends = RecordTake("caller", build.options(channels=1), 0)
    goes_on = RecordTake("caller", build.options(channels=1), 0, ended_by_digits="#")
    tells = [(2_000, Presses("1")), (9_000, HangsUp())]
    assert payment(run(build, ends, Sleep(1_000), tells=tells)) == []
    assert payment(run(build, goes_on, tells=tells)) == [(2_000, 0, 2_000)]


def test_a_digit_that_starts_its_recording(build: Any) -> None:
    """C44: the tone lasts longer than the press: what it has set off holds it from its first frame on."""
    asked = Play((prompt("vm-person"),))
    late = (asked, Sleep(60), start(build), Sleep(1_000))
    assert payment(run(build, asked, start(build), Sleep(1_000), tells=[(300, Presses("1"))])) == [(300, 0, 0)]
    assert payment(run(build, *late, tells=[(300, Presses("1"))])) == [(360, 0, 0)]
    assert payment(run(build, asked, Sleep(100), start(build), Sleep(1_000), tells=[(300, Presses("1"))])) == []


@pytest.mark.parametrize("undone", ["mask", "pause"])
def test_a_digit_that_a_mask_hides_in_part(build: Any, undone: Any) -> None:
    """C44: the mask or the pause ends in the middle of a tone: the rest of it is in the file."""
    undo = {"mask": Controls("unmask"), "pause": Controls("resume")}[undone]
    tells = [(500, Controls(undone)), (1_000, Presses("1")), (1_050, undo)]
    assert payment(run(build, start(build), Sleep(2_000), tells=tells)) == [
        (1_050, 0, 1_050 - 550 * (undone == "pause"))
    ]


def test_lanes_cost_no_rows_without_recordings(build: Any) -> None:
    """Law 8: a call that is not recorded has no lane, whatever is announced and pressed."""
    stage = run(build, ANNOUNCED, lobby(build), tells=[(500, Presses("1")), (9_000, HangsUp())])
    assert stage.find(CONSENT) == stage.find(PAYMENT) == []
