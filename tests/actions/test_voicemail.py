"""voicemail: greetings, full boxes, announcements, digits that cut, the message's end (B§7.6, steps 1 to 10 and 12)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from callflow.core.account import MediaFile
from callflow.core.errors import FlowError
from callflow.core.events import HangsUp, Presses, Speaks
from callflow.core.flow import load_flow
from callflow.core.profile import DOCS
from callflow.core.trace import DELIVERY, ERROR, FLOW, LEG, MAILBOX
from callflow.schemas import module_schemas

NOTE = {"module": "noop"}
LEAVE: dict[str, Any] = {"module": "voicemail", "data": {"id": "box"}, "children": {"_": NOTE}}

# vm-person, the number 2001, vm-not_available, vm-record_message, the beep: by the published lengths.
GREETING = ["vm-person", "digits-2", "digits-0", "digits-0", "digits-1", "vm-not_available"]
GREETED_MS = 900 + 4 * 500 + 2_100
BEEP = "440/500/100"
RECORDS_MS = GREETED_MS + 2_900 + 600


def leave(build: Any, *tells: Any, box: dict[str, Any] | None = None, **more: Any) -> Any:
    """Run one call into the mailbox."""
    account = build.with_box(more.pop("account", None) or build.household(**more.pop("system", {})), **(box or {}))
    return build.play({**LEAVE, "data": {**LEAVE["data"], **more.pop("data", {})}}, *tells, account=account, **more)


def messages(stage: Any) -> list[int]:
    """The lengths of the messages that were kept."""
    return [row.detail["length_ms"] for row in stage.find(MAILBOX)]


def test_the_usual_message(build: Any) -> None:
    """B§7.6: answer, greeting with the number, instructions, beep, and a recording of the caller until the hang-up."""
    end_ms = RECORDS_MS + 4_000
    stage = leave(build, (RECORDS_MS, Speaks({"voice": "caller"}, 4_000)), (end_ms, HangsUp()))
    assert stage.times(LEG, "CHANNEL_ANSWER") == [0]
    assert stage.sounds() == [*GREETING, "vm-record_message", BEEP]
    (made,) = stage.recordings()
    assert (made["RECORD_START"], made["length_ms"], made["ended_by"]) == (RECORDS_MS, 4_000, "hangup")
    assert (made["kind"], made["channels"], made["sample_rate"], made["format"]) == ("voicemail", 1, 8_000, "mp3")
    assert (messages(stage), stage.path()) == ([4_000], ["voicemail"])
    assert [row.detail["target"] for row in stage.find(DELIVERY, "REQUESTED")] == ["account_database"]


GREETINGS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, [*GREETING, "vm-record_message"]),
    ({"number": ""}, ["vm-person", "vm-not_available", "vm-record_message"]),
    ({"media_unavailable": "song"}, ["song", "vm-record_message"]),
    ({"media_unavailable": "gone"}, [*GREETING, "vm-record_message"]),
    ({"media_temporary": "song", "media_unavailable": "gone"}, ["song", "vm-record_message"]),
    ({"use_person_not_available": True}, ["vm-person_not_available", "vm-record_message"]),
    ({"use_person_not_available": True, "media_unavailable": "song"}, ["song", "vm-record_message"]),
    ({"play_greeting_intro": True}, ["vm-greeting_intro", *GREETING, "vm-record_message"]),
    ({"play_greeting_intro": True, "skip_greeting": True}, ["vm-greeting_intro", "vm-record_message"]),
    ({"skip_greeting": True}, ["vm-record_message"]),
    ({"skip_greeting": True, "media_unavailable": "song"}, ["vm-record_message"]),
    ({"skip_instructions": True}, GREETING),
    ({"skip_greeting": True, "skip_instructions": True}, []),
]


@pytest.mark.parametrize(("box", "heard"), GREETINGS)
def test_greetings(build: Any, box: dict[str, Any], heard: list[str]) -> None:
    """B§7.6 steps 6 and 7: the box's own greeting, or its number; both parts can be skipped; the beep never is."""
    stage = leave(build, (30_000, HangsUp()), box=box)
    played = stage.sounds()
    assert played[: len(heard) + 1] == [*heard, BEEP]


