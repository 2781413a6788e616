"""Every file that any scenario of this project makes, decoded by a decoder that is not ours."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Literal

import miniaudio
import numpy as np
import pytest

from callflow.core.profile import PROFILES
from callflow.core.trace import RECORDER
from callflow.media.encode import write_audio
from callflow.media.listen import is_silent, voices
from callflow.media.sources import Voice
from callflow.media.track import Track
from callflow.report.hearing import soundtracks
from callflow.scenario import load_scenario
from callflow.scenario.preparing import Choices
from callflow.simulate import simulate

ROOT = Path(__file__).parent.parent
SCENARIOS = sorted(
    path
    for pattern in ("examples/*/*.yaml", "tests/scenarios/*/*.yaml")
    for path in ROOT.glob(pattern)
    if "\nscenario: " in "\n" + path.read_text("utf-8")
)
RATE = 8_000
LONGEST_MS = 120_000  # a decoded minute of stereo is 2 MB; the rule does not depend on length
LEAST_MS = 400
EDGE_MS = 60  # an MP3 frame smears a beginning and an end

Stretch = tuple[Literal["left", "right"], int, int, frozenset[int], bool]


def stretches(track: Track) -> list[Stretch]:
    """(side, from, to, the parties whose voices sound there, whether anything else does), each without a change."""
    found: list[Stretch] = []
    for side in ("left", "right"):
        spans = [span for span in track.spans if track.channels == 1 or span.side == side]
        moments = sorted({0, track.length_ms, *(min(t, track.length_ms) for s in spans for t in (s.from_ms, s.to_ms))})
        for from_ms, to_ms in pairwise(moments):
            on = [span.source for span in spans if span.from_ms <= from_ms and span.to_ms >= to_ms]
            speakers = frozenset(source.number for source in on if isinstance(source, Voice))
            others = any(not isinstance(source, Voice) for source in on)
            if to_ms - from_ms >= LEAST_MS:
                found.append(("left" if side == "left" else "right", from_ms, to_ms, speakers, others))
    return found


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_length_channels_and_voices(path: Path, profile: str, tmp_path: Path) -> None:
    """Issue 3, Must show: each file has its recording's length and channels, and on each side whoever sounds there."""
    for scenario in load_scenario(path):
        run = simulate(scenario, Choices(profile=profile, skip_unsimulated=True))
        formats = {
            (row.call_id, row.detail["recording"]): row.detail["format"]
            for row in run.rows
            if row.kind == RECORDER and row.name == "ARMED" and row.detail is not None
        }
        for number, (key, track) in enumerate(soundtracks(run.rows, folder=path.parent).items()):
            if not 0 < track.length_ms <= LONGEST_MS:
                continue
            file = write_audio(track, tmp_path / f"{scenario.row}-{number}.{formats[key]}", formats[key]).path
            info = miniaudio.get_file_info(str(file))
            assert (info.nchannels, info.sample_rate) == (track.channels, track.sample_rate), file
            decoded = miniaudio.decode_file(str(file), nchannels=track.channels, sample_rate=track.sample_rate)
            sound = np.array(decoded.samples, np.int16).reshape(-1, track.channels)
            assert len(sound) == track.frames, file
            check_voices(track, sound)


def check_voices(track: Track, sound: np.ndarray[tuple[int, int], np.dtype[np.int16]]) -> None:
    """On each side of the decoded sound exactly the voices that the track has there are heard."""
    for side, from_ms, to_ms, speakers, others in stretches(track):
        channel = sound[:, 0 if side == "left" or track.channels == 1 else 1]
        part = channel[(from_ms + EDGE_MS) * track.sample_rate // 1000 : (to_ms - EDGE_MS) * track.sample_rate // 1000]
        where = f"{side} {from_ms}..{to_ms} ms"
        if not speakers and not others:
            assert is_silent(part), where
        elif not others:
            assert {heard.number for heard in voices(part, track.sample_rate)} == speakers, where
