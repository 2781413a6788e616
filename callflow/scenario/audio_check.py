"""Expectations about sound: the recordings' tracks are rendered where somebody asks, and listened to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from callflow.core.errors import MediaError, ScenarioError
from callflow.media.listen import SILENCE_THRESHOLD, Heard, heard, is_silent, voices
from callflow.media.render import blocks
from callflow.media.track import Track
from callflow.report.hearing import party_numbers, soundtracks
from callflow.report.results import Failure
from callflow.report.wording import clock
from callflow.scenario.expect import AudioExpectation
from callflow.scenario.resemblance import SIMILAR, resemblance
from callflow.scenario.scope import Scope
from callflow.scenario.sounds import Level, Silent, SimilarTo, Speech, Tone, Voice
from callflow.scenario.unmet import unmet

_LISTEN_MS: Final = 10_000
_FRAME_MS: Final = 20
_TONE_OFF_HZ: Final = 3
_PITCHES: Final = 12


def audio_failures(expected: Sequence[AudioExpectation], scope: Scope, folder: Path) -> Iterator[Failure]:
    """The unmet audio checks; `folder` holds the sound files. Raises MediaError for one that is unreadable."""
    if not expected:
        return
    tracks = soundtracks(scope.rows, folder=folder)
    numbers = party_numbers(scope.rows)
    recordings = scope.recordings
    for check in expected:
        if check.recording >= len(recordings):
            yield unmet(check, "", f"there is no recording {check.recording}: {len(recordings)} in all")
            continue
        key = recordings[check.recording].key
        track = tracks.get(key)
        problem = _unfit(check, track)
        if problem or track is None:
            yield unmet(check, "", f"recording {check.recording} {problem}")
            continue
        names = _names(numbers.get(key[0], {}), scope, key[0])
        part = _Part(track, check.channel, check.from_ms, track.length_ms if check.to_ms is None else check.to_ms)
        if isinstance(check.sound, SimilarTo):
            yield from _unlike(check, part, folder / check.sound.file)
            continue
        sounds = _listen(check, part, names)
        if sounds is not None:
            yield unmet(check, sounds, f"{check.channel} has {sounds}")


def _unlike(check: AudioExpectation, part: _Part, file: Path) -> Iterator[Failure]:
    """The failure where the part does not resemble the file, with the score and where it was highest."""
    try:
        found = resemblance(part.stretches(), part.track.sample_rate, file)
    except MediaError as error:
        raise ScenarioError(check.where, str(error)) from None
    if found.is_similar:
        return
    nearest = f"similarity {found.score:.2f}"
    if found.score > 0:
        begins_ms = part.from_ms + found.offset_ms
        start = clock(begins_ms) if begins_ms >= 0 else f"{clock(-begins_ms)} before the start"
        nearest += f" with the file's beginning at {start}"
    yield unmet(check, nearest, f"{check.channel} has {nearest} of the recording, {SIMILAR} is wanted")


def _unfit(check: AudioExpectation, track: Track | None) -> str:
    """Why the check cannot be made on this track, "" when it can."""
    if track is None:
        return "has no sound: it never started"
    if (check.channel == "mono") != (track.channels == 1):
        return f"is {'mono' if track.channels == 1 else 'stereo'}, it has no channel {check.channel}"
    end_ms = check.from_ms + 1 if check.to_ms is None else check.to_ms
    if end_ms > track.length_ms:
        return f"ends at {clock(track.length_ms)}, before {clock(end_ms)}"
    return ""


def _names(numbers: Mapping[str, int], scope: Scope, call_id: str) -> Mapping[str, int]:
    """The numbers of the call's parties, by user and by device."""
    names = dict(numbers)
    for row in scope.rows:
        if row.name == "CHANNEL_CREATE" and row.call_id == call_id and row.detail is not None and row.detail["device"]:
            names.setdefault(row.detail["device"], numbers[row.detail["party"]])
    return names


@frozen
class _Part:
    """One channel of a track from `from_ms` to `to_ms`."""

    track: Track
    channel: str
    from_ms: int
    to_ms: int

    def stretches(self) -> Iterator[NDArray[np.int16]]:
        """Its samples, ten seconds at a time: only what is asked for is ever rendered."""
        column = 1 if self.channel == "right" else 0
        for begin_ms in range(self.from_ms, self.to_ms, _LISTEN_MS):
            piece = excerpt(self.track, begin_ms, min(begin_ms + _LISTEN_MS, self.to_ms))
            for block in blocks(piece, _LISTEN_MS):
                yield block[:, column]


