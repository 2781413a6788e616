"""Silence detection's rules one by one (B§4), files of any kind, and bounded memory."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.runs import Detection, Fired, Listening, listen, silent_runs
from callflow.media.scan import scan_file
from callflow.media.scores import frame_scores, frame_size

SPEECH, SILENCE = 1_000, 0


def frames(*parts: tuple[int, int], rate_hz: int = 8_000, channels: int = 1) -> NDArray[np.int16]:
    """Samples of constant size on the first channel: (frames, |sample|) one after another; other channels are 0."""
    out = np.zeros((sum(count for count, _ in parts) * rate_hz // 50, channels), dtype=np.int16)
    at = 0
    for count, level in parts:
        end = at + count * rate_hz // 50
        out[at:end, 0] = level
        out[at:end:2, 0] *= -1
        at = end
    return out


def end(samples: NDArray[np.int16], detection: Detection, rate_hz: int = 8_000) -> tuple[int, str] | None:
    """(ended at, cause), or None."""
    found = listen(frame_scores(samples, rate_hz).silent(detection.threshold), detection)
    return (found.at_ms, found.cause) if isinstance(found, Fired) else None


# rate, clock, channels -> the score of a frame with one side at 1,000: B§4.1's table
TABLE = [
    (8_000, 8_000, 2, 500),
    (16_000, 16_000, 2, 1_000),
    (48_000, 48_000, 2, 3_000),
    (16_000, 8_000, 2, 500),
    (8_000, 8_000, 1, 1_000),
    (16_000, 16_000, 1, 2_000),
    (48_000, 48_000, 1, 6_000),
    (16_000, 8_000, 1, 1_000),
]


@pytest.mark.parametrize(("rate", "clock", "channels", "score"), TABLE)
def test_scores_are_those_of_the_table(rate: int, clock: int, channels: int, score: int) -> None:
    """B§4.1, B§4.5 (6, 7): stereo halves a lone talker; wideband counts two or six times, G722 once; equal is loud."""
    scores = frame_scores(frames((3, 1_000), rate_hz=rate, channels=channels), rate, clock)
    assert (scores.sums / scores.share).tolist() == [score] * 3
    assert not scores.silent(score).any()
    assert scores.silent(score + 1).all()


def test_stereo_threshold_of_200_is_400_for_one_talker() -> None:
    """B§4.5 (6), on the exact sample value."""
    for level, is_silent in ((399, True), (400, False)):
        assert frame_scores(frames((1, level), channels=2), 8_000).silent(200).tolist() == [is_silent]


def test_scores_are_compared_as_real_numbers() -> None:
    """B§4.1: real division, strict comparison: one count below the threshold's sum is silent, the sum itself is not."""
    samples = frames((1, 200))
    assert frame_scores(samples, 8_000).silent(200).tolist() == [False]
    samples[7] = 199
    assert frame_scores(samples, 8_000).silent(200).tolist() == [True]


def test_the_lowest_sample_counts_in_full() -> None:
    """-32768 has no positive counterpart in 16 bits; its size is 32768 all the same."""
    scores = frame_scores(np.full((1_920, 2), -32_768, dtype=np.int16), 48_000)
    assert scores.sums.tolist() == [1_920 * 32_768] * 2
    assert scores.peaks(1).tolist() == [6 * 32_768]


def test_low_rates_have_divisor_one() -> None:
    """B§4.1: the divisor is at least 1."""
    assert frame_scores(frames((1, 300), rate_hz=6_000), 6_000).share == 120


def test_initial_timeout_ends_on_its_frame() -> None:
    """Design §12: an initial timeout of 2000 ends at 2,000 ms; others at the first frame's end that reaches them."""
    silence = frames((200, SILENCE))
    for timeout_ms, at_ms in ((2_000, 2_000), (1, 20), (20, 20), (21, 40), (1_999, 2_000), (2_001, 2_020)):
        assert end(silence, Detection(200, timeout_ms, 5)) == (at_ms, "no-input-timeout")


@pytest.mark.parametrize("final_ms", [1, 5, 20])
def test_default_final_timeout_ends_in_any_gap_of_two_frames(final_ms: int) -> None:
    """B§4.5 (1): the first silent frame sets the mark, the second fires; one silent frame between words does not."""
    words = frames((10, SPEECH), (1, SILENCE), (10, SPEECH), (2, SILENCE), (10, SPEECH))
    assert end(words, Detection(200, 0, final_ms)) == (20 * 23, "success-silence")


@pytest.mark.parametrize(("final_ms", "frames_after_first"), [(21, 2), (40, 2), (41, 3), (1_000, 50), (1_001, 51)])
def test_final_timeout_is_a_multiple_of_the_packet(final_ms: int, frames_after_first: int) -> None:
    """B§4.5 (1): it fires at the first k with 20k >= timeout, counted from the end of the first silent frame."""
    talk = frames((5, SPEECH), (100, SILENCE))
    assert end(talk, Detection(200, 0, final_ms)) == (20 * (6 + frames_after_first), "success-silence")
    assert end(talk[: 160 * (5 + frames_after_first)], Detection(200, 0, final_ms)) is None


