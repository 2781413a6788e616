"""Captures are read in both forms, and hostile ones are refused with their line (issue 5, item 7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.capture.calls import calls_of
from callflow.capture.events import GREGORIAN_S, since_1970_us
from callflow.capture.reading import parse_capture, read_capture
from callflow.core.errors import ScenarioError

Logged = list[dict[str, Any]]
CREATE = {"Event-Name": "CHANNEL_CREATE", "Call-ID": "a", "Timestamp": 63_900_000_000, "Call-Direction": "inbound"}


def lines(*events: object) -> bytes:
    """Events as JSON lines."""
    return "".join(json.dumps(event) + "\n" for event in events).encode()


def test_both_forms_say_the_same(
    example_log: Callable[..., Logged],
    as_json_lines: Callable[[Logged], bytes],
    as_socket_text: Callable[[Logged], bytes],
) -> None:
    """Kazoo's payloads and the event socket's text of one call are one call."""
    events = example_log("record_per_user/answered.yaml")
    one = parse_capture(as_json_lines(events), "a.jsonl")
    other = parse_capture(as_socket_text(events), "a.txt")
    assert (one.form, other.form) == ("Kazoo call events", "FreeSWITCH events")
    (mine,), (thine,) = calls_of(one.events), calls_of(other.events)
    assert [(each.at_ms, each.name, each.leg) for each in mine.moments] == [
        (each.at_ms, each.name, each.leg) for each in thine.moments
    ]
    assert (mine.number, mine.caller_name, mine.dialled) == ("+14155550100", "Bob", "2001")
    assert (thine.number, thine.caller_name, thine.dialled) == ("+14155550100", "Bob", "2001")
    assert [leg.names[:1] for leg in mine.legs[1:]] == [leg.names[:1] for leg in thine.legs[1:]] == [("alice-phone",)]


@pytest.mark.parametrize(
    "told", ["1796032800", "1796032800000", "1796032800000000", str(1_796_032_800 + GREGORIAN_S),
             str((1_796_032_800 + GREGORIAN_S) * 1_000_000), f"{1_796_032_800 + GREGORIAN_S}.0"],
)  # fmt: skip
def test_the_unit_of_a_time_shows_in_its_size(told: str) -> None:
    """B§8: Gregorian seconds, or microseconds since 1970; whichever, it is the same instant."""
    assert since_1970_us(Decimal(told), "x:1") == 1_796_032_800_000_000


def test_earlier_events_are_put_in_order_with_a_warning() -> None:
    """Logs of several machines are not in order: sorted, and said."""
    late, early = CREATE | {"Timestamp": 63_900_000_005, "Event-Name": "CHANNEL_DESTROY"}, CREATE
    capture = parse_capture(lines(late, early), "x")
    assert [event.name for event in capture.events] == ["CHANNEL_CREATE", "CHANNEL_DESTROY"]
    assert capture.warnings == ("1 event is earlier than the one before, first in line 2: put in the order of time",)
    assert capture.is_in_whole_seconds


def test_unknown_events_are_counted() -> None:
    """Whatever is left out is seen."""
    odd = {"Event-Name": "HEART\x1bBEAT"}
    assert parse_capture(lines(CREATE, odd, odd, {}), "x").skipped == {"HEART\\x1bBEAT": 2, "(no name)": 1}


def test_bodies_are_passed_over() -> None:
    """An event's body, and the reply to a command, are no headers of the next event."""
    body = "Event-Name: CHANNEL_CREATE\n\n"
    text = (
        f"Content-Type: command/reply\nContent-Length: {len(body)}\n\n{body}"
        f"Event-Name: CHANNEL_ANSWER\r\nUnique-ID: b%20c\r\nEvent-Date-Timestamp: 1796032800000000\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
        "Event-Name: CHANNEL_DESTROY\nUnique-ID: b%20c\nEvent-Date-Timestamp: 1796032801000000\n"
    )
    capture = parse_capture(text.encode(), "x")
    assert [(event.name, event.leg, event.line) for event in capture.events] == [
        ("CHANNEL_ANSWER", "b c", 6),
        ("CHANNEL_DESTROY", "b c", 13),
    ]
    assert capture.skipped == {"command/reply": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x:1: the file is empty"),
        (b"\x00\x01", "x:1: this is no capture"),
        (b"[1]", "x:1: this is no capture"),
        (lines(CREATE) + b"{", "x:2: this line is no JSON"),
        (lines(CREATE) + b"[" * 100_000, "x:2: this line is no JSON"),
        (lines(CREATE, [1]), "x:2: a list is no event"),
        (lines(CREATE | {"Call-ID": ""}), "x:1: CHANNEL_CREATE without Call-ID"),
        (lines(CREATE | {"Timestamp": "now"}), 'x:1: "now" is no time'),
        (lines(CREATE | {"Timestamp": 2 * 10**10}), 'x:1: "20000000000" is no time'),
        (lines(CREATE | {"Timestamp": None}), "x:1: no Timestamp"),
        (lines({"Event-Name": "HEARTBEAT"}), "x: no event of a channel in it"),
        (b"Event-Name: CHANNEL_CREATE\nnonsense\n", 'x:2: "nonsense" is no header'),
        (b"Event-Name: A\nContent-Length: 99\n\n", "x:1: the body is cut off"),
        (b"Event-Name: A\nContent-Length: many\n\n", 'x:1: Content-Length "many" is no length'),
    ],
)
def test_what_is_broken_is_refused_with_its_line(content: bytes, message: str) -> None:
    """Hostile input: one clear sentence that begins with file and line."""
    with pytest.raises(ScenarioError) as caught:
        parse_capture(content, "x")
    assert str(caught.value).startswith(message)


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"Event-Name: {text}".encode())))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Nothing that a file can hold is our bug."""
    try:
        parse_capture(content, "x")
    except ScenarioError as fault:
        assert str(fault).startswith("x")


@given(st.recursive(st.none() | st.integers() | st.text(), lambda each: st.dictionaries(st.text(), each), max_leaves=8))
def test_any_values_are_read_or_refused(value: object) -> None:
    """Whatever stands under the keys that we read."""
    keys = (*CREATE, "Other-Leg-Call-ID", "Custom-Channel-Vars", "Request", "Hangup-Cause")
    for key in keys:
        try:
            calls_of(parse_capture(lines(CREATE | {key: value}), "x").events)
        except ScenarioError as fault:
            assert str(fault).startswith("x")


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    """A folder, and a file that is not there."""
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(ScenarioError):
            read_capture(path)


def test_several_calls_are_told_apart() -> None:
    """Legs that name each other, or an interaction, are one call; the leg that came in is its A-leg."""
    events = [
        CREATE | {"Call-ID": "b", "Call-Direction": "outbound", "Other-Leg-Call-ID": "a"},
        CREATE,
        CREATE | {"Call-ID": "z"},
        CREATE | {"Call-ID": "c", "Call-Direction": "outbound", "Call-Interaction-ID": "1"},
        CREATE | {"Call-ID": "z", "Call-Interaction-ID": "1", "Event-Name": "CHANNEL_ANSWER"},
    ]
    first, second = calls_of(parse_capture(lines(*events), "x").events)
    assert [leg.id for leg in first.legs] == ["a", "b"]
    assert [leg.id for leg in second.legs] == ["z", "c"]


def test_a_leg_ends_once_with_what_any_word_of_it_says() -> None:
    """The switch tells of an end up to three times; the first is when, the cause may come later."""
    events = [
        CREATE,
        CREATE | {"Event-Name": "CHANNEL_HANGUP", "Timestamp": 63_900_000_003},
        CREATE | {"Event-Name": "CHANNEL_DESTROY", "Timestamp": 63_900_000_004, "Hangup-Cause": "USER_BUSY"},
    ]
    (call,) = calls_of(parse_capture(lines(*events), "x").events)
    end = call.end_of("a")
    assert end is not None
    assert (end.at_ms, end.event.cause, len(call.moments)) == (3_000, "USER_BUSY", 2)