def excerpt(track: Track, from_ms: int, to_ms: int) -> Track:
    """The part of a track between two times, as a track of its own."""
    spans = []
    for span in track.spans:
        begin_ms, end_ms = max(span.from_ms, from_ms), min(span.to_ms, to_ms)
        if begin_ms < end_ms:
            offset_ms = span.offset_ms + begin_ms - span.from_ms
            spans.append(evolve(span, from_ms=begin_ms - from_ms, to_ms=end_ms - from_ms, offset_ms=offset_ms))
    return evolve(track, length_ms=to_ms - from_ms, spans=tuple(spans))


def _listen(check: AudioExpectation, part: _Part, names: Mapping[str, int]) -> str | None:
    """None when the part sounds as expected, else what it sounds like."""
    match check.sound:
        case Silent():
            is_met = all(is_silent(stretch) for stretch in part.stretches())
        case Speech():
            is_met = all(_never_silent(stretch, part.track.sample_rate) for stretch in part.stretches())
        case Level():
            return _level(check.sound, part)
        case Tone():
            is_met = _is_tone(check.sound.hz, part)
        case Voice():
            is_met = _speakers(part) == {names[check.sound.party] % _PITCHES} if check.sound.party in names else False
        case SimilarTo():
            is_met = False  # measured, not listened to: _unlike
    return None if is_met else _described(part, names)


def _never_silent(stretch: NDArray[np.int16], rate: int) -> bool:
    """Whether each whole frame has at least the mean |sample| at which silence ends."""
    size = rate * _FRAME_MS // 1000
    frames = np.abs(stretch[: len(stretch) // size * size].astype(np.int32)).reshape(-1, size)
    return bool((frames.mean(axis=1) >= SILENCE_THRESHOLD).all()) if len(frames) else not is_silent(stretch)


def _level(wanted: Level, part: _Part) -> str | None:
    total, count = 0, 0
    for stretch in part.stretches():
        total += int(np.abs(stretch.astype(np.int64)).sum())
        count += len(stretch)
    mean = total / max(1, count)
    if wanted.low is not None and wanted.high is not None:
        is_met = wanted.low <= mean <= wanted.high
    else:
        is_met = mean > wanted.low if wanted.low is not None else mean < (wanted.high or 0)
    return None if is_met else f"level {mean:.0f}"


def _is_tone(hz: int, part: _Part) -> bool:
    """Whether this one frequency is heard, and nothing else but pauses."""
    sounds = [heard(stretch, part.track.sample_rate) for stretch in part.stretches()]
    audible = [sound for sound in sounds if sound.kind != "silence"]
    return bool(audible) and all(
        sound.kind == "tone" and [abs(each - hz) <= _TONE_OFF_HZ for each in sound.frequencies_hz] == [True]
        for sound in audible
    )


def _speakers(part: _Part) -> set[int | None]:
    """The numbers of all parties that are heard; None stands for the system's voice, and for sound that is no voice."""
    speakers: set[int | None] = set()
    for stretch in part.stretches():
        found = voices(stretch, part.track.sample_rate)
        speakers.update(voice.number for voice in found)
        if not found and not is_silent(stretch):
            speakers.add(None)
    return speakers


def _described(part: _Part, names: Mapping[str, int]) -> str:
    """What is heard, in words, each thing once."""
    by_number: dict[int, str] = {}
    for name, number in names.items():
        by_number.setdefault(number % _PITCHES, name)
    told: dict[str, None] = {}
    for stretch in part.stretches():
        found = voices(stretch, part.track.sample_rate) or (heard(stretch, part.track.sample_rate),)
        told.update((_words(sound, by_number), None) for sound in found)
    return ", ".join(told)


def _words(sound: Heard, by_number: Mapping[int, str]) -> str:
    match sound.kind:
        case "party":
            return f"voice {by_number.get(sound.number or 0, 'of somebody')}"
        case "system":
            return "a prompt's voice"
        case "digit":
            return f"digit {sound.digit}"
        case "tone":
            return f"tone {'+'.join(map(str, sound.frequencies_hz))}"
        case "other":
            return "sound from a file, or a mixture"
    return sound.kind
