"""The lanes of a report: what is drawn when, and which row stands behind it (issue 5, item 4)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from callflow.core.trace import Row
from callflow.report.hearing import soundtracks
from callflow.report.html.chart import Chart, chart_of
from callflow.report.html.lane import Lane
from callflow.report.html.words import Words

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def chart(rows: list[Row]) -> Chart:
    """The chart of a trace."""
    words, tracks = Words(rows), soundtracks(rows)
    return chart_of(rows, words.people, {}, words.sentence, lambda call_id, index: tracks.get((call_id, index)))


def lane(drawn: Chart, label: str) -> Lane:
    """The lane of that name in the only call."""
    [group] = drawn.groups
    return next(each for each in group.lanes if each.label == label)


def bars(of: Lane) -> list[tuple[int, int, str]]:
    """From when to when each bar is, and what is written on it."""
    return [(each.from_ms, each.to_ms, each.words) for each in of.marks if each.shape == "bar"]


def test_legs_are_bars_of_states(placing: ModuleType) -> None:
    """A leg is in one state after another until it is gone; what sounds on it lies below, cut where it was cut."""
    drawn = chart(placing.place_call(*placing.ANSWERED))
    assert bars(lane(drawn, "leg A")) == [(0, 4_000, "early"), (4_000, 40_000, "bridged")]
    assert bars(lane(drawn, "leg B")) == [(0, 4_000, "ringing"), (4_000, 40_000, "bridged")]
    sounds = [
        (each.shape, each.from_ms, each.to_ms) for each in lane(drawn, "leg A").marks if each.shape in ("said", "heard")
    ]
    assert sounds == [("heard", 0, 4_000), ("said", 5_000, 15_000)]


def test_every_mark_shows_a_row_that_says_the_same(placing: ModuleType) -> None:
    """A mark's row is one of the trace, of the moment at which the mark begins."""
    rows = placing.place_call(*placing.NOT_ANSWERED)
    marks = [mark for group in chart(rows).groups for each in group.lanes for mark in each.marks]
    assert len(marks) > 20
    assert all(rows[mark.seq].at_ms == mark.from_ms and mark.says for mark in marks)


def test_nodes_that_take_no_time_are_points(placing: ModuleType) -> None:
    """record_call runs at once: a point with its number; user rings for 20 s: a bar."""
    flow = lane(chart(placing.place_call(*placing.NOT_ANSWERED)), "callflow")
    assert [(each.shape, each.from_ms, each.words) for each in flow.marks] == [
        ("point", 0, "1 record_call"),
        ("bar", 0, "2 user"),
        ("point", 20_000, "3 record_call"),
        ("bar", 20_000, "4 voicemail"),
    ]


def test_a_recording_has_its_sound_where_it_ran(placing: ModuleType) -> None:
    """Both recordings of a call that goes to voicemail: one in stereo, one in mono, each in its time."""
    drawn = chart(placing.place_call(*placing.NOT_ANSWERED))
    assert bars(lane(drawn, "recording 0")) == [(0, 20_000, "recording")]
    assert {number: list(each) for number, each in drawn.stretches.items()} == {
        0: [(0, 20_000, 0)],
        1: [(26_500, 30_500, 0)],
    }
    [group] = drawn.groups
    waves = [(each.label, each.recording) for each in group.lanes if each.kind == "wave"]
    assert waves == [("sound 0, left", 0), ("sound 0, right", 0), ("sound 1, mono", 1)]
    assert [(each.from_ms, each.to_ms) for each in lane(drawn, "sound 1, mono").curves] == [(26_500, 30_500)]


def test_tries_and_waits_are_seen(placing: ModuleType) -> None:
    """A delivery waits between its tries, and each try's answer stands where it came."""
    delivery = lane(chart(placing.place_call(*placing.ANSWERED, replies=("503", "201"))), "delivery 0")
    [(from_ms, to_ms, words)] = bars(delivery)
    assert (from_ms, words) == (40_000, "waits") and to_ms > 40_000
    answers = [(each.from_ms, each.words, each.look) for each in delivery.marks if each.shape == "flag"]
    assert answers == [(40_000, "503", "again"), (to_ms, "201", "good")]


def test_the_silence_that_ended_a_recording_is_marked(staging: ModuleType) -> None:
    """The score with its threshold, and as long as the timer the bar of the silence that fired it (B§4.3)."""
    from callflow.scenario import load_scenario
    from callflow.simulate import simulate

    run = simulate(load_scenario(EXAMPLES / "silence" / "nobody_speaks_any_more.yaml")[0])
    score = lane(chart(run.rows), "score 0")
    assert score.note == "threshold 200"
    assert bars(score) == [(11_020, 14_020, "3 s of silence")]
    [curve] = score.curves
    assert (curve.from_ms, curve.to_ms) == (2_000, 14_020) and curve.line is not None


def test_consent_and_digits_are_to_be_looked_at() -> None:
    """What was recorded before the announcement's end is a bar, a digit in the clear a point; a mask is a state."""
    from callflow.scenario import load_scenario
    from callflow.simulate import simulate

    run = simulate(load_scenario(EXAMPLES / "transfer" / "card_number_and_colleague.yaml")[0])
    drawn = chart(run.rows)
    alarms = lane(drawn, "to look at")
    assert bars(alarms) == [(0, 5_300, "recorded before the announcement")]
    assert [each.from_ms for each in alarms.marks if each.shape == "point"] == [12_000, 12_200]
    assert [words for _, _, words in bars(lane(drawn, "recording 0"))] == ["recording", "masked", "recording"]
    assert drawn.stretches[0] == ((0, 40_000, 0),)  # a mask writes zeros: the file grows


def test_a_pause_is_no_part_of_the_file(placing: ModuleType) -> None:
    """The file does not grow while it pauses: its second stretch goes on where the first ended (B§3.10)."""
    rows = placing.place_call(*placing.ANSWERED)
    start = next(row for row in rows if row.name == "RECORD_START")
    moves = (("RECORD_PAUSE", "PAUSED", 10_000), ("RECORD_RESUME", "RECORDING", 15_000))
    paused = [
        start._replace(at_ms=at_ms, name=name, detail={"recording": 0, "to": to}, because=-1)
        for name, to, at_ms in moves
    ]
    in_time = sorted([*rows, *paused], key=lambda row: row.at_ms)
    again = [row._replace(seq=seq, because=-1) for seq, row in enumerate(in_time)]
    assert chart(again).stretches[0] == ((0, 10_000, 0), (15_000, 40_000, 10_000))
