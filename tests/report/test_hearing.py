"""The fold from rows to tracks: who is heard when, on which side, in every recording."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import MediaError
from callflow.core.trace import AUDIO, CALL, LEG, RECORDER, Row
from callflow.media.sources import AudioFile, Digit, Music, Noise, Prompt, Ringback, Source, Spoken, Tone, Voice
from callflow.media.track import Span, Track
from callflow.report.hearing import soundtracks

ARMED = {"recording": 0, "kind": "call", "channels": 2, "sample_rate": 8_000}
Rows = list[Row]


class Script:
    """Rows written by hand; each `row` gets the next seq at the current time."""

    def __init__(self) -> None:
        """Begin at 0 ms with a caller on A and alice on B."""
        self.rows: Rows = []
        self.now_ms = 0
        self.row(LEG, "CHANNEL_CREATE", "A", party="caller", device="")
        self.row(LEG, "CHANNEL_CREATE", "B", party="alice", device="alice-phone")

    def row(self, kind: str, name: str, leg: str = "A", /, **detail: Any) -> int:
        """Add a row and return its seq."""
        self.rows.append(Row(len(self.rows), self.now_ms, "c1", leg, kind, name, detail, -1, ""))
        return len(self.rows) - 1

    def start(self, **changed: Any) -> None:
        """Arm and start a recording on A."""
        armed = {**ARMED, **changed}
        self.row(RECORDER, "ARMED", to="ARMED", **armed)
        self.row(RECORDER, "RECORD_START", to="RECORDING", recording=armed["recording"])

    def stop(self, recording: int = 0, to: str = "FINISHED") -> None:
        """Stop it and close the file."""
        self.row(RECORDER, "STOP_REQUESTED", to="STOPPING", recording=recording)
        self.row(RECORDER, "RECORD_STOP", to=to, recording=recording)

    def join(self) -> None:
        """Bridge A and B."""
        self.row(LEG, "CHANNEL_BRIDGE", "A", other_leg="B")
        self.row(LEG, "CHANNEL_BRIDGE", "B", other_leg="A")

    def part(self) -> None:
        """Undo it."""
        self.row(LEG, "CHANNEL_UNBRIDGE", "A", other_leg="B")
        self.row(LEG, "CHANNEL_UNBRIDGE", "B", other_leg="A")

    def track(self, recording: int = 0) -> Track:
        """The track that the fold makes of the rows."""
        return soundtracks(self.rows)["c1", recording]


def test_speech_that_began_before_the_recording_goes_on_in_its_middle() -> None:
    """A sample depends on (party, index) alone: a clipped span starts inside its source."""
    script = Script()
    script.row(AUDIO, "speaks", sound={"voice": "caller"}, for_ms=9_000)
    script.now_ms = 2_500
    script.start()
    script.now_ms = 4_000
    script.stop()
    assert script.track() == Track(1_500, 2, 8_000, (Span(Voice(0), "left", 0, 1_500, 2_500),))


def test_a_peer_is_heard_only_while_bridged() -> None:
    """What B says before and after the bridge is not heard by A; the voice goes on under the cut."""
    script = Script()
    script.start()
    script.row(AUDIO, "speaks", "B", sound={"voice": "alice"}, for_ms=9_000)
    for at_ms, change in ((1_000, script.join), (3_000, script.part), (4_000, script.join), (5_000, script.stop)):
        script.now_ms = at_ms
        change()
    assert script.track().spans == (
        Span(Voice(1), "right", 1_000, 3_000, 1_000),
        Span(Voice(1), "right", 4_000, 5_000, 4_000),
    )


def test_the_peer_of_a_leg_on_hold_hears_music_and_nobody() -> None:
    """Design §12, Sound: HELD is the leg that pressed hold; the other hears music, each time from its beginning."""
    script = Script()
    script.join()
    script.start()
    script.row(AUDIO, "speaks", "B", sound={"voice": "alice"}, for_ms=9_000)
    script.now_ms = 1_000
    script.row(LEG, "CHANNEL_HOLD", "B")
    script.now_ms = 3_000
    script.row(LEG, "CHANNEL_UNHOLD", "B")
    script.now_ms = 4_000
    script.row(LEG, "CHANNEL_HOLD", "B")
    script.now_ms = 5_000
    script.part()
    script.now_ms = 6_000
    script.stop()
    assert script.track().spans == (
        Span(Voice(1), "right", 0, 1_000),
        Span(Music(), "right", 1_000, 3_000),
        Span(Voice(1), "right", 3_000, 4_000, 3_000),
        Span(Music(), "right", 4_000, 5_000),
    )


def test_replaying_a_take_sounds_like_what_the_caller_said_in_it() -> None:
    """B§7.6: on 2 the caller hears the message again: the voice of that take, at its places and from its samples."""
    script = Script()
    script.row(AUDIO, "speaks", sound={"voice": "caller"}, for_ms=3_000)
    script.now_ms = 1_000
    script.start(kind="voicemail", channels=1)
    script.now_ms = 5_000
    script.stop()
    script.start(recording=1)
    script.row(AUDIO, "plays", sound={"take": "0"}, for_ms=4_000)
    script.row(AUDIO, "plays", sound={"take": "7"}, for_ms=4_000)
    script.now_ms = 9_000
    script.stop(1)
    assert script.track(1).spans == (Span(Voice(0), "right", 0, 2_000, 1_000),)


@pytest.mark.parametrize(
    ("kind", "channels", "sides"),
    [
        ("call", 1, {"left", "right"}),
        ("voicemail", 1, {"left"}),
        ("caller", 1, {"left"}),
        ("caller", 2, {"left", "right"}),
    ],
)
def test_a_mono_take_has_the_caller_alone_and_a_mono_call_both_sides(kind: str, channels: int, sides: set[str]) -> None:
    """Design §12, Recordings: voicemail and record_caller hold the caller only; a call in mono mixes both sides."""
    script = Script()
    script.start(kind=kind, channels=channels)
    script.row(AUDIO, "speaks", sound={"voice": "caller"}, for_ms=1_000)
    script.row(AUDIO, "plays", sound={"prompt": "vm-person"}, for_ms=900)
    script.now_ms = 2_000
    script.stop()
    assert {span.side for span in script.track().spans} == sides


@pytest.mark.parametrize(
    ("sound", "source"),
    [
        ({"voice": "alice"}, Voice(1)),
        ({"says": "good morning"}, Voice(0)),
        ({"spoken": "de: guten Morgen: ja"}, Spoken("guten Morgen: ja", 0, "de")),
        ({"tone_hz": 440}, Tone((440,))),
        ({"noise": 150}, Noise(300, 0)),
        ({"tone": "440+480/2000/4000"}, Tone((440, 480), on_ms=2_000, off_ms=4_000)),
        ({"digit": "5"}, Digit("5")),
        ({"file": "sounds/a.wav"}, AudioFile(Path("here/sounds/a.wav"))),
        ({"prompt": "vm-person"}, Prompt("vm-person")),
        ({"text": "hello"}, Prompt("hello")),
        ({"media": "m1"}, Prompt("m1")),
        ({"ringback": ""}, Ringback()),
    ],
)
def test_every_sound_of_the_trace_has_its_source(sound: Mapping[str, object], source: Source) -> None:
    """Design §12, Sound: what is said and played, as sources of the media room."""
    script = Script()
    script.start()
    script.row(AUDIO, "speaks", sound=sound, for_ms=100)
    script.now_ms = 100
    script.stop()
    assert soundtracks(script.rows, folder=Path("here"))["c1", 0].spans == (Span(source, "left", 0, 100),)


def test_silence_is_heard_by_nobody() -> None:
    """A party that is silent leaves digital silence."""
    script = Script()
    script.start()
    script.row(AUDIO, "speaks", sound={"silence": ""}, for_ms=100)
    script.now_ms = 100
    script.stop()
    assert script.track().spans == ()


@pytest.mark.parametrize(
    "sound",
    [{}, {"buzz": 1}, {"noise": -1}, {"noise": "x"}, {"tone": "x/1"}, {"tone_hz": None}, {"voice": "a", "says": "b"}],
)
def test_what_is_no_sound_is_refused_by_name(sound: Mapping[str, object]) -> None:
    """A trace may be damaged: the error says what would be right."""
    script = Script()
    script.row(AUDIO, "speaks", sound=sound, for_ms=100)
    with pytest.raises(MediaError, match="sound|Noise.level"):
        soundtracks(script.rows)


def test_what_a_call_left_behind_is_forgotten_with_it() -> None:
    """Law 8: no per-call object outlives its call; a call of the same id begins anew."""
    script = Script()
    script.row(AUDIO, "speaks", sound={"voice": "alice"}, for_ms=9_000)
    script.row(CALL, "ended", "")
    script.row(LEG, "CHANNEL_CREATE", "A", party="caller", device="")
    script.start()
    script.now_ms = 100
    script.stop()
    assert script.track().spans == ()


# A naive model, millisecond by millisecond, against the fold.
DEEDS = ("A speaks", "B speaks", "A stops", "B stops", "plays", "plays on", "ends", "join", "part", "start", "stop")
Heard = dict[int, set[tuple[Source, int]]]


class Model:
    """Rows, and beside them, written down for every millisecond, what each recording must contain."""

    def __init__(self) -> None:
        """Nobody speaks, nothing plays, nothing is recorded."""
        self.script = Script()
        self.said: dict[str, tuple[int, int, int]] = {}
        self.played: tuple[int, int, int] | None = None
        self.is_joined = False
        self.recordings = 0
        self.open: int | None = None
        self.content: dict[int, list[tuple[set[Any], set[Any]]]] = {}

    def do(self, deed: str, for_ms: int) -> None:
        """One deed now, as the engine would write it."""
        now, script = self.script.now_ms, self.script
        if deed.endswith("speaks") or deed.endswith("stops"):
            leg = deed[0]
            if leg in self.said and self.said[leg][1] > now:
                script.row(AUDIO, "ends", leg, of=self.said[leg][2])
            self.said.pop(leg, None)
            if deed.endswith("speaks"):
                party = "caller" if leg == "A" else "alice"
                seq = script.row(AUDIO, "speaks", leg, sound={"voice": party}, for_ms=for_ms)
                self.said[leg] = (now, now + for_ms, seq)
        elif deed.startswith("plays") and (self.played is None or self.played[1] <= now):
            known = for_ms if deed == "plays" else None
            seq = script.row(AUDIO, "plays", sound={"ringback": ""}, for_ms=known)
            self.played = (now, now + for_ms if known else 10**9, seq)
        elif deed == "ends" and self.played is not None and self.played[1] > now:
            script.row(AUDIO, "ends", of=self.played[2])
            self.played = None
        elif deed in ("join", "part") and self.is_joined == (deed == "part"):
            self.is_joined = deed == "join"
            (script.join if self.is_joined else script.part)()
        elif deed == "start" and self.open is None:
            self.open = self.recordings
            self.recordings += 1
            self.content[self.open] = []
            script.start(recording=self.open)
        elif deed == "stop" and self.open is not None:
            script.stop(self.open)
            self.open = None

    def wait(self, ms: int) -> None:
        """Let time pass, and write down what is recorded in each millisecond of it."""
        for now in range(self.script.now_ms, self.script.now_ms + ms):
            if self.open is not None:
                left, right = self._sounds("A", 0, now), self._sounds("B", 1, now) if self.is_joined else set()
                if self.played is not None and self.played[0] <= now < self.played[1]:
                    right = right | {(Ringback(), now - self.played[0])}
                self.content[self.open].append((left, right))
        self.script.now_ms += ms

    def _sounds(self, leg: str, number: int, now: int) -> set[Any]:
        begin, end, _ = self.said.get(leg, (0, 0, -1))
        return {(Voice(number), now - begin)} if begin <= now < end else set()


def spread(track: Track, side: str) -> Heard:
    """The spans of a side, millisecond by millisecond: source and place in the source."""
    every: Heard = {at_ms: set() for at_ms in range(track.length_ms)}
    for span in track.spans:
        assert 0 <= span.from_ms < span.to_ms <= track.length_ms
        if span.side == side:
            for at_ms in range(span.from_ms, span.to_ms):
                every[at_ms].add((span.source, span.offset_ms + at_ms - span.from_ms))
    return every


@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(1, 30), st.integers(0, 12)), max_size=40))
def test_the_fold_agrees_with_listening_to_every_millisecond(deeds: list[tuple[str, int, int]]) -> None:
    """Design §12, Engine: whatever happens, each side of each recording holds what was said and heard, and no more."""
    model = Model()
    for deed, for_ms, wait_ms in deeds:
        model.do(deed, for_ms)
        model.wait(wait_ms)
    model.do("stop", 0)
    tracks = soundtracks(model.script.rows)
    assert len(tracks) == len(model.content)
    for recording, content in model.content.items():
        track = tracks["c1", recording]
        assert track.length_ms == len(content)
        assert spread(track, "left") == {at_ms: left for at_ms, (left, _) in enumerate(content)}
        assert spread(track, "right") == {at_ms: right for at_ms, (_, right) in enumerate(content)}
