"""Which frames of a recording are silent: the score of B§4.1 over what the recording hears, per codec and side."""

from __future__ import annotations

import wave
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

WAIT = {"module": "wait_for_hangup"}
KEYS = {"silence_detection": True, "silence_initial_timeout": 500, "silence_final_timeout": 300}
RATES = {"PCMU": 8_000, "L16": 16_000, "SPEEX": 16_000, "OPUS": 48_000, "G722": 16_000}


def write_level(path: Path, amplitude: int, rate_hz: int, length_ms: int = 1_000) -> None:
    """A file of constant amplitude: every other sample is negative."""
    count = rate_hz * length_ms // 1000
    values = np.where(np.arange(count) % 2, -amplitude, amplitude).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, rate_hz, 0, "NONE", "not compressed"))
        out.writeframes(values.tobytes())


def is_speech(staging: ModuleType, folder: Path, amplitude: int, codec: str, flow: Any) -> bool:
    """Whether a caller of constant amplitude from the start on is heard: no initial timeout, then, but the final one.

    The sound is at the codec's own rate, so that nobody resamples it.
    """
    write_level(folder / "level.wav", amplitude, RATES[codec])
    caller = {"number": "1", "dials": "2001", "codec": codec}
    run = staging.played(folder, "at 0s: caller plays level.wav", "at 9s: caller hangs up", flow=flow, caller=caller)
    [made] = run.result().recordings
    ended = (made.length_ms, made.ended_by)
    assert ended in ((500, "initial_silence"), (1_320, "final_silence")), ended
    return bool(made.ended_by == "final_silence")


@pytest.mark.parametrize(
    ("codec", "threshold", "least"),
    [
        ("PCMU", 200, 400), ("L16", 200, 200), ("SPEEX", 200, 200), ("G722", 200, 400), ("OPUS", 200, 67),
        ("OPUS", 201, 67), ("OPUS", 202, 68),
    ],
)  # fmt: skip
def test_the_score_of_one_talker_in_stereo(
    staging: ModuleType, tmp_path: Path, codec: str, threshold: int, least: int
) -> None:
    """B§4.1, the table; B§4.5, 6 and 7: half the amplitude at 8 kHz and on G722, all of it at 16 k, 3 times at 48 k.

    `least` is the lowest amplitude that is speech.
    """
    start = staging.record(WAIT, silence_threshold=threshold, **KEYS)
    flow = {"module": "answer", "children": {"_": start}}
    heard = [is_speech(staging, tmp_path, amplitude, codec, flow) for amplitude in (least - 1, least)]
    assert heard == [False, True]


def test_a_score_that_is_the_threshold_is_speech_in_mono(staging: ModuleType, tmp_path: Path) -> None:
    """B§12 11: threshold 200, constant amplitude 200, mono, 8 kHz: not below it. The caller alone is not halved."""
    flow = {"module": "record_caller", "data": {"format": "wav", "url": staging.URL, **KEYS}}
    assert [is_speech(staging, tmp_path, amplitude, "PCMU", flow) for amplitude in (199, 200)] == [False, True]


