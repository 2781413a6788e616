"""docs/scenarios.md is complete and true: every word of the language stands there, and every step shown can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from callflow.core.codecs import CODEC_RATES_HZ
from callflow.scenario.answer_words import ANY, parse_answer
from callflow.scenario.audio_expectations import AUDIO_KEYS
from callflow.scenario.durations import parse_duration, parse_tolerance
from callflow.scenario.expectations import DELIVERY_KEYS, EXPECT_KEYS, RECORDING_KEYS
from callflow.scenario.language import KEYS
from callflow.scenario.occurrences import EventWord, parse_event
from callflow.scenario.sounds import parse_sound
from callflow.scenario.storage_part import STORAGE_KEYS
from callflow.scenario.verb_grammar import PHRASES, parse_verb

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
PARTS = {name: text for name, _, text in (each.partition("\n") for each in PAGE.split("\n## ")[1:])}
CODE = re.compile(r"`([^`]+)`")
SOUNDS = CODE.findall(PARTS["Expectations"].partition("SOUND is ")[2].partition("|")[0])


def first_column(part: str) -> list[str]:
    """What stands in code in the first column of a part's table."""
    cells = [line.split(" | ")[0] for line in PARTS[part].splitlines() if line.startswith("| `")]
    return [code for cell in cells for code in CODE.findall(cell)]


def test_every_key_is_there() -> None:
    """The top of a scenario and `expect:` have the keys of the page, and no others."""
    assert sorted(first_column("Top")) == sorted(KEYS)
    assert sorted(first_column("Expectations")) == sorted(EXPECT_KEYS)
    for key in (*RECORDING_KEYS, *DELIVERY_KEYS, *AUDIO_KEYS):
        assert re.search(rf"\b{key}\b", PARTS["Expectations"]), key
    assert all(codec in PARTS["Top"].split() or f"{codec}," in PARTS["Top"] for codec in CODEC_RATES_HZ)


def test_every_verb_is_there_and_can_be_read() -> None:
    """Each verb of the grammar has its line, and each line is the grammar's."""
    shown = [re.sub("^(storage|api|switch) ", "", each) for each in first_column("Steps")]
    for words in shown:
        parse_verb(words)
    assert {phrase for phrase in PHRASES if any(each.startswith(phrase) for each in shown)} == set(PHRASES)


def test_every_kind_of_target_and_every_reply_is_there() -> None:
    """The keys of `storage:` are those of the page, and each reply shown is one."""
    keys, replies = first_column("Storage"), CODE.findall(PARTS["Storage"].partition("| word |")[2])
    assert keys[: len(STORAGE_KEYS)] != keys and set(STORAGE_KEYS) <= set(keys)
    shown = [each for each in keys if each not in STORAGE_KEYS]
    for words in shown:
        parse_answer(words, ANY)
    assert {*ANY.words} <= set(shown) <= set(replies)


def test_every_event_is_there_and_can_be_read() -> None:
    """Each kind of event of the grammar has an example."""
    lines = [line for line in PARTS["Events"].splitlines() if line.startswith("- ")]
    read = [parse_event(each) for line in lines for each in CODE.findall(line)]
    assert {each.what for each in read} == set(EventWord)


@pytest.mark.parametrize("sound", SOUNDS)
def test_the_sounds_shown_can_be_read(sound: str) -> None:
    """Each example of a sound is one."""
    parse_sound(sound)


def test_the_times_shown_can_be_read() -> None:
    """Each example of a time is one."""
    *times, tolerated = CODE.findall(PAGE.partition("Times: ")[2].partition("\n")[0])
    assert [parse_duration(each) for each in times] == [500, 4_000, 120_000, 3_600_000]
    assert parse_tolerance(tolerated).accepts(20_040)
