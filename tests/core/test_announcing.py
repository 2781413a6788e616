"""The announcement at the bridge: `should_announce_when_recording` (B§9.4; C45)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from callflow.core.call_recording import RecordingCells, RecordingParameters
from callflow.core.effects import CONTINUE, Answer, Dial, Endpoint, Next, StartRecording, StopRecording
from callflow.core.events import Answers, Caller, HangsUp, Presses
from callflow.core.recording_plan import AccountRecordings
from callflow.core.trace import AUDIO, CONSENT, WARNING

PROMPT = {"prompt": "general-call_is_being_recorded"}
LENGTH_MS = 2_300
INSIDE = Caller("2002", "Bob", "bob-desk")
NOTHING = RecordingParameters()
TELLS = RecordingParameters(should_announce_when_recording=True)
RECORDS_AND_TELLS = RecordingParameters(enabled=True, should_announce_when_recording=True)


def account_of(build: Any, inbound_offnet: RecordingParameters, **more: RecordingParameters) -> Any:
    """The account of the tests in which the account's own cells are these."""
    named = {"inbound_onnet": NOTHING, "outbound_onnet": NOTHING, "outbound_offnet": NOTHING, **more}
    cells = RecordingCells(inbound_offnet=inbound_offnet, **named)
    return evolve(build.household(), recordings=AccountRecordings(cells))


async def ring(call: Any, settings: Any) -> Next:
    """Ring Alice."""
    await Dial((Endpoint(call.account.devices["alice-phone"], 20_000),))
    return CONTINUE


def talk(build: Any, account: Any, *tells: Any, before: Any = (), hang_up_ms: int = 10_000, **setting: Any) -> Any:
    """A call in which Alice answers after 3 s; `before` are effects that come before her phone rings."""
    caller = setting.pop("caller", build.CALLER)
    fakes = {"first": build.doing(*before), "ring": ring}
    stage = build.stage(build.chain("first", "ring"), fakes=fakes, account=account, **setting)
    stage.offer(caller=caller).tell(3_000, Answers(), "B").tell(hang_up_ms, HangsUp())
    for tell in tells:
        stage.tell(*tell)
    return stage.run()


def announced(stage: Any) -> list[tuple[int, int]]:
    """When each announcement began on leg A, and when it was cut or had been heard to its end."""
    cut = {row.detail["of"]: row.at_ms for row in stage.find(AUDIO, "ends", "A")}
    return [
        (row.at_ms, cut.get(row.seq, row.at_ms + row.detail["for_ms"]))
        for row in stage.find(AUDIO, "plays", "A")
        if row.detail["sound"] == PROMPT
    ]


def test_the_caller_is_told_at_the_bridge(build: Any) -> None:
    """B§9.4: the prompt plays to leg A beside the talk, from the bridge on, and the recording hears it."""
    stage = talk(build, account_of(build, RECORDS_AND_TELLS))
    assert announced(stage) == [(3_000, 3_000 + LENGTH_MS)]
    assert stage.find(WARNING) == []


@pytest.mark.parametrize(("profile", "at_ms"), [("docs", 3_000), ("kazoo-5", 3_200)])
def test_it_waits_for_the_bridge(build: Any, profile: str, at_ms: int) -> None:
    """B§9.4: not the answer but CHANNEL_BRIDGE sets it off."""
    assert announced(talk(build, account_of(build, RECORDS_AND_TELLS), profile=profile))[0][0] == at_ms


@pytest.mark.parametrize(
    "account",
    [
        {"inbound_offnet": RecordingParameters(enabled=True)},
        {"inbound_offnet": RecordingParameters(enabled=True), "inbound_onnet": TELLS, "outbound_onnet": TELLS},
        {"inbound_offnet": TELLS},
    ],
)
def test_it_is_the_inbound_cell_of_a_recorded_call(build: Any, account: dict[str, Any]) -> None:
    """B§9.4: nothing is announced when that cell does not ask for it, or when nothing was started."""
    assert announced(talk(build, account_of(build, **account))) == []


def test_a_recording_of_the_flow_is_announced_too(build: Any) -> None:
    """B§9.4: the account's cell is asked whoever started the recording."""
    stage = talk(build, account_of(build, TELLS), before=[StartRecording(build.options())])
    assert announced(stage) == [(3_000, 3_000 + LENGTH_MS)]
    assert stage.find(WARNING) == []


