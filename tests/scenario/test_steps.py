"""Steps: when, who, what. Every verb, every event, and what is said about wrong ones."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import ScenarioError
from callflow.core.events import SWITCH_FAULTS, ControlAction, SwitchFault
from callflow.scenario import (
    After,
    Answers,
    At,
    BreaksSwitch,
    Calls,
    ControlsRecording,
    DoesNotAnswer,
    EventPattern,
    EventWord,
    HangsUp,
    Holds,
    HttpStatus,
    IsBusy,
    IsSilent,
    Plays,
    Presses,
    Rejects,
    Resumes,
    Says,
    SendsNoise,
    SendsTone,
    Slow,
    Speaks,
    StorageFails,
    StorageWorks,
    Transfers,
    Verb,
    When,
    parse_event,
    parse_verb,
)
from callflow.scenario.occurrences import NOT_PARTIES
from callflow.scenario.steps import Moment, parse_deed, parse_moment
from callflow.scenario.verb_grammar import LOUDEST_NOISE, PHRASES
from callflow.scenario.verbs import CONTROLS
from callflow.scenario.words import CHANNEL_EVENTS

lengths = st.integers(1, 10**8)
names = st.from_regex(r"[a-z0-9][a-z0-9@+_-]{0,20}", fullmatch=True).filter(lambda name: name not in NOT_PARTIES)
digits = st.text("0123456789*#ABCD", min_size=1, max_size=20)
printable = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1)
files = st.from_regex(r"[a-z0-9_]{1,9}( [a-z0-9]{1,5})?\.wav", fullmatch=True)

verbs: st.SearchStrategy[Verb] = st.one_of(
    st.sampled_from(
        [Calls(), Answers(), Rejects(), IsBusy(), DoesNotAnswer(), IsSilent(), Holds(), Resumes(), HangsUp()]
    ),
    st.builds(Speaks, lengths),
    st.builds(Says, printable, st.sampled_from(["", "en", "de", "en-gb"])),
    st.builds(Plays, files),
    st.builds(SendsTone, st.integers(20, 20_000), lengths),
    st.builds(SendsNoise, st.integers(1, LOUDEST_NOISE), lengths),
    st.builds(Presses, digits),
    st.builds(Transfers, st.text(string.digits + "+*#", min_size=1), st.booleans()),
    st.builds(StorageFails, st.builds(HttpStatus, st.integers(300, 599)), st.sampled_from(["url", "s3", "webhook"])),
    st.just(StorageWorks()),
    st.sampled_from([*map(ControlsRecording, CONTROLS), *map(BreaksSwitch, SWITCH_FAULTS)]),
)
ALONE = {
    Calls: "caller",
    StorageFails: "storage",
    StorageWorks: "storage",
    ControlsRecording: "api",
    BreaksSwitch: "switch",
}
party_words = [word for word in EventWord if word.name.startswith("PARTY_") and word is not EventWord.PARTY_PRESSES]
fixed_words = [word for word in EventWord if word.value.split()[0] in NOT_PARTIES]
calls = st.sampled_from(["", "first", "second"])
events = st.one_of(
    st.builds(EventPattern, calls, names, st.sampled_from(party_words)),
    st.builds(EventPattern, calls, st.just(""), st.sampled_from(fixed_words)),
    st.builds(EventPattern, calls, names, st.just(EventWord.PARTY_PRESSES), digits),
    st.builds(EventPattern, calls, st.just(""), st.just(EventWord.PROMPT_PLAYS), names),
    st.builds(EventPattern, calls, st.just(""), st.just(EventWord.CHANNEL_EVENT), st.sampled_from(CHANNEL_EVENTS)),
)
moments: st.SearchStrategy[Moment] = st.one_of(
    st.builds(At, st.integers(0, 10**8)),
    st.builds(After, st.integers(0, 10**8)),
    st.builds(When, events, st.integers(0, 10**8)),
)


@given(verbs)
def test_verbs_round_trip(verb: Verb) -> None:
    """Every verb is read from the words that it writes."""
    assert parse_verb(str(verb)) == verb


@given(moments)
def test_moments_and_events_round_trip(moment: Moment) -> None:
    """Every moment, and with it every event, is read from the words that it writes."""
    assert parse_moment(str(moment), ("first", "second")) == moment


@given(names, verbs)
def test_deeds_round_trip(who: str, verb: Verb) -> None:
    """Who does what is read again; the caller, the storage, the API and the switch have verbs of their own."""
    who = ALONE.get(type(verb), who)
    assert parse_deed(f"{who} {verb}") == (who, verb)


@given(st.text() | st.lists(st.sampled_from([*PHRASES, "alice", "4s", '"', "for", "first."])).map(" ".join))
def test_garbage_raises_nothing_else(text: str) -> None:
    """Any text is grammar or a ScenarioError of one line."""
    for parse in (parse_verb, parse_event, parse_moment, parse_deed):
        try:
            parse(text)
        except ScenarioError as fault:
            assert str(fault).isprintable()


def test_the_verbs_of_the_design() -> None:
    """Design §6, "What", to the letter."""
    assert parse_verb("speaks for 4.5s") == Speaks(4500)
    assert parse_verb('says "a \\"b\\" c"') == Says('a "b" c')
    assert parse_verb("plays hello world.wav") == Plays("hello world.wav")
    assert parse_verb("sends tone 440 for 2s") == parse_verb("sends tone 440 Hz for 2s") == SendsTone(440, 2000)
    assert parse_verb("presses 12*#") == Presses("12*#")
    assert parse_verb("transfers to 2002") == Transfers("2002", False)
    assert parse_verb("transfers with consultation to 2002") == Transfers("2002", True)
    assert parse_deed("storage works again") == ("storage", StorageWorks())
    assert parse_verb("fails with slow 2s then 503 for couchdb") == StorageFails(Slow(2000, HttpStatus(503)), "couchdb")
    assert parse_deed("storage fails with 503") == ("storage", StorageFails(HttpStatus(503)))


def test_the_verbs_of_the_api_and_of_the_switch() -> None:
    """Issue 3, items 5 and 11: recordings are controlled from outside, and the switch has faults."""
    actions: list[ControlAction] = ["start", "stop", "mask", "unmask", "pause", "resume", "toggle"]
    assert [parse_verb(f"{each}s recording") for each in actions] == [*map(ControlsRecording, actions)]
    faults = ["cannot open files", "cannot write files", "does not confirm stops", "has no media"]
    wanted: list[SwitchFault] = ["open", "write", "confirm", "media"]
    assert [parse_verb(each) for each in faults] == [*map(BreaksSwitch, wanted)]
    assert parse_deed("outside speaks for 3s") == ("outside", Speaks(3000))
    assert parse_deed("alice resumes") == ("alice", Resumes())


def test_noise_has_a_mean_level_and_a_length() -> None:
    """Issue 3, item 12: noise at a level."""
    assert parse_verb("sends noise 150 for 2s") == SendsNoise(150, 2000)


def test_the_events_of_the_design() -> None:
    """Design §6, "Events for when", with another call's name in front (§12)."""
    assert parse_event("alice is busy") == EventPattern("", "alice", EventWord.PARTY_IS_BUSY)
    assert parse_event("vm-person plays") == EventPattern("", "", EventWord.PROMPT_PLAYS, "vm-person")
    assert parse_event("CHANNEL_BRIDGE").what is EventWord.CHANNEL_EVENT
    assert parse_event("first.recording starts", ["first"]) == EventPattern("first", "", EventWord.RECORDING_STARTS)
    assert parse_event("alice.smith rings", ["first"]).who == "alice.smith"
    assert parse_moment("when alice hangs up after 2s") == When(
        EventPattern("", "alice", EventWord.PARTY_HANGS_UP), 2000
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("speeks for 4s", 'unknown verb "speeks for 4s"; did you mean "speaks for"'),
        ("hang up", 'did you mean "hangs up"'),
        ("is bussy", 'did you mean "is busy"'),
        ("speaks", 'did you mean "speaks for 4s"'),
        ("speaks for", 'something is missing after "speaks for"; write speaks for 4s'),
        ("speaks for 4", '"4" has no unit; write 4s'),
        ("speaks for 0s", "no time at all"),
        ("hangs up now", '"now" after "hangs up"; hangs up stands alone'),
        ("says hello", 'do not stand in quotes; write says "good morning"'),
        ('says "hello" in Klingon', 'not a language; write says "guten Morgen" in de'),
        ('says "hello" loudly', "do not stand in quotes"),
        ("sends tone for 2s", "write sends tone 440 for 2s"),
        ("sends tone 5 for 2s", "20 to 20000 Hz"),
        ("sends noise for 2s", "write sends noise 150 for 2s"),
        ("sends noise 0 for 2s", "mean level of 1 to 16383"),
        ("sends noise 16384 for 2s", "mean level of 1 to 16383"),
        ("masks recordings", 'did you mean "masks recording"'),
        ("cannot open file", 'did you mean "cannot open files"'),
        ("resumes the recording", '"the recording" after "resumes"'),
        ("transfers with consultaton to 2002", 'did you mean "transfers with consultation to 2002"'),
        ("transfers 2002", 'did you mean "transfers to 2002"'),
        ("presses one", "0-9"),
        ("transfers to 20 02", "is not a number"),
        ("fails with 201", '"201" is no failure; write storage fails with 503'),
        ("fails with slow 2s", '"slow 2s" is no failure'),
        ("fails with 999", "is not an HTTP status"),
        ("fails with refusd", 'did you mean "refused"'),
        ("fails with 503 for account_database", "a database has no HTTP status"),
        ("fails with refused for s4", 'unknown kind of target "s4"; did you mean "s3"'),
        ("fails with stored", '"stored" is nothing that this target says; write 201'),
        ("works", 'did you mean "works again"'),
        ("plays /etc/passwd", "not a path from here"),
        ("plays a\nb.wav", "not a file's name"),
        ("plays http://x/y.wav", "not a path from here"),
        ("juggles", "one of: calls, answers"),
        ("", "one of: calls"),
    ],
)
def test_wrong_verbs(words: str, message: str) -> None:
    """Each names what is wrong and what would be right."""
    with pytest.raises(ScenarioError, match=message):
        parse_verb(words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("20s", "does not say when; begin with at, after or when"),
        ("on 4s", "one of: at, after, when"),
        ("wehn alice rings", 'did you mean "when"'),
        ("at", "something is missing"),
        ("at 20", "has no unit; write 20s"),
        ("when alice ansers", 'unknown event "alice ansers"; did you mean "answers"'),
        ("when recording stop", 'did you mean "recording stops"'),
        ("when CHANEL_BRIDGE", 'unknown channel event .* did you mean "CHANNEL_BRIDGE"'),
        ("when frist.recording starts", 'no call is named "frist"; did you mean "first.recording starts"'),
        ("when alice presses x", "not digits"),
        ("when alice", "unknown event"),
        ("when ?? rings", "not the name of a party"),
        ("when alice rings after 2", "has no unit"),
    ],
)
def test_wrong_moments(words: str, message: str) -> None:
    """Each names what is wrong and what would be right."""
    with pytest.raises(ScenarioError, match=message):
        parse_moment(words, ("first", "second"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("alice calls", "write caller calls"),
        ("storage answers", "write storage fails with CODE or works again"),
        ("alice fails with 503", "write storage fails with 503"),
        ("alice masks recording", "write api masks recording"),
        ("api answers", '"api" cannot do this: "answers"; write api starts, stops, masks'),
        ("alice has no media", "write switch has no media"),
        ("switch hangs up", "write switch cannot open files, cannot write files"),
        ("switch explodes", 'unknown verb "explodes"; write switch cannot open files, cannot write files'),
        ("api maskes recording", 'did you mean "masks recording"'),
        ("recording stops", "nobody who could act"),
        ("alice", '"alice" does nothing'),
        ("", "not the name of a party"),
        ("second.alice answers", "move the step to calls.second"),
    ],
)
def test_wrong_deeds(words: str, message: str) -> None:
    """Who may do what is part of the grammar."""
    with pytest.raises(ScenarioError, match=message):
        parse_deed(words, ("first", "second"))
