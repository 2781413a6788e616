"""Curves of a recording: the envelope is that of the very samples of the file, the score that of the silence test."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from callflow.media.render import blocks
from callflow.media.scores import frame_scores
from callflow.media.sources import Noise, Tone
from callflow.media.track import Span, Track
from callflow.report.html.waves import MOST_COLUMNS, cut_columns, loudest, score_path, sound_of, wave_path


def a_track(length_ms: int) -> Track:
    """A tone left and noise right, each for a part of the time, in stereo."""
    spans = (Span(Tone((440,)), "left", 0, length_ms // 2), Span(Noise(800), "right", length_ms // 3, length_ms))
    return Track(length_ms, 2, 8_000, spans)


@given(st.integers(10, 30_000))
def test_an_envelope_holds_every_sample(length_ms: int) -> None:
    """Each column has the least and the largest of its samples, however blocks and columns fall."""
    track = a_track(length_ms)
    envelope, scores = sound_of(track)
    samples = np.concatenate(list(blocks(track)))
    column = np.arange(len(samples)) * len(envelope) // len(samples)
    assert len(envelope) == max(1, min(MOST_COLUMNS, length_ms // 10))
    for side in (0, 1):
        lows, highs = np.zeros(len(envelope), int), np.zeros(len(envelope), int)
        np.minimum.at(lows, column, samples[:, side])
        np.maximum.at(highs, column, samples[:, side])
        assert envelope[:, side, 0].tolist() == lows.tolist()
        assert envelope[:, side, 1].tolist() == highs.tolist()
    assert scores is not None
    assert scores.sums.tolist() == frame_scores(samples, 8_000).sums.tolist()


def test_a_wave_fills_its_box_but_silence_does_not() -> None:
    """The loudest sample reaches the edge; a file in which nothing is loud is not drawn as if it were."""
    envelope, _ = sound_of(a_track(1_000))
    path = wave_path(envelope[:, 0, 0].tolist(), envelope[:, 0, 1].tolist(), loudest(envelope))
    assert path.startswith("M0 ") and path.endswith("Z")
    assert loudest(np.zeros((3, 1, 2), np.int16)) == 4_096
    assert wave_path([], [], 4_096) == ""


def test_the_threshold_lies_where_its_score_would() -> None:
    """A score on the threshold is drawn on the line, a louder one above it."""
    path, line = score_path([200, 5_000, 0], 200)
    heights = [float(each.split("H")[0]) for each in path.split("V")[1:4]]
    assert abs(heights[0] - line) < 0.1
    assert heights[1] < line < heights[2] <= 100


@given(st.integers(1, 10_000), st.integers(1, 500), st.data())
def test_pieces_of_a_file_share_its_columns(total_ms: int, columns: int, data: st.DataObject) -> None:
    """Whatever pauses cut a file into: the pieces' columns follow one another and none is left out."""
    at_ms = data.draw(st.integers(0, total_ms))
    first, second = cut_columns(total_ms, columns, 0, at_ms), cut_columns(total_ms, columns, at_ms, total_ms)
    assert first.start == 0 and second.stop == columns
    assert second.start <= first.stop <= second.start + 1
