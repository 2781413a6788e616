"""Where silence ends a recording, beside a frame-by-frame judge of the same recording's rendered sound (B§4).

Each random call is run twice: with detection, and without it and without pauses, which gives the whole sound.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from callflow.core.events import Answers, Caller, Controls, FallsSilent, HangsUp, Holds, Presses, Resumes, Speaks, Told
from callflow.core.trace import RECORDER
from callflow.media.render import blocks
from callflow.report.hearing import soundtracks

REFERENCE = Path(__file__).parents[1] / "media" / "silence_reference.py"
RATES = {"PCMU": (8_000, 8_000), "G722": (16_000, 8_000), "L16": (16_000, 16_000), "OPUS": (48_000, 48_000)}
END_MS = 4_000
BATCHES, CALLS_IN_A_BATCH = 5, 40
PROFILES = ("docs", "kazoo-5")
THRESHOLDS = (1, 100, 200, 300, 500)
TIMEOUTS = (0, 5, 20, 21, 60, 137, 500, 1_300)


def loaded_reference() -> ModuleType:
    """The judge, written from the text alone for the tests of the media room."""
    spec = importlib.util.spec_from_file_location("silence_reference", REFERENCE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = loaded_reference()


@frozen
class Call:
    """A call of `END_MS`: alice is rung at `rings_ms` and answers at `answers_ms`.

    The ringing or the bridge starts the recording; kazoo profiles bridge a little later than alice answers.
    """

    profile: str
    codec: str
    codec_of_alice: str
    rings_ms: int
    answers_ms: int
    is_on_bridge: bool
    threshold: int
    initial_ms: int
    final_ms: int
    said: tuple[tuple[int, Told, str], ...]
    controls: tuple[tuple[int, Told, str], ...]

    def played(self, build: Any, *, listens: bool) -> Any:
        """The call as it went: with detection and everything done to the recording, or without either."""
        keys: dict[str, Any] = {
            "silence_detection": listens,
            "silence_threshold": self.threshold,
            "silence_initial_timeout": self.initial_ms,
            "silence_final_timeout": self.final_ms,
        }
        rate_hz = RATES[self.codec][0]
        keys |= {"record_sample_rate": rate_hz, "record_on_bridge": self.is_on_bridge}
        record = {"action": "start", "format": "wav", **keys}
        flow = {"module": "user", "data": {"id": "alice"}}
        flow = {"module": "record_call", "data": record, "children": {"_": flow}}
        flow = {"module": "sleep", "data": {"duration": self.rings_ms, "unit": "ms"}, "children": {"_": flow}}
        account = build.with_device(build.household(), "alice-phone", codec=self.codec_of_alice)
        stage = build.stage({"module": "answer", "children": {"_": flow}}, account=account, profile=self.profile)
        stage.offer(caller=evolve(Caller("+14155550100", "Carol"), codec=self.codec))
        tells = [(self.answers_ms, Answers(), "B"), *self.said, *(self.controls if listens else ())]
        for tell in sorted(tells, key=lambda each: each[0]):
            stage.tell(*tell)
        return stage.tell(END_MS, HangsUp()).run()


def told(events: st.SearchStrategy[Told], legs: str, most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """Some events at some times on some legs."""
    one = st.tuples(st.integers(0, END_MS - 1), events, st.sampled_from(legs))
    return st.lists(one, max_size=most).map(tuple)


SPEECH: st.SearchStrategy[Told] = st.one_of(
    st.builds(Speaks, st.integers(20, 700).map(lambda level: {"noise": level}), st.integers(1, 1_500)),
    st.sampled_from([FallsSilent(), Presses("7"), Holds(), Resumes()]),
)
CONTROLS = [Controls(action) for action in ("mask", "unmask", "pause", "resume")]
CALLS = st.builds(
    Call,
    profile=st.sampled_from(PROFILES),
    codec=st.sampled_from(sorted(RATES)),
    codec_of_alice=st.sampled_from(sorted(RATES)),
    rings_ms=st.integers(1, 300),
    answers_ms=st.integers(301, 2_500),
    is_on_bridge=st.booleans(),
    threshold=st.sampled_from(THRESHOLDS),
    initial_ms=st.sampled_from(TIMEOUTS),
    final_ms=st.sampled_from(TIMEOUTS),
    said=told(SPEECH, "AB", 8),
    controls=told(st.sampled_from(CONTROLS), "A", 6),
)


def thrown(dice: Random) -> Call:
    """A call of which much is different from one that ends at once: hypothesis looks at simple ones first."""

    def event() -> Told:
        if dice.random() < 0.7:
            sounds: list[dict[str, object]] = [{"noise": dice.randint(20, 700)}, {"voice": "caller"}]
            return Speaks(dice.choice(sounds), dice.randint(1, 1_500))
        others: list[Told] = [FallsSilent(), Presses("7"), Holds(), Resumes()]
        return dice.choice(others)

    said = [(dice.randrange(END_MS), event(), dice.choice("AB")) for _ in range(dice.randint(3, 12))]
    controls = [(dice.randrange(END_MS), dice.choice(CONTROLS), "A") for _ in range(dice.choice([0, 0, 2, 6]))]
    return Call(
        profile=dice.choice(PROFILES),
        codec=dice.choice(sorted(RATES)),
        codec_of_alice=dice.choice(sorted(RATES)),
        rings_ms=dice.randint(1, 300),
        answers_ms=dice.randint(301, 1_500),
        is_on_bridge=dice.random() < 0.5,
        threshold=dice.choice(THRESHOLDS),
        initial_ms=dice.choice([0, 100, 500, 1_300]),
        final_ms=dice.choice(TIMEOUTS),
        said=tuple(said),
        controls=tuple(controls),
    )


def heard_stretches(stage: Any, starts_ms: int) -> list[tuple[int, int]]:
    """From when to when frames reached the recording, in its own time: all the time but in pauses."""
    stretches, since_ms = [], 0
    for row in stage.find(RECORDER):
        at_ms = row.at_ms - starts_ms
        if row.name == "RECORD_PAUSE":
            stretches.append((since_ms, at_ms))
            since_ms = END_MS
        elif row.name == "RECORD_RESUME":
            since_ms = at_ms
    return [*stretches, (since_ms, END_MS - starts_ms)]


def judged(call: Call, stage: Any, starts_ms: int, values: list[int]) -> tuple[int, str]:
    """The judge's answer for the whole sound of a stereo recording: when it ends, in its own time, and the cause."""
    rate_hz, clock_hz = RATES[call.codec]
    recorder = reference.Recorder(call.threshold, call.initial_ms, call.final_ms)
    per_ms = 2 * rate_hz // 1000
    for from_ms, to_ms in heard_stretches(stage, starts_ms):
        now = from_ms
        for frame in reference.frames_of(values[from_ms * per_ms : to_ms * per_ms], rate_hz, 2):
            now += 20
            cause = recorder.take(reference.score_of(frame, clock_hz), now)
            if cause is not None:
                return now, cause
    return END_MS - starts_ms, "success-silence" if recorder.speech else "no-input-timeout"


