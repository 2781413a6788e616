"""Taps in the fold: on hold, masked, paused, moved to another leg, appended to an older file, at a codec's rate."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import MediaError
from callflow.core.trace import AUDIO, LEG, RECORDER, Row
from callflow.media.sources import Music, Source, Voice
from callflow.media.track import Span, Track
from callflow.report.hearing import Hearing, soundtracks

PARTIES = {"A": "caller", "B": "alice"}
RECORDER_EVENTS = {
    "RECORDING": {"mask": "MASKED", "pause": "PAUSED"},
    "MASKED": {"unmask": "RECORDING", "pause": "PAUSED_AND_MASKED"},
    "PAUSED": {"mask": "PAUSED_AND_MASKED", "resume": "RECORDING"},
    "PAUSED_AND_MASKED": {"unmask": "PAUSED", "resume": "MASKED"},
}  # B§3.10
Heard = set[tuple[Source, int]]


class Script:
    """Rows of a call written by hand: caller on A, alice on B; and who can be heard at the moment."""

    def __init__(self, **codecs: str) -> None:
        self.rows: list[Row] = []
        self.now_ms = 0
        self.state = ""
        for leg, party in PARTIES.items():
            codec = {"codec": codecs[leg]} if leg in codecs else {}
            self.row(LEG, "CHANNEL_CREATE", leg, to="NEW", party=party, device="", **codec)

    def row(self, kind: str, name: str, leg: str = "A", /, **detail: Any) -> int:
        """Add a row at the current time and return its seq."""
        self.rows.append(Row(len(self.rows), self.now_ms, "c1", leg, kind, name, detail, -1, ""))
        return len(self.rows) - 1

    def speak(self, leg: str, for_ms: int = 9_000) -> int:
        """The party on a leg speaks."""
        return self.row(AUDIO, "speaks", leg, sound={"voice": PARTIES[leg]}, for_ms=for_ms)

    def bridge(self, one: str = "A", other: str = "B") -> None:
        """Join two legs."""
        self.row(LEG, "CHANNEL_BRIDGE", one, to="BRIDGED", other_leg=other)
        self.row(LEG, "CHANNEL_BRIDGE", other, to="BRIDGED", other_leg=one)

    def start(self, recording: int = 0, leg: str = "A", **changed: Any) -> None:
        """Arm and start a recording."""
        armed = {"kind": "call", "channels": 2, "sample_rate": 8_000, **changed}
        self.row(RECORDER, "ARMED", leg, to="ARMED", recording=recording, **armed)
        self.row(RECORDER, "RECORD_START", leg, to="RECORDING", recording=recording)
        self.state = "RECORDING"

    def control(self, event: str, recording: int = 0) -> None:
        """Mask, unmask, pause or resume, as the switch confirms it."""
        self.state = RECORDER_EVENTS[self.state][event]
        self.row(RECORDER, f"RECORD_{event.upper()}", to=self.state, recording=recording)

    def stop(self, recording: int = 0) -> None:
        """Stop it and close the file."""
        self.row(RECORDER, "STOP_REQUESTED", to="STOPPING", recording=recording)
        self.row(RECORDER, "RECORD_STOP", to="FINISHED", recording=recording)

    def at(self, at_ms: int) -> Script:
        """Let time pass."""
        self.now_ms = at_ms
        return self

    def track(self, recording: int = 0) -> Track:
        """What the fold makes of it."""
        return soundtracks(self.rows)["c1", recording]


def test_masked_audio_is_silence_and_paused_audio_is_absent() -> None:
    """B§3.10: masking keeps the file's length, pausing shortens it; the voice goes on under both."""
    script = Script()
    script.speak("A")
    script.start()
    for at_ms, event in ((1_000, "mask"), (2_000, "pause"), (4_000, "unmask"), (5_000, "resume")):
        script.at(at_ms).control(event)
    script.at(6_000).stop()
    assert script.track() == Track(
        3_000, 2, 8_000, (Span(Voice(0), "left", 0, 1_000), Span(Voice(0), "left", 2_000, 3_000, 5_000))
    )


def test_what_is_still_masked_or_paused_at_the_end_stays_so() -> None:
    """B§3.10: a stop ends a recording in whatever half it is."""
    script = Script()
    script.speak("A")
    script.start()
    script.at(1_000).control("mask")
    script.at(3_000).control("pause")
    script.at(9_000).stop()
    assert script.track() == Track(3_000, 2, 8_000, (Span(Voice(0), "left", 0, 1_000),))


