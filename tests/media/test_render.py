"""Tracks and their samples: cuts, sums, saturation, blocks (B§3.8, design §2.8)."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.render import blocks
from callflow.media.sources import Digit, Music, Noise, Prompt, Ringback, Source, Tone, Voice, samples
from callflow.media.track import Side, Span, Track

SOURCES: tuple[Source, ...] = (Voice(0), Voice(1), Prompt("p"), Ringback(), Music(), Digit("1"), Noise(32_767, 3))


def whole(track: Track, block_ms: int = 4_000) -> NDArray[np.int16]:
    """All samples of a track."""
    return np.concatenate([np.zeros((0, track.channels), np.int16), *blocks(track, block_ms)])


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """Tracks with up to six spans, overlapping, beyond the end and empty ones among them."""
    spans = []
    for _ in range(draw(st.integers(0, 6))):
        begin, length = draw(st.integers(0, 3_000)), draw(st.integers(0, 2_000))
        side: Side = draw(st.sampled_from(("left", "right")))
        spans.append(Span(draw(st.sampled_from(SOURCES)), side, begin, begin + length, draw(st.integers(0, 5_000))))
    rate = draw(st.sampled_from((8_000, 11_025, 16_000)))
    return Track(draw(st.integers(0, 2_500)), draw(st.sampled_from((1, 2))), rate, tuple(spans))


def plainly(track: Track) -> NDArray[np.int16]:
    """The rules of B§3.8 written down without blocks, in 64 bits: each side added and clipped, then both added."""
    rate = track.sample_rate
    sides = {side: np.zeros(track.frames, np.int64) for side in ("left", "right")}
    for span in track.spans:
        begin = span.from_ms * rate // 1000
        end = min(span.to_ms * rate // 1000, track.frames)
        offset = begin - (span.from_ms - span.offset_ms) * rate // 1000
        if end > begin:
            sides[span.side][begin:end] += samples(span.source, offset, end - begin, rate)
    left, right = (np.clip(side, -32_768, 32_767) for side in sides.values())
    columns = [left, right] if track.channels == 2 else [np.clip(left + right, -32_768, 32_767)]
    return np.stack(columns, axis=1).astype(np.int16)


@settings(max_examples=80)
@given(tracks(), st.integers(1, 3_000))
def test_blocks_are_the_sum_of_their_spans(track: Track, block_ms: int) -> None:
    """Whatever the block size, the samples are those of the plain rules, floor(ms * rate / 1000) of them."""
    assert np.array_equal(whole(track, block_ms), plainly(track))


def test_block_shape_and_length() -> None:
    """Blocks are C-contiguous int16 of shape (n, channels); 333 ms at 11,025 Hz are 3,671 samples (floor)."""
    made = list(blocks(Track(333, 2, 11_025, (Span(Voice(0), "left", 0, 333),)), block_ms=100))
    assert sum(len(block) for block in made) == 3_671
    assert all(block.dtype == np.int16 and block.shape[1] == 2 and block.flags.c_contiguous for block in made)


def test_nothing_is_digital_silence() -> None:
    """Where no span is, the samples are zeros on both sides (B§3.8)."""
    made = whole(Track(1_000, 2, 8_000, (Span(Voice(0), "right", 200, 300),)))
    assert not made[:, 0].any()
    assert not made[:1_600].any() and not made[2_400:].any() and made[1_600:2_400, 1].any()


def test_mono_saturates() -> None:
    """One channel is both sides summed with clipping, not wrapped and not halved (B§3.8)."""
    loud = Tone((100,), level=30_000)
    made = whole(Track(1_000, 1, 8_000, (Span(loud, "left", 0, 1_000), Span(loud, "right", 0, 1_000))))
    assert (made.max(), made.min()) == (32_767, -32_768)


def test_continued_span_has_no_seam() -> None:
    """A source cut in two spans, the second with its offset, sounds as if uncut, also at 11,025 Hz."""
    cut = (Span(Voice(3), "left", 101, 434), Span(Voice(3), "left", 434, 1_000, offset_ms=333))
    uncut = (Span(Voice(3), "left", 101, 1_000),)
    assert np.array_equal(whole(Track(1_000, 1, 11_025, cut)), whole(Track(1_000, 1, 11_025, uncut)))


def test_a_day_takes_no_memory() -> None:
    """Memory does not grow with the length: two hours of two voices stay under 4 MB, block by block."""
    hours = 7_200_000
    track = Track(hours, 2, 8_000, (Span(Voice(0), "left", 0, hours), Span(Voice(1), "right", 0, hours)))
    tracemalloc.start()
    try:
        assert sum(len(block) for block in blocks(track)) == hours * 8
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Span(Voice(0), "left", 5, 4),
        lambda: Span(Voice(0), "left", -1, 4),
        lambda: Span(Voice(0), "left", 0, 4, offset_ms=-1),
        lambda: Span(Voice(0), "middle", 0, 4),  # type: ignore[arg-type]
        lambda: Track(-1, 1, 8_000),
        lambda: Track(10**12, 1, 8_000),
        lambda: Track(1, 3, 8_000),  # type: ignore[arg-type]
        lambda: Track(1, 1, 10),
        lambda: next(blocks(Track(1, 1, 8_000), block_ms=0)),
    ],
)
def test_impossible_tracks_are_refused(make: object) -> None:
    """What is no track is a MediaError in the form of design §9."""
    assert callable(make)
    with pytest.raises(MediaError, match=r"^.+: .+; .+$"):
        make()
