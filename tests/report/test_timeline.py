"""The timeline and the blocks below it: what a trainer reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.causes import HangupCause
from callflow.core.events import Answers, FallsSilent, HangsUp, Presses, Rejects, Speaks
from callflow.core.trace import AUDIO, ERROR, INPUT, NODE, Row
from callflow.report.recordings import deliveries_text, recordings_text
from callflow.report.results import RunResult
from callflow.report.summary import summarise
from callflow.report.timeline import Timeline, TimelineLine, line_text
from callflow.report.wording import clock, cut, printable

Placed = Callable[..., list[Row]]


def timeline(rows: Iterable[Row], **known: Any) -> list[TimelineLine]:
    """The lines of all rows."""
    fold = Timeline(**known)
    return [line for line in map(fold.take, rows) if line is not None]


def timeline_text(rows: Iterable[Row], width: int = 100) -> str:
    """The lines as they are printed."""
    return "\n".join(line_text(line, width) for line in timeline(rows))


def told(rows: list[Row]) -> list[tuple[int, str, str]]:
    """When, what and why of every line."""
    return [(line.at_ms, line.what, line.why) for line in timeline(rows)]


def test_the_answered_call_reads_like_a_story(answered: list[Row]) -> None:
    """Issue 2, point 10: time, leg, what happened, why; internal moves and obvious pairs are left out."""
    assert timeline_text(answered, width=100).splitlines() == [
        " 0:00.000  A     Bob calls 2001",
        " 0:00.000  A     node 1: record_call                               Bob calls",
        " 0:00.000  A     Bob gets early media                              law: recording needs media",
        "                                                                     (B§3.3)",
        " 0:00.000  A     node 2: user                                      node 1: record_call",
        " 0:00.000  B     alice rings                                       node 2: user",
        " 0:00.000  A     Bob hears ringback                                node 2: user",
        " 0:00.000  A     recording 0 starts (mp3, stereo, 16 kHz)          node 1: record_call",
        " 0:04.000  B     alice answers",
        " 0:04.000  A     Bob and alice are connected                       alice answers",
        " 0:05.000  A     Bob speaks for 0:10.000",
        " 0:16.000  B     alice speaks for 0:10.000",
        " 0:40.000  A     Bob hangs up",
        " 0:40.000  A     recording 0 stops after 0:40.000: the recorded    Bob hangs up",
        "                   leg ended",
        " 0:40.000  A     recording 0 goes to PUT                           record_call.url",
        "                   http://***@my.server/r/call_recording_c1.mp3",
        " 0:40.000  A     the call ends: NORMAL_CLEARING                    Bob hangs up",
        " 0:40.000  A     recording 0 is stored: 201",
    ]


def test_the_unanswered_call_says_why_things_end(not_answered: list[Row]) -> None:
    """The rule that decided is shown: the ring timeout, the law of stop, the mailbox."""
    lines = told(not_answered)
    assert (20_000, "alice stops ringing: NO_ANSWER", "ring timeout=20000 ms") in lines
    law = "law: stop ends the newest live recording"
    assert (20_000, "recording 0 stops after 0:20.000: it was stopped", law) in lines
    assert (20_000, "node 4: voicemail", "node 3: record_call") in lines
    assert (23_000, "Bob hears prompt vm-record_message for 0:02.900", "node 4: voicemail") in lines
    assert (30_500, "recording 1 is kept in mailbox alice-box", "recording 1 stops") in lines
    assert (30_500, "recording 1 goes to the account's database", "voicemail: account database") in lines


def test_digits_refusals_and_latecomers_are_told(call_placed: Placed) -> None:
    """What people do shows once, in their own words; what comes too late says so."""
    rows = call_placed(
        (1_000, "A", Presses("5")),
        (2_000, "A", Speaks({"says": "hello"}, 900)),
        (2_100, "A", FallsSilent()),
        (3_000, "B", Rejects()),
        (3_000, "B", Answers()),
        (20_000, "A", HangsUp()),
        replies=("503", "201"),
    )
    whats = [what for _, what, _ in told(rows)]
    assert "Bob presses 5" in whats
    assert 'Bob says "hello" for 0:00.900' in whats
    assert "Bob falls silent" in whats
    assert "alice rejects the call: CALL_REJECTED" in whats
    assert "alice answers: too late, the leg is gone" in whats
    assert "recording 0 is not stored yet, try 1: 503" in whats
    assert "recording 0 is sent again" in whats


def test_a_hang_up_by_the_flow_says_so(call_placed: Placed) -> None:
    """Nobody pressed anything: the end of the call names who ended it."""
    lines = told(call_placed(flow={"module": "hangup", "data": {}}))
    assert ("the call ends: NORMAL_CLEARING", "hung up by the flow") in [(what, why) for _, what, why in lines]


def test_an_armed_recording_waits_and_may_never_start(call_placed: Placed) -> None:
    """record_on_answer: the waiting is shown, and that nothing came of it."""
    flow = {"module": "record_call", "data": {"action": "start", "record_on_answer": True}}
    whats = [what for _, what, _ in told(call_placed(flow=flow))]
    assert "recording 0 waits: it starts on answer" in whats
    assert "recording 0 never started" in whats


def test_errors_and_warnings_are_told_as_trouble(answered: list[Row]) -> None:
    """What went wrong is among the lines, for a renderer to colour."""
    row = Row(99, 40_000, "c1", "A", ERROR, "action failed", {"where": "flow", "message": "it raised"}, -1, "B§2.2")
    last = list(timeline([*answered, row]))[-1]
    assert (last.what, last.style) == ("error: it raised", "trouble")


def test_every_line_comes_with_its_row(answered: list[Row]) -> None:
    """Live: a line is there as soon as its row is, and the same as in the whole timeline."""
    live = Timeline()
    lines = []
    for row in answered:
        line = live.take(row)
        if line is not None:
            assert line.at_ms == row.at_ms
            lines.append(line)
    assert lines == list(timeline(answered))


def test_a_second_call_is_numbered(answered: list[Row], not_answered: list[Row]) -> None:
    """Legs of several calls are told apart by the call's number."""
    second = [row._replace(call_id="c2", seq=row.seq + 1_000) for row in not_answered]
    lines = list(timeline([*answered, *second]))
    assert {line.call for line in lines} == {"", "2"}
    assert line_text(lines[-1]).split()[1] == "2:A"


