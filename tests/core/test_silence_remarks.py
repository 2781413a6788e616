"""What loading says of a recording's silence keys (B§4.2, B§4.4, B§4.5)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.node_remarks import node_remarks
from callflow.core.silence_remarks import silence_remarks


def said(**data: Any) -> list[tuple[str, str, str]]:
    """Code, severity and key of each remark on a start with detection, unless it is switched off."""
    remarks = silence_remarks({"action": "start", "silence_detection": True, **data}, "flow.data")
    return [(each.code, each.severity, each.where.removeprefix("flow.data").removeprefix(".")) for each in remarks]


FINAL = ("silence-final-timeout", "warning", "silence_final_timeout")
INITIAL = ("silence-initial-timeout", "info", "silence_initial_timeout")


@pytest.mark.parametrize(
    ("final_ms", "is_said"), [(None, True), (1, True), ("5", True), (20, True), (21, False), (0, False)]
)
def test_a_final_timeout_within_a_frame_is_said(final_ms: object, is_said: bool) -> None:
    """B§4.5, 1: 1 to 20 ms behave alike: the second silent frame ends the recording; the default is 5."""
    assert said(silence_final_timeout=final_ms, silence_initial_timeout=9_000) == ([FINAL] if is_said else [])


@pytest.mark.parametrize(("initial_ms", "is_said"), [(None, True), (0, True), (2_000, False)])
def test_no_initial_timeout_is_said(initial_ms: int | None, is_said: bool) -> None:
    """B§4.5, 2: by default a call on which nobody speaks is recorded to its limit."""
    assert said(silence_final_timeout=3_000, silence_initial_timeout=initial_ms) == ([INITIAL] if is_said else [])


@pytest.mark.parametrize("threshold", [0, "0", " -0 "])
def test_a_threshold_of_zero_is_said(threshold: object) -> None:
    """B§4.5, 3: it turns detection off silently, and nothing else about the timers matters then."""
    assert said(silence_threshold=threshold) == [("silence-threshold-zero", "warning", "silence_threshold")]


@pytest.mark.parametrize("key", ["silence_threshold", "silence_initial_timeout", "silence_final_timeout"])
def test_what_is_negative_is_said(key: str) -> None:
    """B§4.2: the switch ignores it, and nobody else says so."""
    data = {"silence_threshold": 300, "silence_initial_timeout": 1_000, "silence_final_timeout": 1_000, key: -1}
    assert said(**data)[:1] == [("silence-negative", "warning", key)]


def test_keys_without_detection_are_said() -> None:
    """B§4.4: silence_detection switches the other three on."""
    expected = [("silence-detection-off", "info", "")]
    assert said(silence_detection=None, silence_final_timeout=3_000) == expected
    assert said(silence_detection=False, silence_threshold=3, silence_final_timeout=3_000) == expected
    assert said(silence_detection=False) == []


def test_a_stop_has_no_silence_keys() -> None:
    """Nothing is said of keys that a stop node carries along."""
    assert said(action="stop") == []


def test_no_number_is_a_fault_of_its_own() -> None:
    """What the settings refuse anyway is not judged by its value: the default is."""
    values: tuple[object, ...] = ("--5", "5 s", True, 1.5, [])
    for value in values:
        assert said(silence_final_timeout=value) == [FINAL, INITIAL]


def test_both_recording_modules_have_the_keys() -> None:
    """B§5: record_caller has record_call's keys."""
    for module in ("record_call", "record_caller"):
        _, remarks = node_remarks(module, {"action": "start", "silence_detection": True}, "flow.data")
        assert [each.code for each in remarks] == ["silence-final-timeout", "silence-initial-timeout"]
    assert node_remarks("play", {"silence_detection": True}, "flow.data") == ((), ())
