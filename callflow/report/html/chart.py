"""The whole chart of a run as data: the lanes of every call, and where the sound of each recording lies on the axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from attrs import define, field, frozen

from callflow.core.trace import LEG, RECORDER, REQUEST, Row
from callflow.media.scores import FRAME_MS
from callflow.media.track import Track
from callflow.report.html.lane import Curve, Group, Lane, Mark
from callflow.report.html.lanes import CallLanes
from callflow.report.html.recording_lanes import RecordingLanes, Stretch
from callflow.report.html.waves import Envelope, cut_columns, loudest, score_path, sound_of, wave_path
from callflow.report.people import People
from callflow.report.wording import cut

_SCORE_COLUMNS: Final = 900

TrackOf = Callable[[str, int], Track | None]
"""The track of a recording by call id and index; None for one that holds nothing."""


@frozen
class Chart:
    """The lanes, call by call; `stretches` has for each recording with sound, by its number, where its file grew."""

    groups: tuple[Group, ...]
    stretches: Mapping[int, Sequence[Stretch]]


@define(eq=False)
class _Call:
    """One call in the making; by recording: how it was listened to, the silence that ended it, its first leg."""

    lanes: CallLanes
    recordings: RecordingLanes
    people: People
    listened: dict[int, Mapping[str, int]] = field(factory=dict)
    timers: dict[int, Mark] = field(factory=dict)
    heard: dict[int, str] = field(factory=dict)


def chart_of(
    rows: Sequence[Row],
    people: Mapping[str, People],
    titles: Mapping[str, str],
    says: Callable[[Row], str],
    track_of: TrackOf,
) -> Chart:
    """The chart of a trace; `people` and `titles` are by call id. Raises MediaError for a file that cannot be read."""
    end_ms = max((row.at_ms for row in rows), default=0)
    calls: dict[str, _Call] = {}
    for row in rows:
        if not row.call_id or (row.call_id not in calls and row.kind != LEG and row.kind != "INPUT"):
            continue
        call = calls.get(row.call_id)
        if call is None:
            who = people[row.call_id]
            call = calls[row.call_id] = _Call(CallLanes(end_ms, who, says), RecordingLanes(end_ms, says), who)
        call.lanes.take(row)
        call.recordings.take(row)
        detail = row.detail or {}
        if row.kind == REQUEST and row.name == "silence":
            call.listened[detail["recording"]] = detail
        elif row.kind == RECORDER and row.name == "SILENCE_DETECTED":
            call.timers[detail["recording"]] = _timer(row, call.listened.get(detail["recording"], {}), says)
        elif row.kind == RECORDER and row.name == "ARMED":
            call.heard[detail["recording"]] = row.leg
    groups, stretches, number = [], {}, 0
    for call_id, call in calls.items():
        lanes = [*call.lanes.before()]
        for index, recorder in call.recordings.recorders.items():
            lanes.append(call.recordings.recorder(index))
            track = track_of(call_id, index)
            if track is not None and recorder.stretches:
                stretches[number] = tuple(recorder.stretches)
                lanes += _sound_lanes(call, index, number, track, recorder.stretches)
            number += 1
        lanes += [*call.lanes.after(), *call.recordings.deliveries()]
        groups.append(Group(titles.get(call_id, ""), tuple(lanes)))
    return Chart(tuple(groups), stretches)


def _sound_lanes(call: _Call, index: int, number: int, track: Track, stretches: Sequence[Stretch]) -> Iterator[Lane]:
    """The score of a recording that was listened to for silence, and the waveform of each of its channels."""
    envelope, scores = sound_of(track)
    listened = call.listened.get(index)
    if listened is not None and scores is not None:
        threshold, timers = listened["threshold"], [call.timers[index]] if index in call.timers else []
        columns = scores.peaks(_SCORE_COLUMNS).tolist()
        curves = []
        for from_ms, to_ms, file_ms in stretches:
            part = cut_columns(len(scores.sums) * FRAME_MS, len(columns), file_ms, file_ms + to_ms - from_ms)
            path, line = score_path(columns[part], threshold)
            curves.append(Curve(from_ms, to_ms, "score", path, line))
        yield Lane("score", f"score {index}", f"threshold {threshold}", tuple(timers), tuple(curves), number)
    who = cut(call.people.on(call.heard[index]), 16)
    notes = (f"what {who} says", f"what {who} hears") if track.channels == 2 else ("in one channel",)
    for channel, note in enumerate(notes):
        side = ("left", "right")[channel] if len(notes) == 2 else "mono"
        curves = list(_wave(envelope, channel, track.length_ms, stretches))
        yield Lane("wave", f"sound {index}, {side}", note, (), tuple(curves), number)


def _timer(row: Row, listened: Mapping[str, int], says: Callable[[Row], str]) -> Mark:
    """The silence that was one too long: as long as the timer that fired."""
    lasted_ms = listened.get("initial_ms" if "initial" in row.rule else "final_ms", 0)
    from_ms = max(row.at_ms - lasted_ms, 0)
    return Mark("bar", from_ms, row.at_ms, "silence", f"{lasted_ms / 1000:g} s of silence", says(row), row.seq)


def _wave(envelope: Envelope, channel: int, length_ms: int, stretches: Sequence[Stretch]) -> Iterator[Curve]:
    full = loudest(envelope)
    for from_ms, to_ms, file_ms in stretches:
        part = envelope[cut_columns(length_ms, len(envelope), file_ms, file_ms + to_ms - from_ms), channel]
        yield Curve(from_ms, to_ms, "wave", wave_path(part[:, 0].tolist(), part[:, 1].tolist(), full))