@pytest.mark.parametrize(
    ("count", "most", "is_full"), [(99, 100, False), (100, 100, True), (3, 3, True), (5_000, 0, False)]
)
def test_full_box(build: Any, count: int, most: int, is_full: bool) -> None:
    """B§7.6 step 5: greeting, vm-mailbox_full, and on to `_` without a recording; a maximum of 0 is none."""
    stage = leave(build, (60_000, HangsUp()), box={"message_count": count}, system={"max_message_count": most})
    assert ("vm-mailbox_full" in stage.sounds()) == is_full
    assert (stage.recordings() == []) == is_full
    if is_full:
        assert (stage.sounds(), stage.path()) == ([*GREETING, "vm-mailbox_full"], ["voicemail", "noop"])


def test_a_message_fills_the_box_for_the_next_caller(build: Any) -> None:
    """B§7.6 step 5: messages of the run count."""
    account = build.household(max_message_count=1)
    stage = build.stage(LEAVE, account=account).offer("c1").offer("c2", at_ms=60_000)
    stage.tell(12_000, HangsUp()).tell(90_000, HangsUp(), call_id="c2").run()
    assert len(messages(stage)) == 1
    assert stage.sounds()[-1] == "vm-mailbox_full"


def test_missing_box(build: Any) -> None:
    """B§7.6 step 4: answer, vm-not_available_no_voicemail, deaf to digits, and on to `_`."""
    stage = leave(build, (1_000, Presses("1")), data={"id": "nobody's"})
    assert stage.events("CHANNEL_ANSWER") == ["CHANNEL_ANSWER(A)"]
    assert (stage.sounds(), stage.path()) == (["vm-not_available_no_voicemail"], ["voicemail", "noop"])
    assert stage.ends()["A"][0] == 3_800


def test_announcement_only(build: Any) -> None:
    """B§7.6 step 3: the greeting, and on to `_`; nothing is recorded."""
    stage = leave(build, box={"announcement_only": True})
    assert (stage.sounds(), stage.path(), stage.recordings()) == (GREETING, ["voicemail", "noop"], [])
    assert stage.ends()["A"][0] == GREETED_MS


def test_a_digit_in_an_announcement_crashes_the_module(build: Any) -> None:
    """B§7.6 step 3: any other digit than `*` crashes the module, so that the flow goes on to `_`."""
    stage = leave(build, (1_000, Presses("5")), box={"announcement_only": True})
    assert (stage.path(), len(stage.find(ERROR)), stage.ends()["A"][0]) == (["voicemail", "noop"], 1, 1_000)


@pytest.mark.parametrize("at_ms", [100, GREETED_MS + 100])
@pytest.mark.parametrize("digit", ["1", "9", "#", "0"])
def test_a_digit_cuts_the_prompts(build: Any, digit: str, at_ms: int) -> None:
    """B§7.6 step 8: the prompts are cut and recording begins after the beep; so does `0` with no operator."""
    stage = leave(build, (at_ms, Presses(digit)), (at_ms + 3_000, HangsUp()))
    assert stage.recordings()[0]["RECORD_START"] == at_ms + 600
    assert stage.sounds()[-1] == BEEP


def test_a_digit_in_the_beep_is_not_heard(build: Any) -> None:
    """B§7.6 step 9: the tone is played to its end."""
    stage = leave(build, (RECORDS_MS - 300, Presses("1")), (20_000, HangsUp()))
    assert stage.recordings()[0]["RECORD_START"] == RECORDS_MS


OPERATOR = {"module": "sleep", "data": {"duration": 5}}


def with_operator(build: Any) -> dict[str, Any]:
    """A box whose operator has a flow."""
    account = build.with_flow(build.household(), "operator", "100")
    return {"account": account, "flows": {"operator": OPERATOR}, "box": {"operator_number": "100"}}


def test_zero_goes_to_the_operator(build: Any) -> None:
    """B§7.6 step 8: `0` branches to the operator's flow, so that this node's `_` is resumed after it."""
    stage = leave(build, (1_000, Presses("0")), **with_operator(build))
    assert (stage.path(), stage.recordings()) == (["voicemail", "sleep", "noop"], [])
    assert [row.at_ms for row in stage.find(FLOW, "resumed")] == [6_000]


