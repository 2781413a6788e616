"""voicemail: the review of a message by a caller who is still there (B§7.6, steps 11 and 13)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.events import HangsUp, Presses, Speaks
from callflow.core.sounds import PROMPT_LENGTHS_MS
from callflow.core.trace import FLOW, MAILBOX

NOTE = {"module": "noop"}
LEAVE = {"module": "voicemail", "data": {"id": "box"}, "children": {"_": NOTE}}
RECORDS_MS = 600  # with a box that skips greeting and instructions, only the beep comes first
REVIEW_MS = PROMPT_LENGTHS_MS["vm-review_recording"]
LOOP_MS = REVIEW_MS + 5_000
THANKS = ["vm-saved", "vm-thank_you"]
THANKS_MS = sum(PROMPT_LENGTHS_MS[name] for name in THANKS)
TAKEN_MS = RECORDS_MS + 3_000  # a message of three seconds, ended by a digit


def review(build: Any, *keys: tuple[int, str], hang_up_ms: int | None = None, **more: Any) -> Any:
    """Leave three seconds, end them with `#`, and then press keys, given in ms after the end of the take."""
    box = {"skip_greeting": True, "skip_instructions": True, **more.pop("box", {})}
    account = build.with_box(more.pop("account", None) or build.household(), **box)
    tells: list[Any] = [(TAKEN_MS, Presses("#")), *((TAKEN_MS + at_ms, Presses(key)) for at_ms, key in keys)]
    if hang_up_ms is not None:
        tells.append((TAKEN_MS + hang_up_ms, HangsUp()))
    return build.play(LEAVE, *tells, account=account, **more)


def kept(stage: Any) -> list[tuple[int, int]]:
    """What was kept: (at ms after the end of the take, length)."""
    return [(row.at_ms - TAKEN_MS, row.detail["length_ms"]) for row in stage.find(MAILBOX)]


@pytest.mark.parametrize("at_ms", [100, REVIEW_MS + 4_999], ids=["in the prompt", "in the wait"])
def test_1_saves(build: Any, at_ms: int) -> None:
    """B§7.6 steps 11b and 13: `1` saves; vm-saved and vm-thank_you are played, and the flow goes on to `_`."""
    stage = review(build, (at_ms, "1"))
    assert kept(stage) == [(at_ms, 3_000)]
    assert stage.sounds()[1:] == ["vm-review_recording", *THANKS]
    assert (stage.path(), stage.ends()["A"][0]) == (["voicemail", "noop"], TAKEN_MS + at_ms + THANKS_MS)


def test_no_key_saves_after_four_loops(build: Any) -> None:
    """B§7.6 step 11b: no key is another loop; after four loops the message is saved."""
    stage = review(build)
    assert kept(stage) == [(4 * LOOP_MS, 3_000)]
    assert stage.sounds().count("vm-review_recording") == 4


@pytest.mark.parametrize("key", ["5", "9", "*", "#", "0"])
def test_another_key_is_another_loop(build: Any, key: str) -> None:
    """B§7.6 step 11b: any other key, and `0` without an operator, asks again at once."""
    stage = review(build, *((at_ms, key) for at_ms in (100, 200, 300, 400)))
    assert kept(stage) == [(400, 3_000)]
    assert stage.sounds().count("vm-review_recording") == 4


def test_2_plays_the_take_and_starts_the_loops_anew(build: Any) -> None:
    """B§7.6 step 11b: `2` listens; the counter restarts, so that four more loops follow."""
    stage = review(build, (100, "5"), (200, "5"), (300, "5"), (400, "2"))
    played = stage.sounds()[1:]
    assert played[:5] == ["vm-review_recording"] * 4 + ["0"]
    assert played.count("vm-review_recording") == 8
    assert kept(stage) == [(400 + 3_000 + 4 * LOOP_MS, 3_000)]


def test_listening_lasts_as_long_as_the_take(build: Any) -> None:
    """B§7.6 step 11b: the take is played from its start to its end, or until a digit."""
    stage = review(build, (100, "2"), (1_100, "1"), (1_300, "1"))
    takes = [row for row in stage.find("AUDIO", "plays") if "take" in row.detail["sound"]]
    assert [(row.at_ms - TAKEN_MS, row.detail["for_ms"]) for row in takes] == [(100, 3_000)]
    assert kept(stage) == [(1_300, 3_000)]


def test_3_records_again_and_drops_the_old_take(build: Any) -> None:
    """B§7.6 step 11b: a new take after another beep; the old one is discarded, not delivered."""
    stage = review(build, (1_000, "3"), (1_000 + 600 + 2_000, "#"), (4_000, "1"))
    first, second = stage.recordings()
    assert (first["to"], second["to"]) == ("DISCARDED", "FINISHED")
    assert (second["RECORD_START"] - TAKEN_MS, second["length_ms"]) == (1_600, 2_000)
    assert kept(stage) == [(4_000, 2_000)]
    assert [row.detail["recording"] for row in stage.find("DELIVERY", "REQUESTED")] == [1]


def test_0_saves_and_goes_to_the_operator(build: Any) -> None:
    """B§7.6 step 11b: saved, then branch; nobody is thanked; this node's `_` comes after the operator's flow."""
    account = build.with_flow(build.household(), "operator", "100")
    flows = {"operator": {"module": "sleep", "data": {"duration": 5}}}
    stage = review(build, (700, "0"), account=account, box={"operator_number": "100"}, flows=flows)
    assert kept(stage) == [(700, 3_000)]
    assert (stage.path(), stage.sounds()[1:]) == (["voicemail", "sleep", "noop"], ["vm-review_recording"])
    assert len(stage.find(FLOW, "resumed")) == 1


@pytest.mark.parametrize("after", ["", "2"], ids=["in the prompt", "in the playback"])
def test_hang_up_in_the_review_saves(build: Any, after: str) -> None:
    """B§7.6 step 11b: hang-up here saves as no selection; nothing more is played, and `_` does not run."""
    stage = review(build, *([(100, after)] if after else []), hang_up_ms=900)
    assert kept(stage) == [(900, 3_000)]
    assert (stage.path(), stage.ends()["A"][2]) == (["voicemail"], "caller")
    assert stage.engine.live_calls == ()


def test_a_take_that_is_too_short_is_reviewed_and_not_kept(build: Any) -> None:
    """B§7.6 step 12: 499 ms are discarded although the caller saved them, and is thanked."""
    account = build.with_box(build.household(), skip_greeting=True, skip_instructions=True)
    stage = build.play(LEAVE, (RECORDS_MS + 499, Presses("#")), (RECORDS_MS + 900, Presses("1")), account=account)
    assert (kept(stage), stage.recordings()[0]["to"]) == ([], "DISCARDED")
    assert stage.sounds()[-2:] == THANKS


@pytest.mark.parametrize(("key", "kept_count"), [("3", 0), ("1", 0)])
def test_a_short_take_can_be_recorded_again(build: Any, key: str, kept_count: int) -> None:
    """B§7.6: dropping a take that was discarded already is late, and does no harm."""
    account = build.with_box(build.household(), skip_greeting=True, skip_instructions=True)
    tells = [(RECORDS_MS + 100, Presses("#")), (RECORDS_MS + 200, Presses(key)), (RECORDS_MS + 300, HangsUp())]
    stage = build.play(LEAVE, *tells, account=account)
    assert len(kept(stage)) == kept_count
    assert {made["to"] for made in stage.recordings()} == {"DISCARDED"}


@pytest.mark.parametrize("ending", ["silence", "limit"])
def test_silence_and_limit_are_reviewed_too(build: Any, ending: str) -> None:
    """B§7.6 step 11b: whoever is still there reviews: digit, limit or silence."""
    account = build.with_box(build.household(), skip_greeting=True, skip_instructions=True, max_message_length_s=4)
    tells = [(RECORDS_MS, Speaks({"voice": "caller"}, 60_000))] if ending == "limit" else []
    if ending == "silence":
        account = build.with_box(account, silence_hits=2)
    stage = build.play(LEAVE, *tells, account=account)
    assert stage.recordings()[0]["length_ms"] == (4_000 if ending == "limit" else 2_000)
    assert "vm-review_recording" in stage.sounds()


def test_a_message_during_a_call_recording(build: Any) -> None:
    """The seed's note: they do not play well together: the call recording goes on, and the trace warns."""
    flow = {"module": "record_call", "data": {"action": "start"}, "children": {"_": LEAVE}}
    stage = build.play(flow, (20_000, HangsUp()))
    assert [row.detail["code"] for row in stage.find("WARNING")] == ["recording-during-take"]
    assert [made["kind"] for made in stage.recordings()] == ["call", "voicemail"]
