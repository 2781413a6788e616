"""The order of channel events in the usual calls (B§8.2)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.causes import HangupCause
from callflow.core.events import Answers, HangsUp, Rejects, Told

RING = {"module": "device", "data": {"id": "lobby"}, "children": {"_": {"module": "voicemail", "data": {"id": "box"}}}}
RECORDED = {"module": "record_call", "data": {"action": "start"}, "children": {"_": RING}}
SLEEP = {"module": "sleep", "data": {"duration": 60}}
LISTEN = {"module": "play", "data": {"id": "song"}}

START = "CHANNEL_CREATE(A) CHANNEL_CREATE(B) CHANNEL_PROGRESS(B) CHANNEL_PROGRESS(A)"
# A recording opens the caller's media before anybody rings, so that no 180 follows (B§3.3).
RECORDED_START = "CHANNEL_CREATE(A) CHANNEL_PROGRESS_MEDIA(A) CHANNEL_CREATE(B) CHANNEL_PROGRESS(B) RECORD_START(A)"
JOINED = "CHANNEL_ANSWER(B) CHANNEL_ANSWER(A) CHANNEL_BRIDGE(A)"

ANSWERED = (4_000, Answers(), "B")

ORDERS: dict[str, tuple[dict[str, Any], list[tuple[int, Told, str]], str]] = {
    "answered, B hangs up": (
        RECORDED,
        [ANSWERED, (9_000, HangsUp(), "B")],
        f"{RECORDED_START} {JOINED} CHANNEL_DESTROY(B) CHANNEL_UNBRIDGE(A) CHANNEL_EXECUTE_COMPLETE(A)"
        " RECORD_STOP(A) CHANNEL_DESTROY(A)",
    ),
    "answered, A hangs up": (
        RECORDED,
        [ANSWERED, (9_000, HangsUp(), "A")],
        f"{RECORDED_START} {JOINED} CHANNEL_UNBRIDGE(A) RECORD_STOP(A) CHANNEL_DESTROY(A) CHANNEL_DESTROY(B)",
    ),
    "answered, unrecorded": (
        RING,
        [ANSWERED, (9_000, HangsUp(), "B")],
        f"{START} {JOINED} CHANNEL_DESTROY(B) CHANNEL_UNBRIDGE(A) CHANNEL_EXECUTE_COMPLETE(A) CHANNEL_DESTROY(A)",
    ),
    "no answer, voicemail": (
        RING,
        [(40_000, HangsUp(), "A")],
        f"{START} CHANNEL_DESTROY(B) CHANNEL_EXECUTE_COMPLETE(A) CHANNEL_ANSWER(A) RECORD_START(A)"
        " RECORD_STOP(A) CHANNEL_DESTROY(A)",
    ),
    "busy": (
        {"module": "device", "data": {"id": "lobby"}},
        [(2_000, Rejects(HangupCause.USER_BUSY), "B")],
        f"{START} CHANNEL_DESTROY(B) CHANNEL_EXECUTE_COMPLETE(A) CHANNEL_DESTROY(A)",
    ),
    "abandoned in ringing": (
        RING,
        [(2_000, HangsUp(), "A")],
        f"{START} CHANNEL_DESTROY(A) CHANNEL_DESTROY(B)",
    ),
    "recorded and abandoned": (
        RECORDED,
        [(2_000, HangsUp(), "A")],
        f"{RECORDED_START} RECORD_STOP(A) CHANNEL_DESTROY(A) CHANNEL_DESTROY(B)",
    ),
    "hang-up in a prompt": (
        LISTEN,
        [(2_000, HangsUp(), "A")],
        "CHANNEL_CREATE(A) CHANNEL_ANSWER(A) CHANNEL_DESTROY(A)",
    ),
    "hang-up in a sleep": (
        {"module": "record_call", "data": {"action": "start"}, "children": {"_": SLEEP}},
        [(2_000, HangsUp(), "A")],
        "CHANNEL_CREATE(A) CHANNEL_PROGRESS_MEDIA(A) RECORD_START(A) RECORD_STOP(A) CHANNEL_DESTROY(A)",
    ),
    "ring group": (
        {"module": "user", "data": {"id": "bob"}},
        [(4_000, Answers(), "B2"), (9_000, HangsUp(), "B2")],
        f"{START} CHANNEL_CREATE(B2) CHANNEL_PROGRESS(B2)"
        " CHANNEL_ANSWER(B2) CHANNEL_DESTROY(B) CHANNEL_ANSWER(A) CHANNEL_BRIDGE(A) CHANNEL_DESTROY(B2)"
        " CHANNEL_UNBRIDGE(A) CHANNEL_EXECUTE_COMPLETE(A) CHANNEL_DESTROY(A)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("call", ORDERS)
@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
def test_order_of_events(build: Any, call: str, profile: str) -> None:
    """B§8.2: the events of the usual calls, in order, in every profile."""
    flow, tells, expected = ORDERS[call]
    assert build.play(flow, *tells, profile=profile).events() == expected.split()


@pytest.mark.parametrize(
    ("call", "ends", "response"),
    [
        ("answered, B hangs up", {"B": "NORMAL_CLEARING sip:200", "A": "NORMAL_CLEARING sip:200"}, "SUCCESS"),
        ("answered, A hangs up", {"A": "NORMAL_CLEARING sip:200", "B": "NORMAL_CLEARING sip:200"}, None),
        ("no answer, voicemail", {"B": "NO_ANSWER sip:480", "A": "NORMAL_CLEARING sip:200"}, "NO_ANSWER"),
        ("busy", {"B": "USER_BUSY sip:486", "A": "NORMAL_CLEARING sip:480"}, "USER_BUSY"),
        ("abandoned in ringing", {"A": "ORIGINATOR_CANCEL sip:487", "B": "ORIGINATOR_CANCEL sip:487"}, None),
    ],
)
def test_causes_of_the_ends(build: Any, call: str, ends: dict[str, str], response: str | None) -> None:
    """B§8.2 and B§8.3: each leg's hangup cause and code, and what the bridge reported."""
    flow, tells, _ = ORDERS[call]
    stage = build.play(flow, *tells)
    gone = stage.find("LEG", "CHANNEL_DESTROY")
    assert {row.leg: f"{row.detail['hangup_cause']} {row.detail['hangup_code']}" for row in gone} == ends
    completed = [row.detail["response"] for row in stage.find("EVENT", "CHANNEL_EXECUTE_COMPLETE")]
    assert completed == ([response] if response else [])


def test_who_hung_up(build: Any) -> None:
    """Design §7: `hangup_by` is the party that hung up, the flow, or what the driver calls it."""
    for told, by in ((HangsUp(), "caller"), (HangsUp("end of scenario"), "end of scenario")):
        stage = build.play(RING, (2_000, told))
        assert {end[2] for end in stage.ends().values()} == {by}