def test_an_operator_that_is_not_there_records(build: Any) -> None:
    """B§7.6 step 8: a number that no flow answers is no operator."""
    stage = leave(build, (1_000, Presses("0")), (20_000, HangsUp()), box={"operator_number": "999"})
    assert len(messages(stage)) == 1


@pytest.mark.parametrize("box", [{}, {"announcement_only": True}, {"message_count": 100}])
def test_logging_in_is_refused(build: Any, box: dict[str, Any]) -> None:
    """Issue 2: what is not simulated yet is refused with the node's place, never ignored."""
    with pytest.raises(FlowError, match=r"flow: logging in with \* is not simulated yet"):
        leave(build, (1_000, Presses("*")), box=box)


def test_checking_messages_is_refused(build: Any) -> None:
    """Issue 2: so is the action `check`, before any call runs."""
    node = {"module": "voicemail", "data": {"id": "box", "action": "check"}}
    flow = load_flow(node, registry=build.real_actions(), profile=DOCS, known=module_schemas())
    assert [(fault.where, fault.problem) for fault in flow.faults] == [
        ("flow.data.action", "checking messages is not simulated yet")
    ]


def test_hang_up_in_the_greeting_leaves_nothing(build: Any) -> None:
    """B§7.6 step 8: hang-up: end without message."""
    stage = leave(build, (3_000, HangsUp()))
    assert (stage.recordings(), messages(stage), stage.path()) == ([], [], ["voicemail"])


@pytest.mark.parametrize(("length_ms", "kept"), [(499, []), (500, [500])])
def test_a_short_message_is_not_kept(build: Any, length_ms: int, kept: list[int]) -> None:
    """B§7.6 step 12: shorter than min_message_size is silently not stored."""
    stage = leave(build, (RECORDS_MS + length_ms, HangsUp()))
    assert messages(stage) == kept
    assert stage.recordings()[0]["to"] == ("FINISHED" if kept else "DISCARDED")
    assert bool(stage.find(DELIVERY)) == bool(kept)


def test_a_silent_message_is_kept(build: Any) -> None:
    """B§7.6: five seconds of silence from the start end the take; it is stored all the same."""
    stage = leave(build, box={})
    assert (messages(stage), stage.recordings()[0]["ended_by"]) == ([5_000], "initial_silence")


@pytest.mark.parametrize(
    ("data", "box", "system_s", "limit_s"),
    [
        ({"max_message_length": 3}, {"max_message_length_s": 4}, 5, 3),
        ({}, {"max_message_length_s": 4}, 5, 4),
        ({}, {}, 5, 5),
    ],
)
def test_longest_message(build: Any, data: dict[str, Any], box: dict[str, Any], system_s: int, limit_s: int) -> None:
    """B§7.6: the node's limit, then the box's, then the system's."""
    speaks = (RECORDS_MS, Speaks({"voice": "caller"}, 60_000))
    stage = leave(build, speaks, data=data, box=box, system={"max_message_length_s": system_s})
    (made,) = stage.recordings()
    assert (made["length_ms"], made["ended_by"]) == (limit_s * 1_000, "time_limit")
    assert stage.find("RECORDER", "LIMIT_REACHED")[0].rule == f"max_message_length={limit_s}"


@pytest.mark.parametrize("extension", ["mp3", "wav"])
def test_format_is_the_boxs(build: Any, extension: str) -> None:
    """B§7.6: media_extension; <32 hex>.<extension>."""
    made = leave(build, (12_000, HangsUp()), box={"media_extension": extension}).recordings()[0]
    assert made["name"].endswith(f".{extension}") and len(made["name"]) == 33 + len(extension)


def test_a_greeting_of_stated_length(build: Any) -> None:
    """Design §6: the account's media has the length that the account states."""
    account = build.household()
    account = evolve(account, media={"hello": MediaFile("hello", length_ms=1_234)})
    stage = leave(
        build, (20_000, HangsUp()), account=account, box={"media_unavailable": "hello", "skip_instructions": True}
    )
    assert stage.recordings()[0]["RECORD_START"] == 1_234 + 600