def test_every_loud_frame_starts_the_final_timer_anew() -> None:
    """B§4.3: silences that are too short for the timer never add up."""
    talk = frames(*[(5, SILENCE), (1, SPEECH)] * 30, (6, SILENCE))
    assert end(talk, Detection(200, 1_000, 100)) == (20 * (180 + 6), "success-silence")


def test_one_loud_frame_is_speech_for_ever() -> None:
    """B§4.3: after a single loud frame the initial timer never counts again, and the cause is success-silence."""
    click = frames((3, SILENCE), (1, SPEECH), (200, SILENCE))
    assert end(click, Detection(200, 100, 0)) is None
    assert end(click, Detection(200, 100, 1_000)) == (20 * (5 + 50), "success-silence")


def test_initial_timeout_of_0_never_ends_a_silent_call() -> None:
    """B§4.5 (2): nobody speaks, nothing fires."""
    assert end(frames((500, SILENCE)), Detection(200, 0, 5)) is None


def test_final_timeout_of_0_never_fires() -> None:
    """B§4.2: a timeout of 0 is no timer."""
    assert end(frames((1, SPEECH), (500, SILENCE)), Detection(200, 100, 0)) is None


@pytest.mark.parametrize("threshold", [0, -1])
def test_threshold_of_0_turns_detection_off(threshold: int) -> None:
    """B§4.2, B§4.5 (3): no frame is silent, the first one marks speech, and digital silence ends nothing."""
    silent = frame_scores(frames((500, SILENCE)), 8_000).silent(threshold)
    assert not silent.any()
    assert listen(silent, Detection(threshold, 20, 20)) == Listening(None, has_speech=True)


def test_ringback_ends_a_recording_in_its_first_pause() -> None:
    """B§4.5 (4): what the leg hears counts as speech; US ringback, 2 s on and 4 s off, ends it at about 2 s."""
    ringing = frames((100, 3_000), (200, SILENCE), (100, 3_000))
    assert end(ringing, Detection(200, 10_000, 5)) == (2_040, "success-silence")


def test_comfort_noise_is_silent() -> None:
    """B§4.5 (5): mean |s| of comfort noise and of an idle mu-law channel (0 to 8) is below 200."""
    assert end(frames((50, 8), (50, 199)), Detection(200, 2_000, 5)) == (2_000, "no-input-timeout")


def test_wideband_is_more_sensitive() -> None:
    """B§4.5 (7): the same voice is silent at 8 kHz and loud at 16 and 48 kHz."""
    verdicts = [frame_scores(frames((1, 150), rate_hz=rate), rate).silent(200)[0] for rate in (8_000, 16_000, 48_000)]
    assert verdicts == [True, False, False]


def test_pause_stops_frames_but_not_the_clock() -> None:
    """B§4.3: after a long pause in a silence the first silent frame fires, at its end; a loud one starts anew."""
    detection = Detection(200, 0, 1_000)
    before = listen(np.array([False, True, True]), detection)
    assert before == Listening(40, has_speech=True)
    assert isinstance(before, Listening)
    assert listen(np.array([True]), detection, before, from_ms=5_000) == Fired(5_020, "success-silence", 40)
    assert listen(np.array([False]), detection, before, from_ms=5_000) == Listening(None, has_speech=True)


def test_no_frames_change_nothing() -> None:
    """An ask about no audio is answered with the state that it carried."""
    state = Listening(None, has_speech=True)
    nothing = np.zeros(0, dtype=bool)
    assert listen(nothing, Detection(), state, 60) is state
    assert listen(nothing, Detection(), from_ms=60) == Listening(60)
    assert silent_runs(nothing).tolist() == []


def test_runs_have_edges_where_the_frames_have() -> None:
    """Silent at the start, in the middle, at the end: (from, to) of each, the end not included."""
    assert silent_runs(np.array([1, 0, 1, 1, 0, 0, 1], dtype=bool)).tolist() == [[0, 20], [40, 80], [120, 140]]
    assert silent_runs(np.ones(3, dtype=bool)).tolist() == [[0, 60]]
    assert silent_runs(np.zeros(3, dtype=bool)).tolist() == []


def test_what_does_not_fill_a_frame_is_not_judged() -> None:
    """B§4.1: a frame is a packet; the 159 samples behind the last one are none."""
    assert len(frame_scores(np.zeros(319, dtype=np.int16), 8_000).sums) == 1
    assert len(frame_scores(np.zeros(159, dtype=np.int16), 8_000).sums) == 0


@pytest.mark.parametrize(("rate", "channels"), [(11_025, 1), (8_000, 0), (0, 1), (48_000, 69), (768_000, 5)])
def test_what_cannot_be_cut_is_refused(rate: int, channels: int) -> None:
    """No whole samples in 20 ms, no channel, or more values than a sum of 32 bits holds: a MediaError."""
    with pytest.raises(MediaError, match=rf"{channels} channels at {rate} Hz: cannot be cut .+; .+ could"):
        frame_size(rate, channels)