def test_what_holds_for_every_call_is_no_call_of_its_own(answered: list[Row]) -> None:
    """A fault of the switch is said before the only call, which is not numbered for that."""
    broken = Row(0, 0, "", "", INPUT, "switch cannot open files", {"line": 3}, -1, "")
    first, *others = timeline([broken, *answered])
    assert (first.what, first.leg, first.call) == ("from now on the switch cannot open files", "", "")
    assert {line.call for line in others} == {""}


def test_calls_with_names_have_them(answered: list[Row]) -> None:
    """Design §12, several calls: `first` is what the scenario says, and what a reader sees before each leg."""
    fold = Timeline({"c1": "first"})
    line = next(line for line in map(fold.take, answered) if line is not None)
    assert line_text(line, 100, fold.leg_width).split()[1] == "first:A"
    assert fold.leg_width == len("first") + 4


def test_who_is_busy_is_not_said_to_reject(call_placed: Placed) -> None:
    """Design §6: `is busy` is another deed than `rejects`, and is the cause of what follows."""
    ring = {"module": "user", "data": {"id": "al"}}
    lines = told(call_placed((3_000, "B", Rejects(HangupCause.USER_BUSY)), flow=ring))
    assert (3_000, "al is busy: USER_BUSY", "") in lines
    assert (3_000, "nobody could be reached: USER_BUSY", "al is busy") in lines
    assert not any("reject" in text for _, *texts in lines for text in texts)


