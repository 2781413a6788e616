"""Deeds: which leg a step is for, and what is said when it cannot be done (design §6, §12)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from callflow.core.events import (
    Answers,
    Controls,
    FallsSilent,
    HangsUp,
    Holds,
    Presses,
    Rejects,
    Resumes,
    Speaks,
    Transfers,
)
from callflow.core.trace import LEG, Row
from callflow.scenario.deeds import Deed, NotPossible, control_of, deed_of
from callflow.scenario.party import CallParties, Parties
from callflow.scenario.steps import At, Step, parse_deed
from callflow.scenario.verbs import ControlsRecording

CREATED = ("CHANNEL_CREATE", "NEW")
RINGS = ("CHANNEL_PROGRESS", "RINGING")
ANSWERED = ("CHANNEL_ANSWER", "ANSWERED")
BRIDGED, HELD = ("CHANNEL_BRIDGE", "BRIDGED"), ("CHANNEL_HOLD", "HELD")
EARLY = ("CHANNEL_PROGRESS_MEDIA", "EARLY")
NO_ANSWER = ("CHANNEL_DESTROY", "GONE", "NO_ANSWER")
CLEARED = ("CHANNEL_DESTROY", "GONE", "NORMAL_CLEARING")
NOT_REGISTERED = ("CHANNEL_DESTROY", "GONE", "USER_NOT_REGISTERED")
LOST_RACE = ("CHANNEL_DESTROY", "GONE", "LOSE_RACE")
DESK, CELL, BOB = ("B", "alice", "desk"), ("B2", "alice", "cell"), ("B3", "bob", "bob-phone")
CONSULTING = ("B4", "alice", "desk")
TALKING = ((DESK, 1, ANSWERED), (DESK, 1, BRIDGED))
Moment = tuple[tuple[str, str, str], int, tuple[str, ...]]


def legs(*moments: Moment) -> CallParties:
    """The legs after these moves: (leg, party, device), ms, (event, state, cause)."""
    parties = Parties()
    caller = (("A", "caller", ""), 0, CREATED)
    for (leg, party, device), at_ms, (name, to, *cause) in (caller, *moments):
        detail = {"to": to, "party": party, "device": device, "hangup_cause": "".join(cause)}
        if leg == CONSULTING[0]:
            detail["dialled"] = "2002"
        parties.observe(Row(0, at_ms, "c1", leg, LEG, name, detail, -1, ""))
    return parties.of("c1")


def rung(who: tuple[str, str, str], *later: Moment) -> tuple[Moment, ...]:
    """A leg that rings from the beginning on."""
    return ((who, 0, CREATED), (who, 0, RINGS), *later)


def done(words: str, parties: CallParties, now_ms: int = 20_000) -> Deed:
    """What a step comes to."""
    who, verb = parse_deed(words)
    return deed_of(
        Step(1, words, At(now_ms), who, verb, "call.yaml:1"),
        parties,
        now_ms,
        {"plays hello.wav": 1_234, 'says "ja" in de': 432},
    )


def test_the_first_ringing_device_answers() -> None:
    """Design §12: `alice answers` means her first ringing device."""
    assert done("alice answers", legs(*rung(DESK), *rung(CELL))) == Deed("B", ((0, Answers()),))
    assert done("alice answers", legs(*rung(DESK, (DESK, 5, NO_ANSWER)), *rung(CELL))).leg == "B2"


def test_a_device_may_be_named() -> None:
    """Design §6: who acts may be a device."""
    assert done("cell rejects", legs(*rung(DESK), *rung(CELL))).leg == "B2"


def test_rejecting_and_being_busy_differ_in_their_cause() -> None:
    """Design §6: `rejects` and `is busy`."""
    causes = [done(f"alice {verb}", legs(*rung(DESK))).told[0][1] for verb in ("rejects", "is busy")]
    assert [each.cause.name for each in causes if isinstance(each, Rejects)] == ["CALL_REJECTED", "USER_BUSY"]


@pytest.mark.parametrize(
    ("parties", "words"),
    [
        (legs(*rung(BOB)), "no phone of alice rings; what rings now: bob (bob-phone)"),
        (legs(), "no phone of alice rings; nothing rings now"),
        (legs(*rung(DESK, (DESK, 1, ANSWERED)), *rung(BOB)), "alice is already on the call"),
        (
            legs(*rung(DESK, (DESK, 9_000, NO_ANSWER)), *rung(BOB)),
            "alice's phone rings no more since 0:09.000 (NO_ANSWER); what rings now: bob (bob-phone)",
        ),
    ],
)
def test_nobody_to_answer_names_what_rings(parties: CallParties, words: str) -> None:
    """Design §12: an error names what rings if none of hers does."""
    with pytest.raises(NotPossible) as caught:
        done("alice answers", parties)
    assert str(caught.value) == words


def test_a_caller_never_answers() -> None:
    """Design §4: the A-leg is the caller's; hearing ringback is not ringing."""
    with pytest.raises(NotPossible, match="no phone of caller rings; what rings now: alice"):
        done("caller answers", legs((("A", "caller", ""), 0, RINGS), *rung(DESK)))