def test_a_recording_that_moves_listens_to_the_other_leg_from_then_on() -> None:
    """B§3.7: should_follow_transfer: the tap sits on B when A is gone: left is alice, right whom she hears."""
    script = Script()
    script.bridge()
    script.start()
    script.speak("A", 2_000)
    script.at(1_000).speak("B", 4_000)
    script.at(2_000).row(RECORDER, "MOVED", "B", recording=0, leg="B", from_leg="A")
    script.row(LEG, "CHANNEL_DESTROY", "A", to="GONE")
    script.at(6_000).stop()
    assert script.track() == Track(
        6_000, 2, 8_000,
        (
            Span(Voice(0), "left", 0, 2_000),
            Span(Voice(1), "right", 1_000, 2_000),
            Span(Voice(1), "left", 2_000, 5_000, 1_000),
        ),
    )  # fmt: skip


def test_a_file_that_is_written_on_begins_with_what_it_held() -> None:
    """B§3.5: a start under the name of a finished recording appends to that file, whose form it keeps."""
    script = Script()
    script.speak("A")
    script.start()
    script.at(2_000).stop()
    script.at(5_000).start(1, appends_to=0, sample_rate=16_000)
    script.at(6_000).stop(1)
    assert script.track(0) == Track(2_000, 2, 8_000, (Span(Voice(0), "left", 0, 2_000),))
    assert script.track(1).length_ms == 3_000 and script.track(1).sample_rate == 8_000
    assert script.track(1).spans[1] == Span(Voice(0), "left", 2_000, 3_000, 5_000, 8_000)


def test_a_sound_is_what_the_poorer_codec_carries() -> None:
    """Design §12, Sound: parties may have a codec; a 16 kHz file of an 8 kHz leg has what 8 kHz carry."""
    script = Script(A="G722", B="OPUS")
    script.bridge()
    script.start(sample_rate=48_000)
    script.speak("A", 100)
    script.speak("B", 100)
    script.at(100).stop()
    assert [(span.side, span.codec_rate) for span in script.track().spans] == [("left", 16_000), ("right", 16_000)]
    other = Script(A="OPUS")
    other.start(sample_rate=48_000)
    other.speak("A", 100)
    other.at(100).stop()
    assert [span.codec_rate for span in other.track().spans] == [None]


def test_an_unknown_codec_is_refused() -> None:
    """A trace may be damaged: the error says what would be right."""
    with pytest.raises(MediaError, match=r"codec 'GSM': unknown; one of PCMU, "):
        soundtracks(Script(A="GSM").rows)


def test_whoever_holds_is_not_heard_even_in_a_recording_of_their_own_leg() -> None:
    """Design §12, Sound: nothing comes from a telephone that has the other side on hold; its peer hears music."""
    script = Script()
    script.bridge()
    script.start()
    script.start(1, "B")
    script.speak("A")
    script.at(1_000).row(LEG, "CHANNEL_HOLD", "A", to="HELD")
    script.at(3_000).row(LEG, "CHANNEL_UNHOLD", "A", to="BRIDGED")
    script.at(4_000).stop(0)
    script.stop(1)
    said = (Span(Voice(0), "left", 0, 1_000), Span(Voice(0), "left", 3_000, 4_000, 3_000))
    assert script.track(0).spans == said
    assert script.track(1).spans == (
        Span(Voice(0), "right", 0, 1_000),
        Span(Music(), "right", 1_000, 3_000),
        Span(Voice(0), "right", 3_000, 4_000, 3_000),
    )


def fed(script: Script) -> Hearing:
    """A fold that has read a call's rows."""
    hearing = Hearing()
    for row in script.rows:
        hearing.take(row)
    return hearing


def test_an_open_recording_tells_what_reaches_it_masked_or_not() -> None:
    """Design §12, Engine: one fold feeds scan and render; the silence test hears what is masked (B§3.10)."""
    hearing, script, key = Hearing(), Script(), ("c1", 0)
    script.start()
    script.at(1_000).speak("A", 3_000)
    script.control("mask")
    for row in script.rows:
        hearing.take(row)
    [frames] = hearing.frames(key, 500, 5_010)
    assert (frames.from_ms, frames.codec) == (500, "PCMU")
    assert frames.track == Track(4_500, 2, 8_000, (Span(Voice(0), "left", 500, 3_500),))
    seen = len(script.rows)
    script.at(4_000).stop()
    for row in script.rows[seen:]:
        hearing.take(row)
    assert [*hearing.frames(key, 0, 9_000), *hearing.frames(("c2", 0), 0, 9_000)] == []