def test_an_endless_playback_is_told_in_linear_time() -> None:
    """A chain of causes is never walked: each row knows its reason from the row before, and old rows are forgotten."""
    node = Row(0, 0, "c1", "A", NODE, "play", {"where": "flow"}, -1, "")
    sound = {"sound": {"prompt": "p"}, "for_ms": 1}
    chain = (Row(n, n, "c1", "A", AUDIO, "plays", sound, n - 1, "") for n in range(1, 60_000))
    assert {line.why for line in timeline([node, *chain])} == {"", "node 1: play"}


def test_what_happened_long_ago_is_no_cause() -> None:
    """A review of a message goes on for a minute: its prompts come from the node, not from the end of the take."""
    sound = {"sound": {"prompt": "p"}, "for_ms": 1}
    rows = [
        Row(0, 0, "c1", "A", NODE, "voicemail", {"where": "flow"}, -1, ""),
        Row(1, 5_000, "c1", "A", ERROR, "oh", {"message": "no"}, 0, ""),
        Row(2, 5_500, "c1", "A", AUDIO, "plays", sound, 1, ""),
        Row(3, 45_000, "c1", "A", AUDIO, "plays", sound, 2, ""),
    ]
    assert [line.why for line in timeline(rows)][2:] == ["error: no", "node 1: voicemail"]


def test_hostile_names_do_not_reach_the_terminal(call_placed: Placed) -> None:
    """Control characters and direction marks in a caller's name are escaped, an endless name is cut."""
    for name in ("\x1b[2J\rBob\n", "\u202eBob", "B" * 10_000):
        text = timeline_text(call_placed((5_000, "A", HangsUp()), name=name))
        assert all(mark.isprintable() for mark in text.replace("\n", ""))
        assert max(map(len, text.splitlines())) <= 100


@given(st.text(), st.text(), st.integers(0, 10**9), st.integers(60, 200))
def test_no_line_is_wider_than_asked_for(what: str, why: str, at_ms: int, width: int) -> None:
    """Columns stay in place at every width: long texts go on below."""
    text = line_text(TimelineLine(at_ms, "A", printable(what), printable(why), "call"), width)
    assert max(map(len, text.splitlines())) <= width + max(0, len(clock(at_ms)) - 9)


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    """Whatever strangers write becomes one harmless line; what was harmless stays as it is."""
    assert printable(text).isprintable()
    assert printable(text) == text or not text.isprintable()


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [(0, "0:00.000"), (4_000, "0:04.000"), (61_001, "1:01.001"), (3_599_999, "59:59.999"), (3_604_000, "1:00:04.000")],
)
def test_times_are_written_as_on_a_clock(at_ms: int, text: str) -> None:
    """Minutes and seconds, with hours once there are any."""
    assert clock(at_ms) == text


def test_a_text_that_fits_is_not_cut() -> None:
    """An ellipsis stands for what is left out, and counts."""
    assert (cut("four", 4), cut("fives", 4)) == ("four", "fiv…")


def test_recordings_are_listed_with_all_that_matters(not_answered: list[Row]) -> None:
    """Issue 2, main job: length, completion cause, what ended it, where it was stored, the file to play."""
    result = summarise(not_answered)
    [call] = result.calls
    message = evolve(call.recordings[1], file="out/\x1bmessage.mp3", bytes=12_345)
    result = evolve(result, calls=(evolve(call, recordings=(call.recordings[0], message)),))
    assert recordings_text(result).splitlines() == [
        "recording 0: call, mp3, stereo, 16 kHz, leg A",
        "  length    0:20.000, from 0:00.000 to 0:20.000",
        "  ended by  stop: it was stopped; completion cause success-maxtime",
        "  storage   PUT http://***@my.server/r/call_recording_c1.mp3: stored, 201",
        "recording 1: voicemail, mp3, mono, 8 kHz, leg A",
        "  length    0:04.000, from 0:26.500 to 0:30.500",
        "  ended by  hangup: the recorded leg ended; completion cause none",
        "  storage   the account's database: stored, 201",
        r"  file      out/\x1bmessage.mp3 (12,345 bytes)",
    ]