@pytest.mark.parametrize(
    ("words", "told", "length_ms"),
    [
        ("alice hangs up", ((0, HangsUp()),), 0),
        ("alice is silent", ((0, FallsSilent()),), 0),
        ("alice presses 1#", ((0, Presses("1")), (200, Presses("#"))), 400),
        ("alice speaks for 4s", ((0, Speaks({"voice": "alice"}, 4_000)),), 4_000),
        ('alice says "yes"', ((0, Speaks({"says": "yes"}, 300)),), 300),
        ('alice says "ja" in de', ((0, Speaks({"spoken": "de: ja"}, 432)),), 432),
        ("alice sends tone 440 for 2s", ((0, Speaks({"tone_hz": 440}, 2_000)),), 2_000),
        ("alice sends noise 150 for 2s", ((0, Speaks({"noise": 150}, 2_000)),), 2_000),
        ("alice plays hello.wav", ((0, Speaks({"file": "hello.wav"}, 1_234)),), 1_234),
    ],
)
def test_each_verb_has_its_events_and_its_length(words: str, told: object, length_ms: int) -> None:
    """Design §6, §12 (Sound): what a verb tells the engine, and how long it takes; digits are 100 ms and a gap each."""
    assert done(words, legs(*rung(DESK, (DESK, 1, ANSWERED)))) == Deed("B", told, length_ms)  # type: ignore[arg-type]


def test_the_answered_device_speaks() -> None:
    """Design §12: of a party's legs the one on the call acts, although another device was rung later."""
    parties = legs(*rung(DESK, (DESK, 1, ANSWERED)), *rung(CELL))
    assert done("alice speaks for 1s", parties).leg == "B"


@pytest.mark.parametrize("consulting", [(), (CREATED,), (CREATED, EARLY), (CREATED, ANSWERED, BRIDGED)])
def test_in_a_consultation_the_party_has_two_legs(consulting: tuple[tuple[str, ...], ...]) -> None:
    """B§8.2: she speaks on and hangs up the consultation, however far that is, and resumes the leg that she holds."""
    parties = legs(*rung(DESK, *TALKING, (DESK, 2, HELD)), *((CONSULTING, 2, each) for each in consulting))
    leg = "B4" if consulting else "B"
    assert {done(f"alice {does}", parties).leg for does in ("speaks for 1s", "presses 1", "hangs up")} == {leg}
    assert done("alice resumes", parties) == Deed("B", ((0, Resumes()),))


def test_a_consultation_does_not_ring() -> None:
    """B§8.2: the leg on which she calls is no phone that rings, even while she hears ringback on it."""
    parties = legs(*rung(DESK, *TALKING, (DESK, 2, HELD)), (CONSULTING, 2, CREATED), (CONSULTING, 2, EARLY))
    with pytest.raises(NotPossible, match="alice is already on the call"):
        done("alice answers", parties)


def test_holding_and_transferring_tell_the_leg_that_talks() -> None:
    """Design §6: `holds`, `transfers to NUMBER`, `transfers with consultation to NUMBER`."""
    talking, holding = legs(*rung(DESK, *TALKING), *rung(CELL)), legs(*rung(DESK, *TALKING, (DESK, 2, HELD)))
    assert done("alice holds", talking) == Deed("B", ((0, Holds()),))
    assert done("alice transfers to 2002", talking) == Deed("B", ((0, Transfers("2002")),))
    for parties in (talking, holding):
        assert done("alice transfers with consultation to 2002", parties).told == ((0, Transfers("2002", True)),)


