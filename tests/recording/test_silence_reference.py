"""Where silence ends a recording, beside a frame-by-frame judge of the same recording's rendered sound (B§4).

Each random call is run twice: with detection, and without it and without pauses, which gives the whole sound.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from callflow.core.events import Answers, Caller, Controls, FallsSilent, HangsUp, Holds, Presses, Resumes, Speaks, Told
from callflow.core.trace import RECORDER
from callflow.media.render import blocks
from callflow.report.hearing import soundtracks

REFERENCE = Path(__file__).parents[1] / "media" / "silence_reference.py"
RATES = {"PCMU": (8_000, 8_000), "G722": (16_000, 8_000), "L16": (16_000, 16_000), "OPUS": (48_000, 48_000)}
END_MS = 4_000
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
    """A call of `END_MS`: the recording begins at `starts_ms`, alice is rung then and answers at `answers_ms`."""

    codec: str
    codec_of_alice: str
    starts_ms: int
    answers_ms: int
    threshold: int
    initial_ms: int
    final_ms: int
    said: tuple[tuple[int, Told, str], ...] = field()
    controls: tuple[tuple[int, Told, str], ...] = field()

    def played(self, build: Any, *, listens: bool) -> Any:
        """The call as it went: with detection and everything done to the recording, or without either."""
        keys = {
            "silence_detection": listens,
            "silence_threshold": self.threshold,
            "silence_initial_timeout": self.initial_ms,
            "silence_final_timeout": self.final_ms,
        }
        rate_hz = RATES[self.codec][0]
        record = {"action": "start", "format": "wav", "record_sample_rate": rate_hz, **keys}
        flow = {"module": "user", "data": {"id": "alice"}}
        flow = {"module": "record_call", "data": record, "children": {"_": flow}}
        flow = {"module": "sleep", "data": {"duration": self.starts_ms, "unit": "ms"}, "children": {"_": flow}}
        account = build.with_device(build.household(), "alice-phone", codec=self.codec_of_alice)
        stage = build.stage({"module": "answer", "children": {"_": flow}}, account=account)
        stage.offer(caller=evolve(Caller("+14155550100", "Carol"), codec=self.codec))
        tells = [(self.answers_ms, Answers(), "B"), *self.said, *(self.controls if listens else ())]
        for tell in sorted(tells, key=lambda each: each[0]):
            stage.tell(*tell)
        return stage.tell(END_MS, HangsUp()).run()


def told(events: st.SearchStrategy[Told], legs: str, most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """Some events at some times on some legs."""
    one = st.tuples(st.integers(0, END_MS - 1), events, st.sampled_from(legs))
    return st.lists(one, max_size=most).map(tuple)


SPEECH = st.one_of(
    st.builds(Speaks, st.integers(20, 700).map(lambda level: {"noise": level}), st.integers(1, 1_500)),
    st.builds(Speaks, st.just({"voice": "caller"}), st.integers(1, 1_500)),
    st.sampled_from([FallsSilent(), Presses("7"), Holds(), Resumes()]),
)
CONTROL = st.sampled_from(["mask", "unmask", "pause", "resume"]).map(Controls)
CALLS = st.builds(
    Call,
    codec=st.sampled_from(sorted(RATES)),
    codec_of_alice=st.sampled_from(sorted(RATES)),
    starts_ms=st.integers(1, 300),
    answers_ms=st.integers(301, 2_500),
    threshold=st.sampled_from([1, 100, 200, 300, 500]),
    initial_ms=st.sampled_from(TIMEOUTS),
    final_ms=st.sampled_from(TIMEOUTS),
    said=told(SPEECH, "AB", 8),
    controls=told(CONTROL, "A", 6),
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


def judged(call: Call, stage: Any, values: list[int]) -> tuple[int, str]:
    """The judge's answer for the whole sound of a stereo recording: when it ends, in its own time, and the cause."""
    rate_hz, clock_hz = RATES[call.codec]
    recorder = reference.Recorder(call.threshold, call.initial_ms, call.final_ms)
    per_ms = 2 * rate_hz // 1000
    for from_ms, to_ms in heard_stretches(stage, call.starts_ms):
        now = from_ms
        for frame in reference.frames_of(values[from_ms * per_ms : to_ms * per_ms], rate_hz, 2):
            now += 20
            cause = recorder.take(reference.score_of(frame, clock_hz), now)
            if cause is not None:
                return now, cause
    return END_MS - call.starts_ms, "success-silence" if recorder.speech else "no-input-timeout"


@settings(max_examples=60)
@given(CALLS)
def test_a_recording_ends_where_a_judge_of_its_frames_says(build: Any, call: Call) -> None:
    """B§4.1 to B§4.3, design §12: whatever is said, held, masked and paused, to the frame and with the same cause."""
    whole = call.played(build, listens=False)
    [track] = soundtracks(whole.rows).values()
    values = np.concatenate([np.zeros((0, 2), np.int16), *blocks(track)]).reshape(-1).tolist()
    stage = call.played(build, listens=True)
    [made] = stage.recordings()
    assert made["RECORD_START"] == call.starts_ms
    assert (made["RECORD_STOP"] - call.starts_ms, made["completion_cause"]) == judged(call, stage, values)


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
