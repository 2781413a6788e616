"""record_caller: one side and blocking, or both sides and not, by profile (the seed, opening; B§5)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.events import HangsUp, Presses, Speaks
from callflow.core.trace import DELIVERY

NODE: dict[str, Any] = {
    "module": "record_caller",
    "data": {"time_limit": 30, "url": "http://h/r"},
    "children": {"_": {"module": "noop"}},
}
SPEAKS = (0, Speaks({"voice": "caller"}, 60_000))


def taken(build: Any, profile: str, *tells: Any, **data: Any) -> tuple[Any, dict[str, Any]]:
    """Run one record_caller node; returns the stage and its recording."""
    stage = build.play({**NODE, "data": {**NODE["data"], **data}}, *tells, profile=profile)
    (made,) = stage.recordings()
    return stage, made


@pytest.mark.parametrize(
    ("profile", "answers", "channels", "rate"),
    [("docs", 1, 1, 8_000), ("kazoo-4", 1, 1, 8_000), ("kazoo-5", 0, 2, 16_000)],
)
def test_sides(build: Any, profile: str, answers: int, channels: int, rate: int) -> None:
    """B§5: answers and records the read side; Kazoo 5 pre-answers and records both."""
    stage, made = taken(build, profile, SPEAKS, (4_000, HangsUp()))
    assert len(stage.find("LEG", "CHANNEL_ANSWER")) == answers
    assert (made["kind"], made["channels"], made["sample_rate"], made["origin"]) == (
        "caller",
        channels,
        rate,
        "no origin",
    )


@pytest.mark.parametrize(
    ("profile", "length_ms", "ended_by"),
    [("docs", 4_000, "digit"), ("kazoo-4", 4_000, "digit"), ("kazoo-5", 30_000, "time_limit")],
)
def test_digits(build: Any, profile: str, length_ms: int, ended_by: str) -> None:
    """B§5: any digit ends it; in Kazoo 5 digits have no effect. The flow waits for the end, and then goes on."""
    stage, made = taken(build, profile, SPEAKS, (4_000, Presses("7")))
    assert (made["length_ms"], made["ended_by"]) == (length_ms, ended_by)
    assert (stage.path(), stage.times("NODE")) == (["record_caller", "noop"], [0, length_ms])


@pytest.mark.parametrize(
    ("profile", "length_ms", "ended_by"),
    [("docs", 30_000, "time_limit"), ("kazoo-4", 5_000, "initial_silence"), ("kazoo-5", 30_000, "time_limit")],
)
def test_silence(build: Any, profile: str, length_ms: int, ended_by: str) -> None:
    """B§5: five seconds of silence end it in Kazoo 4 only."""
    assert [taken(build, profile)[1][key] for key in ("length_ms", "ended_by")] == [length_ms, ended_by]


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
def test_hang_up(build: Any, profile: str) -> None:
    """B§5: a hang-up ends the recording and the flow; the file is delivered."""
    stage, made = taken(build, profile, SPEAKS, (4_000, HangsUp()))
    assert (made["to"], made["length_ms"], made["ended_by"]) == ("FINISHED", 4_000, "hangup")
    assert stage.path() == ["record_caller"]
    assert stage.find(DELIVERY, "REQUESTED")[0].detail["target"] == "url"
    assert stage.engine.live_calls == ()


def test_its_limit_is_exact_everywhere(build: Any) -> None:
    """B§3.4: the early end by whole seconds is record_call's; this application has a clock of its own."""
    stage = build.play(
        {"module": "sleep", "data": {"duration": 700, "unit": "ms"}, "children": {"_": NODE}}, SPEAKS, profile="kazoo-5"
    )
    assert stage.recordings()[0]["length_ms"] == 30_000


def test_format_and_origin(build: Any) -> None:
    """B§5, Keys: those of a recording."""
    _, made = taken(build, "docs", format="wav", origin="by hand", record_sample_rate=16_000)
    assert [made[key] for key in ("format", "origin", "sample_rate")] == ["wav", "by hand", 16_000]