def compare(build: Any, call: Call) -> str:
    """Run the call both ways and compare; how it ended."""
    whole = call.played(build, listens=False)
    [track] = soundtracks(whole.rows).values()
    values = np.concatenate([np.zeros((0, 2), np.int16), *blocks(track)]).reshape(-1).tolist()
    stage = call.played(build, listens=True)
    [made] = stage.recordings()
    starts_ms = made["RECORD_START"]
    assert starts_ms == whole.recordings()[0]["RECORD_START"]
    ends_ms, cause = judged(call, stage, starts_ms, values)
    if made["length_ms"] < 20:  # paused from the start to the end: no frame was ever written (B§3.8)
        ends_ms, cause = END_MS - starts_ms, "empty-file"
    [closed] = [row.at_ms for row in stage.find(RECORDER) if row.name.startswith("RECORD_STOP")]
    assert (closed - starts_ms, made["completion_cause"]) == (ends_ms, cause)
    return str(made["ended_by"])


@settings(max_examples=40)
@given(CALLS)
def test_a_simple_call_ends_where_a_judge_of_its_frames_says(build: Any, call: Call) -> None:
    """B§4.1 to B§4.3, design §12: whatever is said, held, masked and paused, to the frame and with the same cause."""
    compare(build, call)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_busy_call_ends_where_a_judge_of_its_frames_says(build: Any, batch: int) -> None:
    """B§4.1 to B§4.3, design §12: the same of calls in which much happens; they end in every way."""
    dice = Random(batch)
    ends = [compare(build, thrown(dice)) for _ in range(CALLS_IN_A_BATCH)]
    assert set(ends) == {"initial_silence", "final_silence", "hangup"}


@settings(max_examples=40)
@given(st.sampled_from(["PCMU", "G722"]), st.integers(1, 3), told(SPEECH, "A", 8))
def test_a_take_ends_where_a_count_of_its_frames_says(build: Any, codec: str, hits: int, said: Any) -> None:
    """B§4.6: as many silent frames as hits have seconds, counted from the start; a loud one refills the count."""
    box = build.with_box(
        build.household(), silence_hits=hits, skip_greeting=True, skip_instructions=True, media_extension="wav"
    )
    stage = build.stage({"module": "voicemail", "data": {"id": "box"}}, account=box)
    stage.offer(caller=evolve(Caller("+14155550100", "Carol"), codec=codec))
    for tell in said:
        if not isinstance(tell[1], Presses):
            stage.tell(*tell)
    stage.tell(60_000, HangsUp()).run()
    made = stage.recordings()[0]
    length_ms = made["length_ms"]
    assert made["ended_by"] == "final_silence" or made["ended_by"] == "initial_silence"
    rate_hz = RATES[codec][0]
    track = soundtracks(stage.rows)["c1", 0]
    values = np.concatenate([*blocks(evolve(track, sample_rate=rate_hz))])
    left = 50 * hits
    for number, frame in enumerate(reference.frames_of(values.reshape(-1).tolist(), rate_hz, 1)):
        is_silent = int(reference.score_of(frame, rate_hz)) < 200
        left = left - 1 if is_silent else 50 * hits
        if not left:
            assert length_ms == 20 * (number + 1)
            return
    raise AssertionError(f"the count of {left} is left at {length_ms} ms")
