"""Masks and pauses: zeros in the file and absent from it, exact to the sample (B§3.10)."""

from __future__ import annotations

from pathlib import Path

import miniaudio
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.cuts import Stretch, cut_track
from callflow.media.encode import write_audio
from callflow.media.listen import dominant_voice, is_silent
from callflow.media.render import blocks
from callflow.media.sources import Source, Tone, Voice
from callflow.media.track import Span, Track

STRETCHES = st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 900)).map(lambda at: (at[0], at[0] + at[1])))
SOURCES: tuple[Source, ...] = (Voice(0), Voice(1), Tone((440,), on_ms=70, off_ms=30))


def whole(track: Track) -> NDArray[np.int16]:
    """All samples of a track."""
    return np.concatenate([np.zeros((0, track.channels), np.int16), *blocks(track)])


def talk(length_ms: int, rate: int, channels: int = 2) -> Track:
    """Party 0 left and party 1 right, the whole time."""
    spans = (Span(Voice(0), "left", 0, length_ms), Span(Voice(1), "right", 0, length_ms))
    return Track(length_ms, 2 if channels == 2 else 1, rate, spans)


@settings(max_examples=100)
@given(st.integers(0, 2_500), STRETCHES, STRETCHES, st.sampled_from((8_000, 16_000)), st.sampled_from((1, 2)))
def test_cuts_are_what_they_do_to_samples(
    length_ms: int, masked: list[Stretch], paused: list[Stretch], rate: int, channels: int
) -> None:
    """The rendered cut track is the rendered whole with masked samples zeroed and then paused samples taken out."""
    spans = [
        Span(source, "left" if at % 2 else "right", at * 400, at * 700 + 90, at) for at, source in enumerate(SOURCES)
    ]
    track = Track(length_ms, 2 if channels == 2 else 1, rate, tuple(spans))
    wanted, kept = whole(track), np.ones(track.frames, dtype=bool)
    for from_ms, to_ms in masked:
        wanted[from_ms * rate // 1000 : to_ms * rate // 1000] = 0
    for from_ms, to_ms in paused:
        kept[from_ms * rate // 1000 : to_ms * rate // 1000] = False
    assert np.array_equal(whole(cut_track(track, masked=masked, paused=paused)), wanted[kept])


@settings(max_examples=100)
@given(st.integers(0, 2_500), STRETCHES, st.sampled_from((8_000, 11_025, 22_050, 44_100)))
def test_a_paused_file_has_one_rule_of_length(length_ms: int, paused: list[Stretch], rate: int) -> None:
    """However often a recording is paused, its file has floor(ms not paused * rate / 1000) samples."""
    kept_ms = length_ms - len({at for from_ms, to_ms in paused for at in range(from_ms, min(to_ms, length_ms))})
    cut = cut_track(talk(length_ms, rate), paused=paused)
    assert cut.length_ms == kept_ms
    assert len(whole(cut)) == kept_ms * rate // 1000


@pytest.mark.parametrize("format", ["wav", "mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_decoded_file_shows_both(tmp_path: Path, format: str, channels: int) -> None:
    """10 s with 2 s masked and 3 s paused: 7 s of file, silent where it was masked, speech around the pause."""
    track = cut_track(talk(10_000, 8_000, channels), masked=[(2_000, 4_000)], paused=[(5_000, 8_000)])
    path = write_audio(track, tmp_path / f"a.{format}", format).path
    if format == "wav":
        found, rate = soundfile.read(path, dtype="int16", always_2d=True)
    else:
        sound = miniaudio.mp3_read_file_s16(str(path))
        found, rate = np.array(sound.samples, dtype=np.int16).reshape(-1, sound.nchannels), sound.sample_rate
    assert (found.shape, rate) == ((7 * 8_000, channels), 8_000)
    seam = 0 if format == "wav" else 1_200  # MP3 smears what begins over its frame
    assert is_silent(found[16_000 + seam : 32_000 - seam].ravel())
    if format == "wav":
        assert not found[16_000:32_000].any() and found[15_990:16_000].any() and found[32_000:32_010].any()
    for side in range(channels):
        for from_s, to_s in ((0, 2), (4, 5), (5, 7)):
            speaking = dominant_voice(found[from_s * 8_000 + seam : to_s * 8_000 - seam, side], 8_000)
            assert speaking in ((side,) if channels == 2 else (0, 1))


def test_where_both_hold_it_is_paused() -> None:
    """A stretch that is masked and paused is absent, not silent (B§3.10)."""
    cut = cut_track(talk(3_000, 8_000), masked=[(1_000, 2_000)], paused=[(1_500, 9_000)])
    made = whole(cut)
    assert len(made) == 1_500 * 8 and not made[8_000:].any() and made[:8_000].any()


def test_without_cuts_the_track_stays() -> None:
    """No stretch, empty stretches and stretches behind the end change no sample."""
    track = talk(1_000, 8_000)
    for stretches in ([], [(500, 500), (0, 0)], [(1_000, 2_000), (5_000, 2**62)]):
        assert cut_track(track, masked=stretches, paused=stretches) == track


def test_spans_without_an_end_are_cut() -> None:
    """A span that goes on for ever, as music does, and a pause that never ends are cut at the recording's end."""
    track = Track(2_000, 1, 8_000, (Span(Voice(0), "left", 0, 2**62),))
    cut = cut_track(track, masked=[(500, 600)], paused=[(1_500, 2**62)])
    assert (cut.length_ms, [(span.from_ms, span.to_ms) for span in cut.spans]) == (1_500, [(0, 500), (600, 1_500)])


def test_thousands_of_cuts_are_quick() -> None:
    """Toggling ten times a second for an hour makes as many spans as stretches, not their product."""
    track = Track(
        3_600_000, 1, 8_000, tuple(Span(Voice(0), "left", at, at + 1_000) for at in range(0, 3_600_000, 1_000))
    )
    paused = [(at, at + 50) for at in range(0, 3_600_000, 100)]
    cut = cut_track(track, paused=paused)
    assert (cut.length_ms, len(cut.spans)) == (1_800_000, 36_000)


@pytest.mark.parametrize("stretch", [(-1, 5), (5, 4)])
def test_impossible_stretches_are_refused(stretch: Stretch) -> None:
    """A stretch that runs backwards or begins before the recording is an error in the form of design §9."""
    for cut in ({"masked": [stretch]}, {"paused": [stretch]}):
        with pytest.raises(MediaError, match=r"^cut_track: .+; .+$"):
            cut_track(talk(10, 8_000), **cut)