@pytest.mark.parametrize(
    ("profile", "starts", "others", "codes"),
    [
        ("docs", "at once", [], []),
        ("docs", "at once", [StopRecording()], ["false-announcement"]),
        ("docs", "on bridge", [], []),
        ("kazoo-5", "on bridge", [], []),
        ("kazoo-5", "on answer", [], []),
        ("kazoo-4", "at once", [StopRecording()], ["false-announcement"]),
    ],
)
def test_it_may_be_false(build: Any, profile: str, starts: Any, others: list[Any], codes: list[str]) -> None:
    """B§9.4: a call counts as recorded when its recording has ended, so the announcement may be false: a warning."""
    effects = [StartRecording(build.options(starts=starts)), *others]
    stage = talk(build, account_of(build, TELLS), before=effects, profile=profile)
    assert len(announced(stage)) == 1
    assert [row.name for row in stage.find(WARNING)] == codes


def test_a_recording_that_never_starts_is_announced(build: Any) -> None:
    """B§9.4, B§3.6: record_on_answer on an answered call waits for ever in Kazoo; the caller is told all the same."""
    effects = [Answer(), StartRecording(build.options(starts="on answer"))]
    stage = talk(build, account_of(build, TELLS), before=effects, profile="kazoo-5")
    assert len(announced(stage)) == 1
    assert [row.name for row in stage.find(WARNING)] == ["never-starts", "false-announcement"]


def test_any_digit_of_the_caller_cuts_it(build: Any) -> None:
    """B§9.4: a digit on leg A stops the prompt; a later one has nothing to stop, and the callee's never does."""
    account = account_of(build, RECORDS_AND_TELLS)
    assert announced(talk(build, account, (3_500, Presses("5")), (4_000, Presses("6")))) == [(3_000, 3_500)]
    assert announced(talk(build, account, (3_500, Presses("5"), "B"))) == [(3_000, 3_000 + LENGTH_MS)]
    late = talk(build, account, (6_000, Presses("5")))
    assert [row.at_ms for row in late.find(AUDIO, "ends") if row.detail["of"] in _announcements(late)] == []


def _announcements(stage: Any) -> list[int]:
    return [row.seq for row in stage.find(AUDIO, "plays") if row.detail["sound"] == PROMPT]


def test_the_hangup_cuts_it(build: Any) -> None:
    """B§8.2: what plays to a leg ends with the leg, and no timer outlives the call."""
    stage = talk(build, account_of(build, RECORDS_AND_TELLS), hang_up_ms=4_000)
    assert announced(stage) == [(3_000, 4_000)]
    assert (stage.engine.next_ms, max(stage.times("CALL"))) == (None, 4_000)


def test_every_bridge_announces(build: Any) -> None:
    """B§9.4: a later bridge of the same call is told again; an announcement that still plays begins anew."""
    fakes = {"ring": ring}
    stage = build.stage(build.chain("ring", "ring"), fakes=fakes, account=account_of(build, RECORDS_AND_TELLS))
    stage.offer().tell(3_000, Answers(), "B").tell(4_000, HangsUp(), "B")
    stage.tell(4_500, Answers(), "B2").tell(20_000, HangsUp()).run()
    assert announced(stage) == [(3_000, 4_500), (4_500, 4_500 + LENGTH_MS)]


def test_an_onnet_caller_has_the_onnet_cell(build: Any) -> None:
    """B§9.4: the cell is that of the caller's network."""
    account = account_of(build, NOTHING, inbound_onnet=RECORDS_AND_TELLS)
    assert len(announced(talk(build, account, caller=INSIDE))) == 1
    assert announced(talk(build, account)) == []


def test_what_was_recorded_before_consent_is_told(build: Any) -> None:
    """C45: when the announcement has ended, a row says from when on the call was recorded without it."""
    account = account_of(build, RECORDS_AND_TELLS)
    for stage, at_ms in (
        (talk(build, account), 3_000 + LENGTH_MS),
        (talk(build, account, (3_500, Presses("5"))), 3_500),
    ):
        told = [(row.at_ms, row.detail["from_ms"], row.detail["to_ms"]) for row in stage.find(CONSENT)]
        assert told == [(at_ms, 0, at_ms)]
