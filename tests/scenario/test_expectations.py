"""The `expect:` part: every key, every word, every mistake."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import ScenarioError
from callflow.scenario import (
    EventPattern,
    EventWord,
    Expectations,
    RecordingExpectation,
    Tolerance,
    parse_document,
)
from callflow.scenario.expect import DeliveryExpectation
from callflow.scenario.expectations import DELIVERY_KEYS, RECORDING_KEYS, read_expectations
from callflow.scenario.nodes import Node, node_tree
from callflow.scenario.sounds import Level, SimilarTo, Sound, Tone, Voice, parse_sound


def node_of(text: str) -> Node:
    """The tree of a YAML text named `s.yaml`."""
    return node_tree(parse_document(text, file="s.yaml", format="yaml"))


def expect(text: str) -> Expectations:
    """What an `expect:` part says."""
    return read_expectations(node_of(text))


def test_every_field_of_a_recording() -> None:
    """Design §7: the names of the result object; `none` stands for null (§12: a voicemail's cause)."""
    [recording] = (
        expect(
            "recordings:\n"
            "  - {kind: voicemail, name: a.mp3, origin: x, leg: A, format: mp3, channels: 1, sample_rate: 16000,\n"
            "     armed: 0s, started: 1s +-20ms, ended: 5s, length: 4s ±40ms, ended_by: none, completion_cause: none,\n"
            "     state: finished, stored: 'http://h/*', delivery: stored, attempts: 3, id: 202611-*, month: 202612,\n"
            "     overwritten_by: 1, webhook: none}"
        ).recordings
        or ()
    )
    assert recording.started == Tolerance(1000, 20)
    assert (recording.completion_cause, recording.sample_rate, recording.attempts) == ("none", 16000, 3)
    assert (recording.line, recording.where) == (2, "s.yaml:2: recordings[0]")
    assert recording.text.startswith("{kind: voicemail, name: a.mp3")
    assert all(getattr(recording, key) is not None for key in RECORDING_KEYS)


def test_keys_are_the_fields() -> None:
    """A key that is read and a field of the data are the same thing, in both directions."""
    places = {"line", "text", "where"}
    assert {each.name for each in attrs.fields(RecordingExpectation)} == {*RECORDING_KEYS} | places
    assert {each.name for each in attrs.fields(DeliveryExpectation)} == {*DELIVERY_KEYS} | places


def test_events_in_all_four_ways() -> None:
    """Issue 5, item 1: in order, unordered, never, exactly n; by name or with leg and time."""
    what = expect(
        "events: [RECORD_START, alice answers, {event: RECORD_STOP, leg: A, at: 20s ±40ms}]\n"
        "events_unordered: [CHANNEL_ANSWER]\nnever: [{event: RECORD_START, leg: B}]\nexactly: {RECORD_START: 2}\n"
    )
    assert [str(each.event) for each in what.events] == ["RECORD_START", "alice answers", "RECORD_STOP"]
    assert (what.events[2].leg, what.events[2].at) == ("A", Tolerance(20_000, 40))
    assert what.never[0].leg == "B"
    assert what.exactly[0].count == 2
    assert what.exactly[0].event == EventPattern("", "", EventWord.CHANNEL_EVENT, "RECORD_START")
    assert what.events_unordered[0].where == "s.yaml:2: events_unordered[0]"


def test_the_rest_of_the_result() -> None:
    """Path, hang-up, outcome, deliveries, diagnostics; an empty list expects none."""
    what = expect(
        "path: [record_call, user]\nhangup_cause: NO_ANSWER\nhangup_by: end of scenario\noutcome: error\n"
        "deliveries: [{recording: 0, target: url, method: PUT, url: '*', state: stored, attempts: 2,\n"
        "              results: [503, 201]}]\n"
        "diagnostics: []\nrecordings: []\n"
    )
    assert what.path is not None and what.path.words == ("record_call", "user")
    assert what.hangup_by is not None and what.hangup_by.word == "end of scenario"
    assert what.deliveries is not None and what.deliveries[0].results == ("503", "201")
    assert what.diagnostics is not None and what.diagnostics.words == ()
    assert what.recordings == ()
    assert expect("path: []").recordings is None


def test_audio_checks() -> None:
    """One check for each channel named; from the beginning to the end unless said otherwise."""
    checks = expect(
        "audio: [{recording: 1, left: silent, right: tone 440 Hz, from: 2s, to: 4s}, {mono: voice alice}]"
    ).audio
    assert [(each.recording, each.channel, str(each.sound), each.from_ms, each.to_ms) for each in checks] == [
        (1, "left", "silent", 2000, 4000), (1, "right", "tone 440", 2000, 4000), (0, "mono", "voice alice", 0, None),
    ]  # fmt: skip


def test_no_password_is_repeated() -> None:
    """An address with a password is shown without it."""
    [recording] = expect("recordings: [{stored: 'http://bob:hunter2@h/*.mp3'}]").recordings or ()
    assert recording.stored == "http://bob:hunter2@h/*.mp3"
    assert "hunter2" not in recording.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("recording: []", 'recording: unknown key "recording"; did you mean "recordings"'),
        ("recordings: [{lenght: 4s}]", r'recordings\[0\].lenght: unknown key "lenght"; did you mean "length"'),
        ("recordings: [{length: 4}]", '"4" has no unit; write 4s'),
        ("recordings: [{length: true}]", "the truth value true where a text is wanted"),
        ("recordings: [{ended_by: hang_up}]", 'did you mean "hangup"'),
        ("recordings: [{completion_cause: sucess-silence}]", 'did you mean "success-silence"'),
        ("recordings: [{format: ogg}]", 'unknown word "ogg"; one of: mp3, wav'),
        ("recordings: [{channels: 3}]", "out of range; write a number from 1 to 2"),
        ("recordings: [{attempts: '3'}]", "where a whole number is wanted"),
        ("recordings: [{name: 0.5}]", 'quote it: "0.5"'),
        ("recordings: [{}]", "nothing is expected here"),
        ("recordings: {length: 4s}", "a mapping where a list is wanted"),
        ("recordings:", "nothing where a list is wanted"),
        ("recordings: [mp3]", 'the text "mp3" where a mapping is wanted'),
        ("events: []", "nothing is expected here"),
        ("events: [RECORD_STRAT]", r'events\[0\]: unknown channel event .*did you mean "RECORD_START"'),
        ("never: [{event: RECORD_START, leg: b}]", 'did you mean "B"'),
        ("never: [{leg: B}]", "no event is named"),
        ("exactly: {RECORD_START: -1}", "out of range"),
        ("exactly: {RECORD_START: twice}", "whole number"),
        ("exactly: {}", "nothing is expected here"),
        ("hangup_cause: NORMAL_CLEARNING", 'did you mean "NORMAL_CLEARING"'),
        ("outcome: failed", "one of: passed, error"),
        ("deliveries: [{state: lost}]", "unknown word"),
        ("audio: [{recording: 0}]", "no channel"),
        ("audio: [{left: silent, mono: silent}]", "mono and stereo at once"),
        ("audio: [{left: silnet}]", r'audio\[0\].left: unknown sound "silnet"; did you mean "silent"'),
        ("audio: [{left: silent, from: 4s, to: 4s}]", "ends before it begins"),
        ("audio: [{left: similar to /a.wav}]", "is not a path from here"),
        ("audio: []", "nothing is expected here"),
        ("[]", "a list where a mapping is wanted"),
    ],
)
def test_wrong_expectations(text: str, message: str) -> None:
    """Nothing is ignored: each mistake is an error with its place and what would be right."""
    with pytest.raises(ScenarioError, match=message) as caught:
        expect(text)
    assert str(caught.value).startswith("s.yaml:1")


