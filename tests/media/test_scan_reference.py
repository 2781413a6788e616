"""The product against the frame-by-frame reference beside this file, on random signals: the same frame, every time."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from random import Random
from types import ModuleType

import numpy as np
import pytest
import soundfile
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from callflow.media.runs import Detection, Fired, Listening, listen, silent_runs
from callflow.media.scan import scan_file
from callflow.media.scores import block_scores, frame_scores

SIGNALS = 1_000
BATCHES = 20
TIMEOUTS = (0, 0, 1, 5, 19, 20, 21, 39, 40, 41, 60, 100, 137, 200, 400, 1_000)


def loaded_reference() -> ModuleType:
    """The module silence_reference beside this file: tests cannot import each other."""
    spec = importlib.util.spec_from_file_location("silence_reference", Path(__file__).with_name("silence_reference.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = loaded_reference()


@frozen(eq=False)
class Signal:
    """A signal and the settings that it is judged with."""

    samples: NDArray[np.int16]
    rate_hz: int
    clock_hz: int
    detection: Detection

    @property
    def channels(self) -> int:
        """One, or two."""
        return self.samples.shape[1] if self.samples.ndim == 2 else 1

    def ended(self) -> tuple[int, str] | None:
        """What the reference says."""
        values, chosen = self.samples.reshape(-1).tolist(), self.detection
        found: tuple[int, str] | None = reference.ended(
            values, self.rate_hz, self.channels, chosen.threshold, chosen.initial_ms, chosen.final_ms, self.clock_hz
        )
        return found

    def silent(self) -> list[list[int]]:
        """The silent runs, as the reference finds them."""
        values = self.samples.reshape(-1).tolist()
        found: list[list[int]] = reference.silent_runs(
            values, self.rate_hz, self.channels, self.detection.threshold, self.clock_hz
        )
        return found


def drawn(seed: int) -> Signal:
    """Runs of frames, each of one kind: nothing, exactly at the threshold or one below it, noise about it, loud."""
    random = Random(seed)
    dice = np.random.default_rng(seed)
    rate, clock = random.choice([(8_000,) * 2, (16_000,) * 2, (48_000,) * 2, (16_000, 8_000)])
    channels = random.choice([1, 2])
    threshold = random.choice([0, 1, 2, 30, 200, 200, 500, 3_000, 40_000, 2**40])
    size, divisor = rate // 50 * channels, clock // 8_000
    parts: list[NDArray[np.int16]] = []
    for _ in range(random.randint(0, 8)):
        at_threshold = threshold * (size // divisor)  # the sum at which a frame is just loud
        level = min(max(2 * at_threshold // size, 1), 32_767)
        for _ in range(random.choice([1, 1, 1, 2, 3, 8])):
            kind = random.choice(["nothing", "edge", "below", "noise", "loud"])
            values = np.zeros(size, dtype=np.int64)
            if kind in ("edge", "below") and size <= at_threshold <= size * 30_000:
                values += at_threshold // size
                values[: at_threshold % size] += 1
                values[-1] -= kind == "below"
                values *= dice.choice([-1, 1], size)
            elif kind in ("noise", "loud"):
                most = level if kind == "noise" else 32_768
                values = dice.integers(-most, most, size)
            parts.append(dice.permutation(values).astype(np.int16))
    parts.append(dice.integers(-99, 99, channels * random.randint(0, rate // 50 - 1)).astype(np.int16))
    samples = np.concatenate(parts).reshape(-1, 2) if channels == 2 else np.concatenate(parts)
    detection = Detection(threshold, random.choice(TIMEOUTS), random.choice(TIMEOUTS))
    return Signal(samples, rate, clock, detection)


def told(found: Fired | Listening) -> tuple[int, str] | None:
    """What the product found, in the reference's form."""
    return (found.at_ms, found.cause) if isinstance(found, Fired) else None


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_thousand_signals_end_on_the_reference_s_frame(batch: int) -> None:
    """Issue 3, Must show: 8/16/48 kHz and G722's clock, mono and stereo, random thresholds and timers; runs as well."""
    count = SIGNALS // BATCHES
    for seed in range(batch * count, (batch + 1) * count):
        signal = drawn(seed)
        silent = frame_scores(signal.samples, signal.rate_hz, signal.clock_hz).silent(signal.detection.threshold)
        assert told(listen(silent, signal.detection)) == signal.ended(), seed
        assert silent_runs(silent).tolist() == signal.silent(), seed


def test_the_signals_are_worth_it() -> None:
    """Among the signals every outcome is common: an early end with either cause, a late one, none."""
    endings = [drawn(seed).ended() for seed in range(0, SIGNALS, 4)]
    causes = [ending[1] if ending else None for ending in endings]
    assert min(causes.count(each) for each in ("success-silence", "no-input-timeout", None)) >= 20
    assert sum(ending is not None and ending[0] > 100 for ending in endings) >= 20


@given(
    st.lists(st.booleans(), max_size=40),
    st.sampled_from(TIMEOUTS),
    st.sampled_from(TIMEOUTS),
    st.lists(st.integers(0, 40), max_size=4),
    st.integers(0, 10_000),
)
def test_any_cut_of_the_frames_gives_the_same_answer(
    frames: list[bool], initial_ms: int, final_ms: int, cuts: list[int], from_ms: int
) -> None:
    """The engine asks again from a state: what fires does not depend on where it asked (design §12, Engine)."""
    silent, detection = np.array(frames, dtype=bool), Detection(200, initial_ms, final_ms)
    found: Fired | Listening = Listening(from_ms)
    ends = [0, *sorted(min(cut, len(frames)) for cut in cuts), len(frames)]
    for start, end in zip(ends, ends[1:], strict=False):
        assert isinstance(found, Listening)
        found = listen(silent[start:end], detection, found, from_ms + 20 * start)
        if isinstance(found, Fired):
            break
    assert found == listen(silent, detection, from_ms=from_ms)


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_files_are_judged_like_samples(rate: int, channels: int, tmp_path: Path) -> None:
    """A file of several blocks gives the reference's end and runs: no frame is lost where blocks meet."""
    dice = np.random.default_rng(rate + channels)
    levels = np.repeat(dice.choice([0, 150, 390, 410, 3_000], 600_000 // 4_321 + 1), 4_321)[:600_000, np.newaxis]
    samples = (dice.integers(-2, 3, (600_000, channels)) * levels // 2).astype(np.int16)
    signal = Signal(samples, rate, rate, Detection(300, 400, 1_100))
    soundfile.write(tmp_path / "a.wav", samples, rate, subtype="PCM_16")
    scan = scan_file(tmp_path / "a.wav", signal.detection)
    assert ((scan.fired.at_ms, scan.fired.cause) if scan.fired else None) == signal.ended()
    assert scan.silent.tolist() == signal.silent()


@given(st.lists(st.integers(0, 700), max_size=8), st.integers(0, 2**32 - 1))
def test_any_cut_into_blocks_gives_the_same_scores(lengths: list[int], seed: int) -> None:
    """Blocks of any length, none at all among them, are frames of 20 ms on one grid."""
    samples = np.random.default_rng(seed).integers(-32_768, 32_768, (sum(lengths), 2)).astype(np.int16)
    blocks = np.split(samples, np.cumsum(lengths)[:-1]) if lengths else []
    found = block_scores(blocks, 8_000, 2)
    assert found.sums.tolist() == frame_scores(samples, 8_000).sums.tolist()
    assert found.share == 320
