"""A logged call placed again: what the simulation itself would have logged is the same (issue 5, item 7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.capture.anonymous import Mask
from callflow.capture.calls import calls_of
from callflow.capture.reading import parse_capture
from callflow.capture.replaying import MOST_MOMENTS, Replayed, Wishes, replay
from callflow.core.errors import ScenarioError
from callflow.scenario.language import parse_scenario
from callflow.simulate import simulate

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ON_ANSWER = EXAMPLES / "record_on_answer" / "record_on_answer.json"
PER_USER = EXAMPLES / "record_per_user" / "record_per_user.json"
FILLED = {"RECORDING_SERVER": "my.server", "ACCOUNT_ID": "acme", "USER_ID": "alice", "VMBOX_ID": "alice-box"}
Logged = list[dict[str, Any]]


def again(content: bytes, wishes: Wishes) -> Replayed:
    """Place the only call of a capture again."""
    log = parse_capture(content, "x")
    (call,) = calls_of(log.events)
    return replay(call, log.form, {event.name for event in log.events}, wishes)


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
@pytest.mark.parametrize(
    ("example", "flow", "account", "dialled"),
    [
        ("record_on_answer/answered.yaml", ON_ANSWER, None, "2001"),
        ("record_on_answer/busy.yaml", ON_ANSWER, None, "2001"),
        ("record_per_user/answered.yaml", PER_USER, None, "2001"),
        ("record_per_user/voicemail.yaml", PER_USER, None, "2001"),
        ("office/branch_comes_back.yaml", "2000", EXAMPLES / "office" / "office.yaml", "2000"),
    ],
)
def test_what_the_simulation_would_log_is_the_same(
    example_log: Callable[..., Logged],
    as_json_lines: Callable[[Logged], bytes],
    as_socket_text: Callable[[Logged], bytes],
    tmp_path: Path,
    profile: str,
    example: str,
    flow: str | Path,
    account: Path | None,
    dialled: str,
) -> None:
    """A call, logged and read and placed again, has no difference, in either form, with people or without."""
    events = example_log(example, profile, dialled=dialled)
    for content in (as_json_lines(events), as_socket_text(events)):
        for mask in (None, Mask(b"salt")):
            wishes = Wishes(str(flow), account, tmp_path / "x.yaml", profile, values=FILLED, mask=mask)
            replayed = again(content, wishes)
            assert replayed.differences == ()
            assert profile in replayed.best
            (scenario,) = parse_scenario(replayed.text, file=str(tmp_path / "x.yaml"))
            assert simulate(scenario).result().failures == ()


EVENTS = st.builds(
    lambda name, leg, at_s, other, cause, digit: {
        "Event-Name": name,
        "Call-ID": leg,
        "Timestamp": 63_900_000_000 + at_s,
        "Call-Direction": "inbound" if leg == "a" else "outbound",
        "Other-Leg-Call-ID": other,
        "Hangup-Cause": cause,
        "DTMF-Digit": digit,
    },
    st.sampled_from([
        "CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE", "CHANNEL_HOLD", "CHANNEL_UNHOLD",
        "DTMF", "RECORD_START", "RECORD_STOP", "CHANNEL_TRANSFEROR", "CHANNEL_HANGUP", "CHANNEL_DESTROY",
    ]),
    st.sampled_from("abc"),
    st.integers(0, 90),
    st.sampled_from(["", "a", "b", "nobody"]),
    st.sampled_from(["", "NORMAL_CLEARING", "NO_ANSWER", "USER_BUSY", "ODD"]),
    st.sampled_from(["", "1", "#", "x"]),
)  # fmt: skip


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, min_size=1, max_size=14))
def test_any_course_of_events_can_be_placed_again(tmp_path: Path, events: Logged) -> None:
    """However odd the log is: a scenario that can be read and run, and both sides in full."""
    log = parse_capture("".join(json.dumps(each) + "\n" for each in events).encode(), "x")
    names = {event.name for event in log.events}
    for call in calls_of(log.events):
        replayed = replay(call, log.form, names, Wishes(str(ON_ANSWER), None, tmp_path / "x.yaml"))
        compared = {*names, "CHANNEL_DESTROY"} - {"CHANNEL_HANGUP"}
        wanted = sum(each.name in compared for each in call.moments)
        assert sum(pair.logged_ms is not None for pair in replayed.pairs) == wanted
        parse_scenario(replayed.text, file=str(tmp_path / "x.yaml"))


def test_a_call_of_endless_events_is_refused(tmp_path: Path) -> None:
    """Hostile input: one call's events are bounded."""
    event = {"Event-Name": "DTMF", "Call-ID": "a", "Timestamp": 63_900_000_000, "DTMF-Digit": "1"}
    content = (json.dumps(event) + "\n").encode() * (MOST_MOMENTS + 1)
    with pytest.raises(ScenarioError, match="more than 5,000 events"):
        again(content, Wishes(str(ON_ANSWER), None, tmp_path / "x.yaml"))
