"""Verdicts on sound: the recordings of the main job, rendered where asked and listened to."""

from __future__ import annotations

import textwrap
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import MediaError, ScenarioError
from callflow.core.events import Answers, HangsUp, Speaks
from callflow.core.trace import Row
from callflow.media.render import blocks
from callflow.media.sources import Noise, Voice, samples
from callflow.media.track import Span, Track
from callflow.report.results import Failure
from callflow.report.summary import summarise
from callflow.scenario import parse_scenario
from callflow.scenario.audio_check import excerpt
from callflow.scenario.verdict import verdict

Rows = list[Row]
TOP = """\
scenario: a sample
callflow: sample.json
caller: {number: "+14155550100", dials: "2001"}
timeline: [{at 0s: caller calls}]
expect:
"""


def failures_of(check: str, rows: Rows, folder: Path | None = None) -> tuple[Failure, ...]:
    """The verdict on rows of one audio check."""
    expect = textwrap.indent(f"audio: [{{{check}}}]", "  ")
    [scenario] = parse_scenario(TOP + expect, file="x/sample.yaml")
    return verdict(scenario, rows, summarise(rows), folder=folder)


@pytest.mark.parametrize(
    "check",
    [
        "left: voice caller, right: voice alice, from: 5s",
        "left: silent, from: 0s, to: 5s",
        "left: speech, right: silent, from: 5s, to: 15s",
        "right: voice alice-phone, left: silent, from: 16s, to: 26s",
        "right: level above 200, left: level below 1, to: 2s",
        "right: level 1000..5000, to: 2s",
        "left: silent, right: silent, from: 26s",
    ],
)
def test_the_answered_call_sounds_as_it_should(check: str, answered: Rows) -> None:
    """Issue 2, main job (a): Bob left and Alice right, ringback before the answer, silence where nobody speaks."""
    assert failures_of(check, answered) == ()


@pytest.mark.parametrize(
    "check", ["recording: 1, mono: voice caller", "recording: 1, mono: speech", "right: level above 1000, to: 2s"]
)
def test_the_unanswered_call_sounds_as_it_should(check: str, not_answered: Rows) -> None:
    """Issue 2, main job (b): a mono message with the caller's voice alone."""
    assert failures_of(check, not_answered) == ()


@pytest.mark.parametrize(
    ("check", "nearest", "words"),
    [
        ("left: silent, from: 4s, to: 12s", "voice caller", "left has voice caller"),
        ("right: voice alice, to: 10s", "ringback", "right has ringback"),
        ("right: silent, to: 2s", "ringback", "right has ringback"),
        ("left: voice alice, from: 5s, to: 9s", "voice caller", "left has voice caller"),
        ("left: voice nobody, from: 5s, to: 9s", "voice caller", "left has voice caller"),
        ("left: speech, from: 14s, to: 16s", "voice caller", "left has voice caller"),
        ("left: tone 440, from: 5s, to: 9s", "voice caller", "left has voice caller"),
        ("left: tone 440, from: 30s, to: 31s", "silence", "left has silence"),
        ("left: level above 9000, from: 5s, to: 15s", "level ", "left has level "),
        ("left: silent, to: 41s", "", "recording 0 ends at 0:40.000, before 0:41.000"),
        ("left: silent, from: 40s", "", "recording 0 ends at 0:40.000"),
        ("mono: silent", "", "recording 0 is stereo, it has no channel mono"),
        ("recording: 3, left: silent", "", "there is no recording 3: 1 in all"),
    ],
)
def test_what_sounds_otherwise_is_described(check: str, nearest: str, words: str, answered: Rows) -> None:
    """An unmet check says what is heard instead, or why it cannot be made."""
    [failure] = failures_of(check, answered)
    assert failure.nearest.startswith(nearest) and bool(failure.nearest) == bool(nearest)
    assert words in failure.message
    assert failure.message.startswith("x/sample.yaml:6: expect.audio[0]")


def test_a_recording_that_never_started_cannot_be_heard(call_placed: Callable[..., Rows]) -> None:
    """There is no file: the check fails and says why."""
    flow = {"module": "record_call", "data": {"action": "start", "record_on_answer": True}}
    [failure] = failures_of("left: silent", call_placed(flow=flow))
    assert "recording 0 has no sound: it never started" in failure.message


