"""Deeds: which leg a step is for, and what is said when it cannot be done (design §6, §12)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from callflow.core.events import Answers, FallsSilent, HangsUp, Presses, Rejects, Speaks
from callflow.core.trace import LEG, Row
from callflow.scenario.deeds import Deed, NotPossible, deed_of
from callflow.scenario.party import CallParties, Parties
from callflow.scenario.steps import At, Step, parse_deed

CREATED = ("CHANNEL_CREATE", "NEW")
RINGS = ("CHANNEL_PROGRESS", "RINGING")
ANSWERED = ("CHANNEL_ANSWER", "ANSWERED")
NO_ANSWER = ("CHANNEL_DESTROY", "GONE", "NO_ANSWER")
CLEARED = ("CHANNEL_DESTROY", "GONE", "NORMAL_CLEARING")
NOT_REGISTERED = ("CHANNEL_DESTROY", "GONE", "USER_NOT_REGISTERED")
LOST_RACE = ("CHANNEL_DESTROY", "GONE", "LOSE_RACE")
DESK, CELL, BOB = ("B", "alice", "desk"), ("B2", "alice", "cell"), ("B3", "bob", "bob-phone")
Moment = tuple[tuple[str, str, str], int, tuple[str, ...]]


def legs(*moments: Moment) -> CallParties:
    """The legs after these moves: (leg, party, device), ms, (event, state, cause)."""
    parties = Parties()
    caller = (("A", "caller", ""), 0, CREATED)
    for (leg, party, device), at_ms, (name, to, *cause) in (caller, *moments):
        detail = {"to": to, "party": party, "device": device, "hangup_cause": "".join(cause)}
        parties.observe(Row(0, at_ms, "c1", leg, LEG, name, detail, -1, ""))
    return parties.of("c1")


def rung(who: tuple[str, str, str], *later: Moment) -> tuple[Moment, ...]:
    """A leg that rings from the beginning on."""
    return ((who, 0, CREATED), (who, 0, RINGS), *later)


def done(words: str, parties: CallParties, now_ms: int = 20_000) -> Deed:
    """What a step comes to."""
    who, verb = parse_deed(words)
    return deed_of(Step(1, words, At(now_ms), who, verb, "call.yaml:1"), parties, now_ms, {"hello.wav": 1_234})


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
        ("alice sends tone 440 for 2s", ((0, Speaks({"tone_hz": 440}, 2_000)),), 2_000),
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
