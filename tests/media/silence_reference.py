"""The switch's silence test, frame by frame in plain Python, as B§4.1 to B§4.3 say it: the product's measure.

Written from the text alone and slow on purpose: fractions, lists, one frame after the other.
"""

from __future__ import annotations

from fractions import Fraction


def score_of(frame: list[int], clock_hz: int) -> Fraction:
    """B§4.1: the score of one frame; `frame` has the 16-bit values of all channels, interleaved."""
    divisor = clock_hz // 8000
    if divisor < 1:
        divisor = 1
    total = 0
    for value in frame:
        total += -value if value < 0 else value
    return Fraction(total, len(frame) // divisor)


def frames_of(values: list[int], rate_hz: int, channels: int) -> list[list[int]]:
    """Packets of 20 ms; what does not fill one is not sent."""
    size = rate_hz // 50 * channels
    return [values[at : at + size] for at in range(0, len(values) - size + 1, size)]


class Recorder:
    """B§4.3: a state, and what each frame does to it. `now` is the end of the frame that is delivered."""

    def __init__(self, threshold: int, initial_ms: int, final_ms: int) -> None:
        self.threshold = threshold
        self.final_ms = final_ms
        self.silence_since: int | None = 0
        self.timer = initial_ms
        self.speech = False

    def take(self, score: Fraction, now: int) -> str | None:
        """Deliver a frame; the completion cause when it marks the file for closing."""
        silent = score < self.threshold
        if silent and self.silence_since is None:
            self.silence_since = now
        elif silent:
            assert self.silence_since is not None
            if self.timer > 0 and now - self.silence_since >= self.timer:
                return "success-silence" if self.speech else "no-input-timeout"
        elif self.silence_since is not None:
            self.speech = True
            self.silence_since = None
            self.timer = self.final_ms
        return None


def ended(
    values: list[int],
    rate_hz: int,
    channels: int,
    threshold: int,
    initial_ms: int,
    final_ms: int,
    clock_hz: int | None = None,
) -> tuple[int, str] | None:
    """(end of the frame that fires in ms, completion cause), or None when the signal ends first."""
    recorder = Recorder(threshold, initial_ms, final_ms)
    now = 0
    for frame in frames_of(values, rate_hz, channels):
        now += 20
        cause = recorder.take(score_of(frame, clock_hz or rate_hz), now)
        if cause is not None:
            return now, cause
    return None


def silent_runs(
    values: list[int], rate_hz: int, channels: int, threshold: int, clock_hz: int | None = None
) -> list[list[int]]:
    """[from_ms, to_ms] of every stretch of silent frames."""
    runs: list[list[int]] = []
    at = 0
    for frame in frames_of(values, rate_hz, channels):
        if score_of(frame, clock_hz or rate_hz) < threshold:
            if runs and runs[-1][1] == at:
                runs[-1][1] = at + 20
            else:
                runs.append([at, at + 20])
        at += 20
    return runs