def test_tones_digits_and_prompts_are_told_apart(call_placed: Callable[..., Rows]) -> None:
    """`tone HZ` is met by that frequency alone."""
    rows = call_placed(
        (1_000, "B", Answers()), (2_000, "A", Speaks({"tone_hz": 1_000}, 2_000)), (5_000, "A", HangsUp())
    )
    assert failures_of("left: tone 1000, from: 2s, to: 4s", rows) == ()
    assert failures_of("left: tone 1000, from: 0s", rows) == ()
    [failure] = failures_of("left: tone 440, from: 2s, to: 4s", rows)
    assert failure.nearest == "tone 1000"


def test_a_prompt_is_nobodys_voice(call_placed: Callable[..., Rows]) -> None:
    """The system's voice is told from the parties'."""
    start = {"module": "record_call", "data": {"action": "start", "url": "http://my.server/r"}}
    rows = call_placed(
        (9_000, "A", HangsUp()), flow={**start, "children": {"_": {"module": "tts", "data": {"text": "hello " * 20}}}}
    )
    [failure] = failures_of("right: voice caller, to: 1s", rows)
    assert failure.nearest == "a prompt's voice"


def test_a_sound_file_lies_in_the_scenarios_folder(call_placed: Callable[..., Rows], tmp_path: Path) -> None:
    """`plays FILE`: the path counts from the scenario's folder; a file that is not there is an error with its name."""
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((np.ones(32_000, dtype="<i2") * 3_000).tobytes())
    rows = call_placed((1_000, "B", Answers()), (2_000, "A", Speaks({"file": "a.wav"}, 2_000)), (5_000, "A", HangsUp()))
    assert failures_of("left: level 2900..3100, from: 2s, to: 4s", rows, tmp_path) == ()
    with pytest.raises(MediaError, match="a.wav"):
        failures_of("left: speech, from: 2s, to: 4s", rows, tmp_path / "elsewhere")


def test_a_channel_is_compared_with_a_file(call_placed: Callable[..., Rows], tmp_path: Path) -> None:
    """`similar to FILE`: met by the sound that was played, told with score and place where it is not."""
    for name, number in (("a.wav", 0), ("b.wav", 1)):
        with wave.open(str(tmp_path / name), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            file.writeframes(samples(Voice(number), 0, 32_000, 16_000).astype("<i2").tobytes())
    rows = call_placed((1_000, "B", Answers()), (2_000, "A", Speaks({"file": "a.wav"}, 2_000)), (5_000, "A", HangsUp()))
    assert failures_of("left: similar to a.wav", rows, tmp_path) == ()
    assert failures_of("left: similar to a.wav, from: 2s, to: 3s", rows, tmp_path) == ()
    [failure] = failures_of("left: similar to b.wav", rows, tmp_path)
    assert failure.nearest.startswith("similarity 0.") and "with the file's beginning at 0:0" in failure.nearest
    assert failure.message.startswith("x/sample.yaml:6: expect.audio[0]: ")
    assert failure.message.endswith("of the recording, 0.7 is wanted")
    [silent] = failures_of("right: similar to a.wav, from: 3s, to: 4s", rows, tmp_path)
    assert silent.nearest == "similarity 0.00"
    with pytest.raises(ScenarioError, match=r"x/sample.yaml:6: expect.audio\[0\]: .*no.wav"):
        failures_of("left: similar to no.wav", rows, tmp_path)


SPANS = st.builds(
    lambda source, side, begin, length, offset: Span(source, side, begin, begin + length, offset),
    st.sampled_from([Voice(0), Voice(1), Noise(500, 3)]),
    st.sampled_from(["left", "right"]),
    st.integers(0, 300),
    st.integers(0, 300),
    st.integers(0, 1_000),
)


@given(st.lists(SPANS, max_size=4), st.integers(0, 400), st.integers(0, 400))
def test_an_excerpt_sounds_like_that_part_of_the_whole(spans: list[Span], one: int, other: int) -> None:
    """A check renders only what it asks for: the samples are those of the whole track."""
    track = Track(400, 2, 8_000, tuple(spans))
    from_ms, to_ms = sorted((one, other))
    whole = np.concatenate([*blocks(track), np.zeros((0, 2), dtype=np.int16)])
    part = np.concatenate([*blocks(excerpt(track, from_ms, to_ms)), np.zeros((0, 2), dtype=np.int16)])
    assert np.array_equal(part, whole[from_ms * 8 : to_ms * 8])