def test_deliveries_are_listed_with_their_tries(call_placed: Placed) -> None:
    """Of more than one try, each with its time and the target's reply."""
    rows = call_placed((9_000, "A", HangsUp()), replies=("503", "201"))
    first, second, third = deliveries_text(summarise(rows)).splitlines()
    assert first == "recording 0: PUT http://***@my.server/r/call_recording_c1.mp3: stored after 2 tries, 201"
    assert second == "   0:09.000 503"
    assert " 201, " in third and third.endswith(" later")


def test_nothing_recorded_is_said() -> None:
    """An empty list of recordings would leave the reader guessing."""
    empty = RunResult("s", "docs", "passed")
    assert (recordings_text(empty), deliveries_text(empty)) == ("no recordings", "")


def test_a_recording_without_a_file_says_what_became_of_it(call_placed: Placed) -> None:
    """Never started and not stored are said in words."""
    never = {"module": "record_call", "data": {"action": "start", "record_on_answer": True}}
    assert recordings_text(summarise(call_placed(flow=never))).splitlines()[1] == "  state     never started"
    talk = {"module": "user", "data": {"id": "alice"}}
    nowhere = {"module": "record_call", "data": {"action": "start"}, "children": {"_": talk}}
    rows = call_placed((9_000, "A", HangsUp()), flow=nowhere)
    assert "  storage   not stored: media.store_recordings=false" in recordings_text(summarise(rows)).splitlines()


def test_a_recording_of_the_account_names_its_setting(answered: list[Row]) -> None:
    """B§9: no node started it, so the cell that did is the reason; one of a node has the node (law 5)."""
    rule = "call_recording.account.inbound.offnet.enabled=true"
    rows = [row._replace(rule=rule) if row.name == "ARMED" else row for row in answered]
    [(what, why)] = [(what, why) for _, what, why in told(rows) if what.startswith("recording 0 starts")]
    assert (what, why) == ("recording 0 starts (mp3, stereo, 16 kHz)", rule)


def test_what_a_step_says_is_not_its_own_reason(answered: list[Row]) -> None:
    """`plays FILE` and the like are steps of their own: the line needs no `Bob speaks` beside it."""
    noise = {"sound": {"noise": 90}, "for_ms": 1_000}
    rows = [row._replace(detail=noise) if row.kind == AUDIO and row.name == "speaks" else row for row in answered]
    assert {why for _, what, why in told(rows) if "noise" in what} == {""}


def test_the_call_ends_with_the_leg_that_was_transferred(tmp_path: Path, staging: Any) -> None:
    """B§8.2: the caller hands the call over and is out of it; it goes on until alice hangs up."""
    carol = {"numbers": ["2003"], "flow": {"module": "user", "data": {"id": "carol"}}}
    account = {
        "users": [{"id": "alice"}, {"id": "carol"}],
        "devices": [{"id": "a-phone", "owner_id": "alice"}, {"id": "c-phone", "owner_id": "carol"}],
        "callflows": [carol],
    }
    lines = ("at 2s: alice answers", "at 5s: caller transfers with consultation to 2003", "at 7s: carol answers",
             "at 9s: caller hangs up", "at 20s: carol hangs up")  # fmt: skip
    run = staging.played(tmp_path, *lines, flow=staging.RING_ONLY, account=account)
    lines_told = told(run.rows)
    assert [(at_ms, why) for at_ms, what, why in lines_told if what == "the call ends: NORMAL_CLEARING"] == [
        (20_000, "hung up by carol")
    ]
    handed_over = [what for at_ms, what, _ in lines_told if at_ms == 9_000]
    name = run.prepared.calls[0].script.caller.name
    assert f"alice takes {name}'s place in the consultation" in handed_over
    assert f"{name} has transferred the call and leaves it: ATTENDED_TRANSFER" in handed_over
    assert f"{name}'s consultation is over: ATTENDED_TRANSFER" in handed_over
