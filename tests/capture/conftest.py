"""Captures for tests: what a simulated run would have been logged as, by Kazoo or by the switch."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from callflow.core.trace import LEG, Row, channel_event
from callflow.scenario.language import load_scenario
from callflow.scenario.preparing import Choices
from callflow.simulate import simulate

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
START_S = 1_796_032_800

Logged = list[dict[str, Any]]


def logged(rows: Sequence[Row], *, number: str = "+14155550100", name: str = "Bob", dialled: str = "2001") -> Logged:
    """The rows of a run as Kazoo's call events, times in µs since 1970."""
    events: Logged = []
    party: dict[str, str] = {}
    for row in rows:
        detail = row.detail or {}
        if row.kind == LEG and row.name == "CHANNEL_CREATE":
            party[row.leg] = detail["device"]
        event_name = channel_event(row)
        if not event_name:
            continue
        is_a = row.leg == "A"
        event: dict[str, Any] = {
            "Event-Category": "call_event",
            "Event-Name": event_name,
            "Call-ID": f"{row.call_id}-{row.leg}",
            "Timestamp": (START_S * 1000 + row.at_ms) * 1000,
            "Call-Direction": "inbound" if is_a else "outbound",
            "Caller-ID-Number": number,
            "Caller-ID-Name": name,
            "To": f"{dialled}@acme.example",
            "Request": f"{dialled}@acme.example",
        }
        if not is_a:
            event |= {
                "Other-Leg-Call-ID": f"{row.call_id}-A",
                "Custom-Channel-Vars": {"Authorizing-ID": party[row.leg]},
            }
        elif "other_leg" in detail:
            event["Other-Leg-Call-ID"] = f"{row.call_id}-{detail['other_leg']}"
        if event_name == "CHANNEL_DESTROY":
            event["Hangup-Cause"] = detail["hangup_cause"]
        if event_name == "DTMF":
            event["DTMF-Digit"] = detail["digit"]
        events.append(event)
    return events


def json_lines(events: Logged) -> bytes:
    """The events as a file of Kazoo's payloads."""
    return "".join(json.dumps(event) + "\n" for event in events).encode()


def socket_text(events: Logged) -> bytes:
    """The same as the switch's event socket would say them, in envelopes as a client gets them."""
    words = {
        "Event-Name": "Event-Name",
        "Call-ID": "Unique-ID",
        "Timestamp": "Event-Date-Timestamp",
        "Other-Leg-Call-ID": "Other-Leg-Unique-ID",
        "Call-Direction": "Call-Direction",
        "Caller-ID-Number": "Caller-Caller-ID-Number",
        "Caller-ID-Name": "Caller-Caller-ID-Name",
        "Hangup-Cause": "Hangup-Cause",
        "DTMF-Digit": "DTMF-Digit",
    }
    text = ""
    for event in events:
        fields = {words[key]: str(value) for key, value in event.items() if key in words}
        fields["Caller-Destination-Number"] = event["To"].partition("@")[0]
        fields |= {f"variable_ecallmgr_{key}": each for key, each in event.get("Custom-Channel-Vars", {}).items()}
        body = "".join(f"{key}: {quote(value)}\n" for key, value in fields.items()) + "\n"
        text += f"Content-Length: {len(body)}\nContent-Type: text/event-plain\n\n{body}"
    return text.encode()


@pytest.fixture(scope="session")
def example_log() -> Callable[..., Logged]:
    """Kazoo's call events of an example, as if production had done what the simulation does under a profile."""

    def make(name: str, profile: str | None = None, **caller: str) -> Logged:
        (scenario, *_) = load_scenario(EXAMPLES / name)
        return logged(simulate(scenario, Choices(profile=profile)).rows, **caller)

    return make


@pytest.fixture(scope="session")
def as_json_lines() -> Callable[[Logged], bytes]:
    """Write events as Kazoo's payloads, an object a line."""
    return json_lines


@pytest.fixture(scope="session")
def as_socket_text() -> Callable[[Logged], bytes]:
    """Write events as the event socket does."""
    return socket_text