class Model:
    """Rows, and beside them, written down for every millisecond, what the recording must contain."""

    def __init__(self) -> None:
        """Nobody is connected; a recording runs on A."""
        self.script = Script()
        self.script.start()
        self.tap, self.is_joined, self.is_over = "A", False, False
        self.holding: dict[str, bool] = {"A": False, "B": False}
        self.music_since: dict[str, int] = {}
        self.said: dict[str, tuple[int, int, int]] = {}
        self.file: list[tuple[Heard, Heard]] = []

    def do(self, deed: str, leg: str) -> None:
        """One deed now, as the engine would write it; none that the engine would refuse."""
        script, now, other = self.script, self.script.now_ms, "B" if leg == "A" else "A"
        if deed == "speaks":
            begin, end, seq = self.said.get(leg, (0, 0, -1))
            if end > now:
                script.row(AUDIO, "ends", leg, of=seq)
            self.said[leg] = (now, now + 15, script.speak(leg, 15))
        elif deed == "join" and not self.is_joined:
            script.bridge(leg, other)
            self.is_joined = True
        elif deed == "part" and self.is_joined:
            for each, peer in ((leg, other), (other, leg)):
                script.row(LEG, "CHANNEL_UNBRIDGE", each, to="ANSWERED", other_leg=peer)
            self.is_joined, self.holding, self.music_since = False, {"A": False, "B": False}, {}
        elif deed == "holds" and self.is_joined and not self.holding[leg]:
            script.row(LEG, "CHANNEL_HOLD", leg, to="HELD")
            self.holding[leg], self.music_since = True, {other: now}
        elif deed == "resumes" and self.holding[leg]:
            script.row(LEG, "CHANNEL_UNHOLD", leg, to="BRIDGED")
            self.holding[leg], self.music_since = False, {leg: now} if self.holding[other] else {}
        elif deed == "moves" and leg != self.tap:
            script.row(RECORDER, "MOVED", leg, recording=0, leg=leg, from_leg=self.tap)
            self.tap = leg
        elif deed in RECORDER_EVENTS.get(script.state, ()):
            script.control(deed)

    def wait(self, ms: int) -> None:
        """Let time pass, and write down what the file gets in each millisecond of it."""
        for now in range(self.script.now_ms, self.script.now_ms + ms):
            other = "B" if self.tap == "A" else "A"
            right = self._says(other, now) if self.is_joined and not self.holding[self.tap] else set()
            if self.tap in self.music_since:
                right.add((Music(), now - self.music_since[self.tap]))
            if not self.script.state.startswith("PAUSED"):
                is_masked = "MASKED" in self.script.state
                self.file.append((set(), set()) if is_masked else (self._says(self.tap, now), right))
        self.script.now_ms += ms

    def _says(self, leg: str, now: int) -> Heard:
        begin, end, _ = self.said.get(leg, (0, 0, -1))
        number = list(PARTIES).index(leg)
        return {(Voice(number), now - begin)} if begin <= now < end and not self.holding[leg] else set()


def spread(track: Track, side: str) -> list[Heard]:
    """The spans of a side, millisecond by millisecond: source and place in the source."""
    every: list[Heard] = [set() for _ in range(track.length_ms)]
    for span in track.spans:
        for at_ms in range(span.from_ms, span.to_ms) if span.side == side else ():
            every[at_ms].add((span.source, span.offset_ms + at_ms - span.from_ms))
    return every


DEEDS = ("speaks", "join", "part", "holds", "resumes", "moves", "mask", "unmask", "pause", "resume")
steps = st.tuples(st.sampled_from(DEEDS), st.sampled_from("AB"), st.integers(0, 9))


@given(st.lists(steps, max_size=40))
def test_the_fold_agrees_with_a_file_written_millisecond_by_millisecond(deeds: list[tuple[str, str, int]]) -> None:
    """Issue 3: whatever is held, masked, paused and moved, each side holds what was said and heard, and no more."""
    model = Model()
    for deed, leg, wait_ms in deeds:
        model.do(deed, leg)
        model.wait(wait_ms)
    model.script.stop()
    track = model.script.track()
    assert track.length_ms == len(model.file)
    assert spread(track, "left") == [left for left, _ in model.file]
    assert spread(track, "right") == [right for _, right in model.file]