def test_samples_that_are_none_are_refused() -> None:
    """Scores are of 16-bit samples; a clock beyond the samples' rate leaves nothing to divide by."""
    with pytest.raises(MediaError, match="float64"):
        frame_scores(np.zeros(160), 8_000)  # type: ignore[arg-type]
    with pytest.raises(MediaError, match="too fast"):
        frame_scores(np.zeros(160, dtype=np.int16), 8_000, clock_hz=8_000_000)


def test_peaks_keep_the_loudest_frame_of_each_stretch() -> None:
    """A curve of few columns hides no speech, and one of more columns than frames is the frames."""
    scores = frame_scores(frames((5, 10), (1, 700), (4, 20)), 8_000)
    assert scores.peaks(2).tolist() == [10, 700]
    assert scores.peaks(100).tolist() == [10] * 5 + [700] + [20] * 4
    assert frame_scores(np.zeros(0, dtype=np.int16), 8_000).peaks(10).tolist() == []


def wav(folder: Path, samples: NDArray[np.int16], rate_hz: int) -> Path:
    """A 16-bit WAV file."""
    path = folder / "a.wav"
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")
    return path


def test_a_file_tells_all(tmp_path: Path) -> None:
    """Design §7: end, cause, where speech starts, the silent runs of the whole file."""
    scan = scan_file(wav(tmp_path, frames((10, 0), (20, SPEECH), (30, 0), (5, SPEECH)), 8_000), Detection(200, 0, 100))
    assert scan.fired == Fired(20 * 36, "success-silence", 20 * 31)
    assert (scan.speech_started_ms, scan.length_ms) == (200, 1_300)
    assert scan.silent.tolist() == [[0, 200], [600, 1_200]]
    assert (scan.rate_hz, scan.file_rate_hz, scan.channels) == (8_000, 8_000, 1)


def test_speech_after_the_end_is_told_too(tmp_path: Path) -> None:
    """The runs and the start of speech are the file's, whatever the timers: that is what one chooses them by."""
    scan = scan_file(wav(tmp_path, frames((50, 0), (20, SPEECH)), 8_000), Detection(200, 400, 5))
    assert scan.fired == Fired(400, "no-input-timeout", 0)
    assert scan.speech_started_ms == 1_000


def test_silent_files_have_no_speech(tmp_path: Path) -> None:
    """Nothing loud: no start of speech; with no initial timeout nothing fires."""
    scan = scan_file(wav(tmp_path, frames((50, 0)), 8_000), Detection())
    assert (scan.fired, scan.speech_started_ms, scan.silent.tolist()) == (None, None, [[0, 1_000]])


@pytest.mark.parametrize(("rate", "wanted"), [(8_000, 400), (16_000, 800), (48_000, 2_400)])
def test_files_are_resampled_on_request(tmp_path: Path, rate: int, wanted: int) -> None:
    """A tone of mean size 400 keeps it at any rate, and its score grows with the divisor (B§4.1)."""
    at = np.arange(44_100 * 2)
    tone = np.rint(400 * np.pi / 2 * np.sin(2 * np.pi * 500 * at / 44_100)).astype(np.int16)
    scan = scan_file(wav(tmp_path, tone, 44_100), Detection(), rate)
    assert (scan.rate_hz, scan.file_rate_hz, scan.length_ms) == (rate, 44_100, 2_000)
    assert scan.scores.peaks(5)[2] == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize(("rate", "judged"), [(11_025, 12_000), (44_100, 44_100), (8_001, 12_000), (96_001, 48_000)])
def test_odd_rates_become_a_codec_s(tmp_path: Path, rate: int, judged: int) -> None:
    """A rate without whole 20 ms is brought to the next one of a codec; every other stays as it is."""
    scan = scan_file(wav(tmp_path, np.zeros(rate, dtype=np.int16), rate), Detection())
    assert (scan.rate_hz, scan.length_ms) == (judged, 1_000)


def test_three_hours_take_bounded_memory(tmp_path: Path) -> None:
    """Must show: 3 h of audio (173 MB here, sparse on the disk) are scanned in a few MB."""
    size = 3 * 3_600 * 8_000 * 2
    with (tmp_path / "a.wav").open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", size + 36) + b"WAVEfmt ")
        file.write(struct.pack("<IHHIIHH4sI", 16, 1, 1, 8_000, 16_000, 2, 16, b"data", size))
        file.truncate(44 + size)
    scan_file(wav_of_a_second(tmp_path), Detection())  # loads what it needs
    tracemalloc.start()
    scan = scan_file(tmp_path / "a.wav", Detection(200, 20, 5))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert scan.length_ms == 3 * 3_600_000
    assert peak < 12_000_000


def wav_of_a_second(folder: Path) -> Path:
    """A second of silence in a folder of its own."""
    (folder / "short").mkdir()
    return wav(folder / "short", np.zeros(8_000, dtype=np.int16), 8_000)
