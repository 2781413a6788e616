"""The JSON Schema of scenario files, made from the tables and the grammar that the reader uses.

It never refuses what the reader takes. What it cannot see is left to the reader: names of parties, paths, the order of
steps, numbers that YAML would damage, what only one call can have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from callflow.core.codecs import CODEC_RATES_HZ
from callflow.core.profile import PROFILES
from callflow.scenario import words as vocabulary
from callflow.scenario.answer_words import ANY, TONGUES
from callflow.scenario.audio_expectations import CHANNELS, MOST
from callflow.scenario.durations import DURATION
from callflow.scenario.examples import MOST_ROWS, NAME
from callflow.scenario.expectations import DELIVERY_KEYS, PARTS, RECORDING_KEYS, Reader
from callflow.scenario.language import LARGEST_SEED
from callflow.scenario.nodes import choice, choice_or_none, integer, text, tolerance
from callflow.scenario.sounds import EXAMPLES, SOUNDS
from callflow.scenario.storage_part import LISTS, WEBHOOK_KIND
from callflow.schemas import descriptions
from callflow.schemas.account import account_schema
from callflow.schemas.shapes import (
    DIALECT,
    FILLED,
    Schema,
    any_blanks,
    listed,
    mapped,
    one_of,
    or_filled,
    ref,
    whole,
    words,
)
from callflow.schemas.steps import answer_schema, deed_schema, event_schema, step_schema

_TEXT: Final[Schema] = words(r".*\S.*")
_NUMBER: Final[Schema] = words(r"\S+")
_OWN: Final[Mapping[Reader, Schema]] = {
    RECORDING_KEYS["leg"]: ref("leg"),
    RECORDING_KEYS["month"]: or_filled(whole(100_001, 999_912), words("[0-9]{6}", "202612")),
    DELIVERY_KEYS["results"]: listed(answer_schema(ANY, is_result=True)),
}
"""Readers of expectations that are not made of the general ones."""


def scenario_schema() -> Schema:
    """The schema of a scenario file. Raises KeyError when the reader has a key that nobody has described."""
    calls_or_one = [{"required": ["calls"]}, {"required": ["caller", "timeline"]}]
    return {
        "$schema": DIALECT,
        "title": "A scenario of callflow",
        **mapped(_top(), descriptions.TOP),
        "anyOf": [{"required": ["use"]}, {"required": ["scenario", "callflow"], "anyOf": calls_or_one}],
        "$defs": _definitions(),
    }


def _top() -> Mapping[str, Schema]:
    text_ = ref("text")
    return {
        "scenario": text_,
        "callflow": text_,
        "account": or_filled(text_, ref("account")),
        "with": _values(or_filled({"type": "integer"}, text_)),
        "profile": one_of(PROFILES),
        "start": text_,
        "timezone": text_,
        "seed": whole(0, LARGEST_SEED),
        "tags": {**listed(words(r"[^\s,]{1,64}")), "examples": [["smoke", "voicemail"]]},
        "use": or_filled(text_, listed(text_)),
        "storage": or_filled(_storage()),
        "caller": ref("caller"),
        "timeline": ref("timeline"),
        "calls": or_filled({"type": "object", "minProperties": 1, "additionalProperties": ref("call")}),
        "call_id": ref("number"),
        "expect": ref("expect"),
        "examples": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_ROWS + 1,
            "items": {"anyOf": [_values({}), {"type": "array"}]},
        },
    }


def _values(value: Schema) -> Schema:
    names = {"pattern": f"^({NAME.pattern})$|{FILLED}"}
    return {"type": "object", "propertyNames": names, "additionalProperties": value}


def _definitions() -> Mapping[str, Schema]:
    caller = dict.fromkeys(("number", "dials", "call_id", "device"), ref("number"))
    caller |= {"name": ref("text"), "codec": one_of(CODEC_RATES_HZ)}
    call = {key: ref(key) for key in ("caller", "timeline", "expect")} | {"call_id": ref("number")}
    return {
        "filled": {"type": "string", "pattern": FILLED, "description": "A name that a row of examples: fills."},
        "text": _TEXT,
        "number": _NUMBER,
        "leg": words(r"\S+", "A", "B", "alice"),
        "duration": words(DURATION, "4s", "500ms", "2m"),
        "tolerance": words(rf"{DURATION}(\s*(±|\+/-|\+-)\s*{DURATION})?", "20s ±40ms", "4s"),
        "sound": words("|".join(map(any_blanks, SOUNDS)), *EXAMPLES),
        "event": event_schema(),
        "deed": deed_schema(),
        "step": step_schema(),
        "timeline": listed(ref("step")),
        "caller": or_filled(mapped(caller, descriptions.CALLER)),
        "call": or_filled(mapped(call, descriptions.CALL, required=("caller", "timeline"))),
        "expected_event": or_filled(ref("event"), _event()),
        "expect": or_filled(_expect()),
        "account": account_schema(),
    }


def _event() -> Schema:
    keys = {"event": ref("event"), "leg": ref("leg"), "at": ref("tolerance")}
    return mapped(keys, descriptions.EVENT, required=("event",))


def _storage() -> Schema:
    lists = {key: listed(answer_schema(TONGUES[kind]), least=1) for key, kind in LISTS.items()}
    hook = {"url": ref("text"), "answers": listed(answer_schema(TONGUES[WEBHOOK_KIND]), least=1)}
    return mapped(
        {**lists, "webhook": or_filled(mapped(hook, descriptions.WEBHOOK, required=("url",)))}, descriptions.STORAGE
    )


def _read_by(reader: Callable[..., Any]) -> Schema:
    """The schema of what a reader of one value takes."""
    if reader in _OWN:
        return _OWN[reader]
    function, settings = (reader.func, reader.keywords) if isinstance(reader, partial) else (reader, {})
    if function is choice:
        return one_of(settings["words"])
    if function is choice_or_none:
        return one_of([*settings["words"], vocabulary.NONE_WORD, None])
    if function is integer:
        return whole(settings["low"], settings["high"])
    return {text: ref("text"), tolerance: ref("tolerance")}[function]


def _read_item(readers: Mapping[str, Reader], described: Mapping[str, str]) -> Schema:
    item = mapped({key: _read_by(reader) for key, reader in readers.items()}, described, minProperties=1)
    return listed(or_filled(item))


def _audio() -> Schema:
    keys = {
        "recording": whole(0, MOST),
        **dict.fromkeys(CHANNELS, ref("sound")),
        "from": ref("duration"),
        "to": ref("duration"),
    }
    left, right, mono = ({"required": [channel]} for channel in CHANNELS)
    channels: Schema = {"anyOf": [left, right, mono], "not": {"allOf": [mono, {"anyOf": [left, right]}]}}
    return listed(or_filled(mapped(keys, descriptions.AUDIO, **channels)), least=1)


def _parts() -> Mapping[str, Schema]:
    """The schema of each key that the reader of expectations has."""
    events, names = listed(ref("expected_event"), least=1), listed(ref("text"))
    known: Mapping[str, Schema] = {
        "path": {**names, "examples": [["record_call", "user", "voicemail"]]},
        "recordings": _read_item(RECORDING_KEYS, descriptions.RECORDING),
        "events": events,
        "events_unordered": events,
        "exactly": or_filled({"type": "object", "minProperties": 1, "additionalProperties": whole(0, MOST)}),
        "never": events,
        "hangup_cause": one_of(vocabulary.HANGUP_CAUSES),
        "hangup_by": {**ref("text"), "examples": ["caller", "flow", "end of scenario"]},
        "outcome": one_of(vocabulary.OUTCOMES),
        "deliveries": _read_item(DELIVERY_KEYS, descriptions.DELIVERY),
        "audio": _audio(),
        "diagnostics": names,
    }
    return {key: known[key] for key in PARTS}


def _expect() -> Schema:
    parts = _parts()
    described = {key: text for key, text in descriptions.EXPECT.items() if key in parts}
    taken_back = {key: {"anyOf": [each, {"type": "null"}]} for key, each in parts.items()}
    of_profile = or_filled(mapped(taken_back, described, minProperties=1))
    profiles = {
        "type": "object",
        "properties": dict.fromkeys(PROFILES, of_profile),
        "additionalProperties": False,
    }
    return mapped({**parts, "profiles": or_filled(profiles)}, descriptions.EXPECT)