def test_both_talkers_count_together(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.1: interleaved, the score is the mean over both sides: two at 250 are heard where one alone is not."""
    write_level(tmp_path / "level.wav", 250, 8_000, 3_000)
    keys = {"silence_detection": True, "silence_initial_timeout": 4_000, "silence_final_timeout": 100}
    flow = staging.record(staging.ring(), record_on_bridge=True, **keys)
    talk = ["at 0s: alice answers", "at 1s: caller plays level.wav", "at 9s: caller hangs up"]
    run = staging.played(tmp_path, *talk, flow=flow)
    assert [(each.length_ms, each.ended_by) for each in run.result().recordings] == [(4_000, "initial_silence")]
    run = staging.played(tmp_path, *talk[:2], "at 2s: alice plays level.wav", talk[2], flow=flow)
    assert [(each.length_ms, each.ended_by) for each in run.result().recordings] == [(4_120, "final_silence")]


@pytest.mark.parametrize(("level", "is_loud"), [(150, False), (250, False), (450, True)])
def test_a_line_that_hisses_is_silent(staging: ModuleType, tmp_path: Path, level: int, is_loud: bool) -> None:
    """B§4.5, 5 and 6: noise whose mean is below twice the threshold does not keep a stereo recording alive."""
    flow = {"module": "answer", "children": {"_": staging.record(WAIT, **KEYS)}}
    run = staging.played(tmp_path, f"at 0s: caller sends noise {level} for 2s", "at 9s: caller hangs up", flow=flow)
    expected = (2_320, "final_silence") if is_loud else (500, "initial_silence")
    assert [(each.length_ms, each.ended_by) for each in run.result().recordings] == [expected]


def test_a_wideband_codec_is_said(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.5, 7: at run time, where the codec is known; G722 and 8 kHz need no word."""
    flow = {"module": "answer", "children": {"_": staging.record(WAIT, **KEYS)}}
    said = {}
    for codec in RATES:
        caller = {"number": "1", "dials": "2001", "codec": codec}
        run = staging.played(tmp_path, "at 1s: caller hangs up", flow=flow, caller=caller)
        warned = [each for each in run.result().diagnostics if each.code == "silence-wideband"]
        said[codec] = warned[0].message.partition(":")[0] if warned else ""
    assert said == {
        "PCMU": "",
        "L16": "L16 makes every score 2 times as high",
        "SPEEX": "SPEEX makes every score 2 times as high",
        "OPUS": "OPUS makes every score 6 times as high",
        "G722": "",
    }


@pytest.mark.parametrize(
    ("codec", "on_device", "amplitude", "is_heard"),
    [("", "OPUS", 67, True), ("PCMU", "OPUS", 399, False), ("", "PCMU", 399, False), ("OPUS", "PCMU", 67, True)],
)
def test_the_phones_codec_is_the_callers_unless_said_otherwise(
    staging: ModuleType, tmp_path: Path, codec: str, on_device: str, amplitude: int, is_heard: bool
) -> None:
    """Design §12, Sound: parties may have a codec; a caller on-net has that of its phone."""
    account = {
        "id": "acme",
        "users": [{"id": "bob"}],
        "devices": [{"id": "desk", "owner_id": "bob", "codec": on_device}],
    }
    caller = {"device": "desk", "dials": "2001"} | ({"codec": codec} if codec else {})
    spoken = codec or on_device
    write_level(tmp_path / "level.wav", amplitude, RATES[spoken])
    flow = {"module": "answer", "children": {"_": staging.record(WAIT, **KEYS)}}
    run = staging.played(
        tmp_path,
        "at 0s: caller plays level.wav",
        "at 9s: caller hangs up",
        flow=flow,
        caller=caller,
        account=account,
    )
    [made] = run.result().recordings
    assert (made.ended_by == "final_silence") is is_heard
    assert run.rows[2].name == "CHANNEL_CREATE" and run.rows[2].detail is not None
    assert run.rows[2].detail.get("codec", "PCMU") == spoken


def test_the_voicemail_counts_g722_as_what_it_is(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.6: the record application divides by the real rate: on G722 an amplitude of 100 is a score of 200."""
    account = {"id": "acme", "vmboxes": [{"id": "box", "mailbox": "2001", "silence_hits": 2}]}
    caller = {"number": "1", "dials": "2001", "codec": "G722"}
    for amplitude, length_ms in ((99, 2_000), (100, 3_000)):
        write_level(tmp_path / "level.wav", amplitude, 16_000)
        run = staging.played(
            tmp_path,
            "when voicemail records: caller plays level.wav",
            "after 9s: caller hangs up",
            flow=staging.VOICEMAIL,
            caller=caller,
            account=account,
        )
        [made] = run.result().recordings
        assert made.length_ms == length_ms, amplitude