def test_expectations_of_one_call_name_it() -> None:
    """With several calls a path or a hang-up belongs to one of them."""
    with pytest.raises(ScenarioError, match="path of which call.*put it under calls.first.expect"):
        read_expectations(node_of("path: [user]"), ("first", "second"), for_all_calls=True)


@given(
    st.one_of(
        st.builds(Tone, st.integers(20, 20_000)),
        st.builds(Level, st.integers(0, 32_767), st.none()),
        st.builds(Level, st.none(), st.integers(0, 32_767)),
        st.builds(lambda low, more: Level(low, low + more), st.integers(0, 16_000), st.integers(0, 16_000)),
        st.builds(Voice, st.from_regex(r"[a-c][a-z0-9_-]{0,9}", fullmatch=True)),
        st.builds(SimilarTo, st.from_regex(r"[a-z0-9]{1,9}\.wav", fullmatch=True)),
    )
)
def test_sounds_round_trip(sound: Sound) -> None:
    """Every demand on a channel is read from the words that it writes."""
    assert parse_sound(str(sound)) == sound


@pytest.mark.parametrize(
    "words", ["level 9..3", "level above 40000", "tone 5", "voice storage", "similar to /x", "loud"]
)
def test_wrong_sounds(words: str) -> None:
    """Levels out of order or range, tones nobody hears, voices of nobody."""
    with pytest.raises(ScenarioError):
        parse_sound(words)