@pytest.mark.parametrize(
    ("words", "moments", "message"),
    [
        ("alice holds", ((DESK, 1, ANSWERED),), "alice is not connected with anybody"),
        ("alice holds", (*TALKING, (DESK, 2, HELD)), "alice has the other side on hold already"),
        ("alice resumes", TALKING, "alice has nobody on hold"),
        ("alice transfers to 2002", ((DESK, 1, ANSWERED),), "alice is not connected with anybody"),
        ("alice transfers to 2002", (*TALKING, (DESK, 2, HELD), (CONSULTING, 2, CREATED)), "alice consults already"),
        ("alice holds", (*TALKING, (DESK, 9, CLEARED)), "alice has been gone since"),
    ],
)
def test_nobody_holds_or_transfers_what_is_not_there(words: str, moments: tuple[Moment, ...], message: str) -> None:
    """Design §6: a step that is not possible says what is the case instead."""
    with pytest.raises(NotPossible, match=message):
        done(words, legs(*rung(DESK, *moments)))


def test_the_api_acts_on_the_controlled_leg() -> None:
    """B§10: a request to the API is about a channel; when that has gone there is nothing to control."""
    assert control_of(ControlsRecording("mask"), "B") == Deed("B", ((0, Controls("mask")),))
    with pytest.raises(NotPossible, match="the call has ended"):
        control_of(ControlsRecording("stop"), None)


def test_who_left_cannot_act() -> None:
    """Design §12: the message says since when, and why, a party is gone."""
    parties = legs(*rung(DESK, (DESK, 1, ANSWERED), (DESK, 8_000, CLEARED)), *rung(CELL, (CELL, 1, LOST_RACE)))
    with pytest.raises(NotPossible, match=r"alice has been gone since 0:08\.000 \(NORMAL_CLEARING\)"):
        done("alice speaks for 1s", parties)
    with pytest.raises(NotPossible, match="bob is not on the call"):
        done("bob hangs up", parties)


@pytest.mark.parametrize(
    ("parties", "remark"),
    [
        (legs(*rung(DESK, (DESK, 20_000, NO_ANSWER))), ""),
        (
            legs(*rung(DESK)),
            "alice's phone goes on ringing after 0:20.000: the flow's ring timeout ends it, not this step",
        ),
        (
            legs(*rung(DESK, (DESK, 15_000, NO_ANSWER))),
            "alice's phone had stopped ringing at 0:15.000 (NO_ANSWER), not at 0:20.000",
        ),
        (legs((CELL, 0, CREATED), (CELL, 0, NO_ANSWER), *rung(DESK, (DESK, 20_000, NO_ANSWER))), ""),
    ],
)
def test_not_answering_is_a_declaration(parties: CallParties, remark: str) -> None:
    """Design §12: it never shortens the ringing, and warns when ringing ends at another time."""
    deed = done("alice does not answer", parties)
    assert (deed.told, deed.remark) == ((), remark)


@pytest.mark.parametrize(
    ("parties", "words"),
    [
        (legs(*rung(DESK, (DESK, 1, ANSWERED))), "alice has answered"),
        (
            legs(*rung(DESK, (DESK, 1, ANSWERED), (DESK, 9, CLEARED)), *rung(CELL, (CELL, 1, LOST_RACE))),
            "alice has answered",
        ),
        (legs(), "alice's phone has not rung"),
        (legs((DESK, 0, CREATED), (DESK, 0, NOT_REGISTERED)), "alice's phone has not rung"),
    ],
)
def test_a_false_declaration_is_not_possible(parties: CallParties, words: str) -> None:
    """Design §12: whoever answered, or was never rung, did not "not answer": the step fails."""
    with pytest.raises(NotPossible, match=words):
        done("alice does not answer", parties)


def test_a_declaration_warns_and_ringing_goes_on(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: declared at 10 s, the phone still rings to its timeout of 20 s; the warning has the step's place."""
    run = staging.played(tmp_path, "at 10s: alice does not answer", flow=staging.ring(timeout=20))
    (remark,) = [each for each in run.result().diagnostics if each.code == "ringing-declared"]
    assert remark.where == f"{tmp_path}/call.json:14: timeline[1]" and remark.severity == "warning"
    assert run.result().calls[0].ended_ms == 20_000
