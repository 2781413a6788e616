"""From what the switch logged to what people did (issue 5, item 7; B§8.2)."""

from __future__ import annotations

from attrs import evolve

from callflow.capture.calls import LoggedCall, LoggedLeg, Moment
from callflow.capture.events import LoggedEvent
from callflow.capture.reconstructing import Script, script_of

PARTIES = {"a": "caller", "b": "alice", "c": "bob"}
NOTHING = LoggedEvent(1, 0, "", "", "", "", "", "", "", "", (), "", "", "", "")


def moment(
    at_ms: int, name: str, leg: str, *, other: str = "", digit: str = "", cause: str = "", disposition: str = ""
) -> Moment:
    """One moment of a call."""
    told = evolve(NOTHING, name=name, leg=leg, other=other, digit=digit, cause=cause, disposition=disposition)
    return Moment(at_ms, name, leg, told)


def script(*moments: Moment, until_ms: int | None = None) -> Script:
    """The script of a call with these moments, on legs a, b and c."""
    legs = tuple(LoggedLeg(leg, ()) for leg in PARTIES)
    return script_of(LoggedCall("a", 0, "1", "", "2", legs, moments), PARTIES, until_ms)


def steps(*moments: Moment, until_ms: int | None = None) -> list[tuple[int, str]]:
    """Times and words of that script."""
    return [(deed.at_ms, deed.words) for deed in script(*moments, until_ms=until_ms).deeds]


ANSWERED = (
    moment(0, "CHANNEL_CREATE", "a"),
    moment(0, "CHANNEL_CREATE", "b"),
    moment(4_000, "CHANNEL_ANSWER", "b"),
    moment(4_000, "CHANNEL_ANSWER", "a"),
    moment(4_000, "CHANNEL_BRIDGE", "a", other="b"),
)
TALK = [(0, "caller calls"), (4_000, "alice answers")]


def test_the_called_party_hangs_up() -> None:
    """B§8.2: its leg ends while the bridge is still there, and the caller's end follows of itself."""
    found = steps(
        *ANSWERED,
        moment(9_000, "CHANNEL_DESTROY", "b", cause="NORMAL_CLEARING"),
        moment(9_010, "CHANNEL_UNBRIDGE", "a"),
        moment(9_020, "CHANNEL_DESTROY", "a", cause="NORMAL_CLEARING"),
    )
    assert found == [*TALK, (4_000, "caller speaks for 5s"), (9_000, "alice hangs up")]


def test_the_caller_hangs_up() -> None:
    """B§8.2: the bridge ends first; in which order the legs end then is undetermined."""
    found = steps(
        *ANSWERED,
        moment(9_000, "CHANNEL_UNBRIDGE", "a"),
        moment(9_010, "CHANNEL_DESTROY", "b", cause="NORMAL_CLEARING"),
        moment(9_020, "CHANNEL_DESTROY", "a", cause="NORMAL_CLEARING"),
    )
    assert found == [*TALK, (4_000, "caller speaks for 5s"), (9_000, "caller hangs up")]


def test_the_disposition_says_who_hung_up() -> None:
    """`recv_bye` is the party's own, `send_bye` the switch's; no guess is needed then."""
    found = script(
        *ANSWERED,
        moment(9_000, "CHANNEL_DESTROY", "b", cause="NORMAL_CLEARING", disposition="send_bye"),
        moment(9_000, "CHANNEL_DESTROY", "a", cause="NORMAL_CLEARING", disposition="recv_bye"),
    )
    assert [(deed.words, deed.remark) for deed in found.deeds[-1:]] == [("caller hangs up", "")]
    found = script(
        *ANSWERED,
        moment(9_000, "CHANNEL_DESTROY", "a", cause="NORMAL_CLEARING", disposition="send_bye"),
        moment(9_000, "CHANNEL_DESTROY", "b", cause="NORMAL_CLEARING", disposition="recv_bye"),
    )
    assert found.deeds[-1].words == "alice hangs up"


def test_the_flows_end_is_nobodys_step() -> None:
    """A call that ends as busy was ended by the flow."""
    found = steps(
        moment(0, "CHANNEL_CREATE", "b"),
        moment(1_000, "CHANNEL_DESTROY", "b", cause="USER_BUSY"),
        moment(1_000, "CHANNEL_DESTROY", "a", cause="USER_BUSY"),
    )
    assert found == [(0, "caller calls"), (1_000, "alice is busy")]


def test_who_never_answers_does_so_once() -> None:
    """Several phones of one party: one remark; losing the race is nobody's deed; an odd cause is said."""
    found = script(
        moment(0, "CHANNEL_CREATE", "b"),
        moment(20_000, "CHANNEL_DESTROY", "b", cause="NO_ANSWER"),
        moment(20_000, "CHANNEL_DESTROY", "b", cause="NO_ANSWER"),
        moment(20_000, "CHANNEL_DESTROY", "c", cause="LOSE_RACE"),
        moment(21_000, "CHANNEL_DESTROY", "c", cause="CALL_REJECTED"),
        moment(22_000, "CHANNEL_DESTROY", "c", cause="NO_USER_RESPONSE"),
    )
    assert [deed.words for deed in found.deeds] == ["caller calls", "alice does not answer", "bob rejects"]
    assert found.warnings == ('0:22.000: bob: "NO_USER_RESPONSE" cannot be made a step of',)


def test_fast_digits_are_one_step_and_slow_ones_several() -> None:
    """Digits every 200 ms are what one `presses` sends; what is no digit is left out, and said."""
    found = script(
        moment(1_000, "DTMF", "a", digit="1"),
        moment(1_200, "DTMF", "a", digit="2"),
        moment(3_000, "DTMF", "a", digit="#"),
        moment(3_100, "DTMF", "b", digit="*"),
        moment(3_200, "DTMF", "a", digit="12"),
    )
    assert [(deed.at_ms, deed.words) for deed in found.deeds[1:]] == [
        (1_000, "caller presses 12"),
        (3_000, "caller presses #"),
        (3_100, "alice presses *"),
    ]
    assert len(found.warnings) == 1


def test_hold_message_and_transfer() -> None:
    """Holding is a step; a message that is recorded is spoken; a transfer is said to be left out."""
    found = script(
        moment(0, "CHANNEL_CREATE", "a"),
        moment(1_000, "CHANNEL_ANSWER", "a"),
        moment(2_000, "RECORD_START", "a"),
        moment(5_000, "RECORD_STOP", "a"),
        moment(6_000, "CHANNEL_CREATE", "b"),
        moment(7_000, "CHANNEL_HOLD", "b"),
        moment(8_000, "CHANNEL_UNHOLD", "b"),
        moment(9_000, "CHANNEL_TRANSFEROR", "b"),
        moment(9_000, "CHANNEL_DESTROY", "b", cause="BLIND_TRANSFER"),
    )
    assert [deed.words for deed in found.deeds] == [
        "caller calls", "caller speaks for 3s", "alice holds", "alice resumes",
    ]  # fmt: skip
    assert "CHANNEL_TRANSFEROR" in found.warnings[0]


def test_a_cut_ends_the_call() -> None:
    """With `--cut` the steps after it are left out and the caller hangs up there."""
    late = moment(9_000, "CHANNEL_DESTROY", "b", cause="NORMAL_CLEARING")
    assert steps(*ANSWERED, late, until_ms=6_000)[-1] == (6_000, "caller hangs up")
    assert "alice hangs up" not in [words for _, words in steps(*ANSWERED, late, until_ms=6_000)]
