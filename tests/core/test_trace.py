"""The trace's rows, and what Kazoo would publish of them (design §2 law 5; B§3.11, B§8.1)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.trace import (
    AUDIO,
    EVENT,
    FORMAT,
    INPUT,
    LEG,
    NODE,
    RECORDER,
    TRACE,
    Row,
    channel_event,
)


def row(kind: str, name: str, leg: str = "A", detail: Any = None) -> Row:
    """A row of which only these matter."""
    return Row(1, 0, "c1", leg, kind, name, detail, 0, "")


def test_row_zero_is_the_header(build: Any) -> None:
    """Law 6: row 0 carries the form's number, the start, the seed and the profile, and what the driver adds."""
    stage = build.stage(
        {"module": "none"},
        fakes={"none": build.doing()},
        start_s=1_700_000_000,
        seed=7,
        profile="kazoo-5",
        header={"scenario": "s"},
    ).run()
    assert stage.rows == [
        Row(
            0, 0, "", "", TRACE, "trace",
            {"format": FORMAT, "start_s": 1_700_000_000, "seed": 7, "profile": "kazoo-5", "scenario": "s"}, -1, "",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "published"),
    [
        (row(LEG, "CHANNEL_CREATE"), "CHANNEL_CREATE"),
        (row(LEG, "CHANNEL_ANSWER", "B"), "CHANNEL_ANSWER"),
        (row(LEG, "CHANNEL_BRIDGE"), "CHANNEL_BRIDGE"),
        (row(LEG, "CHANNEL_BRIDGE", "B"), ""),
        (row(LEG, "CHANNEL_UNBRIDGE", "A"), "CHANNEL_UNBRIDGE"),
        (row(LEG, "CHANNEL_UNBRIDGE", "B2"), ""),
        (row(RECORDER, "RECORD_START"), "RECORD_START"),
        (row(RECORDER, "RECORD_STOP"), "RECORD_STOP"),
        (row(RECORDER, "RECORD_STOP_UNWANTED"), "RECORD_STOP"),
        (row(RECORDER, "TRIGGERED"), ""),
        (row(RECORDER, "LEG_GONE"), ""),
        (row(EVENT, "DTMF"), "DTMF"),
        (row(EVENT, "CHANNEL_EXECUTE_COMPLETE"), "CHANNEL_EXECUTE_COMPLETE"),
        (row(NODE, "user"), ""),
        (row(INPUT, "answers"), ""),
        (row(AUDIO, "plays"), ""),
    ],
)
def test_what_kazoo_would_publish(made: Row, published: str) -> None:
    """B§8.1 and B§3.11: which rows are call events; a bridge and its end are announced once, on the A-leg."""
    assert channel_event(made) == published
