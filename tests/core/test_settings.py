"""Settings: an attrs class as a schema, every fault with its path, and what is right (design §9, §12 "Documents")."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.settings import Reading, describe_settings, read_settings, setting, settings_problem
from callflow.core.shown import child_path, shown
from callflow.core.spelling import edit_distance, nearest


@frozen
class Tone:
    """A nested settings class."""

    hz: int = setting(help="Pitch.", at_least=1)


@frozen
class Sample:
    """One field of every type."""

    action: str = setting("start", help="What to do.", one_of=("start", "stop"))
    time_limit: int = setting(3600, help="Seconds.", at_least=5, at_most=10_800)
    url: str | None = setting(None, help="Where to.", shortest=5)
    is_stereo: bool = setting(False, help="Two sides.")
    gain: float = setting(1.0, help="Factor.", at_least=0)
    headers: Mapping[str, Any] = setting({}, help="Anything.")
    tones: tuple[Tone, ...] = setting((), help="Tones.", longest=2)
    tone: Tone | None = setting(None, help="One tone.")
    number: str | int | None = setting(None, help="Either.")
    pin: str | None = setting(None, help="Secret.")


@frozen
class Plain:
    """A class with a field that was not made by setting()."""

    size: int = field(default=1)


@frozen
class Nest:
    """A class that holds a faulty one."""

    plain: Plain | None = setting(None, help="Inside.")


@frozen
class Needy:
    """A class with a key that must be there."""

    text: str = setting(help="Said.", longest=1000)


def read(data: object, *, strict: bool = True, cls: type[Any] = Sample, **more: Any) -> Reading[Any]:
    """Read as a node's data."""
    return read_settings(cls, data, "flow.data", bounds_are_errors=strict, of="record_call", **more)


def faults(data: object, **more: Any) -> list[str]:
    """The faults of reading, as text."""
    return [str(fault) for fault in read(data, **more).faults]


def test_defaults_stand_in_for_absent_and_null() -> None:
    """Null counts as absent, and absent as the default."""
    assert read({"url": None, "time_limit": None}) == Reading(Sample())


def test_every_type_is_read() -> None:
    """Each supported type arrives as annotated, nested classes and lists of them too."""
    data = {
        "action": "stop",
        "time_limit": 5,
        "url": "http:",
        "is_stereo": True,
        "gain": 2,
        "headers": {"a": [1]},
        "tones": [{"hz": 440}, {"hz": 480}],
        "tone": {"hz": 1},
        "number": 7,
    }
    settings = read(data).settings
    assert settings == Sample(
        action="stop",
        time_limit=5,
        url="http:",
        is_stereo=True,
        gain=2.0,
        headers={"a": [1]},
        tones=(Tone(hz=440), Tone(hz=480)),
        tone=Tone(hz=1),
        number=7,
    )
    assert isinstance(settings.gain, float)


def test_all_faults_are_collected() -> None:
    """One reading shows everything that is wrong, in the order of the class after the keys."""
    got = faults({"time_limt": 1, "action": "go", "time_limit": 4, "is_stereo": "true"})
    assert got == [
        "flow.data.time_limt: unknown setting \"time_limt\" of record_call; did you mean 'time_limit'?",
        'flow.data.action: "go" is not one of its values; write "start" or "stop"',
        "flow.data.time_limit: 4 is out of bounds; write 5 to 10800",
        'flow.data.is_stereo: "true" is not true or false; write true or false',
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "flow.data: a list is not an object; write {…} with the settings inside"),
        ({"time_limit": 10_801}, "flow.data.time_limit: 10801 is out of bounds; write 5 to 10800"),
        ({"time_limit": True}, "flow.data.time_limit: true is not an integer; write an integer"),
        ({"time_limit": 360.0}, "flow.data.time_limit: 360.0 is not an integer; write an integer"),
        ({"time_limit": "6 min"}, 'flow.data.time_limit: "6 min" is not an integer; write an integer'),
        ({"time_limit": 2**70}, "flow.data.time_limit: a number of more than 18 digits is not an integer"),
        ({"gain": math.nan}, "flow.data.gain: nan is not a number; write a number"),
        ({"gain": -1.5}, "flow.data.gain: -1.5 is out of bounds; write at least 0"),
        ({"is_stereo": 1}, "flow.data.is_stereo: 1 is not true or false; write true or false"),
        ({"url": "http"}, "flow.data.url: 4 characters are out of bounds; write at least 5 characters"),
        ({"url": 12345}, "flow.data.url: 12345 is not a string; put it in quotes"),
        ({"headers": "x"}, 'flow.data.headers: "x" is not an object; write an object'),
        ({"tones": {"hz": 1}}, "flow.data.tones: an object is not a list, each an object; write a list"),
        ({"tones": [{"hz": 1}] * 3}, "flow.data.tones: 3 items are out of bounds; write at most 2 items"),
        ({"tones": [{"hz": 1}, {"hz": 0}]}, "flow.data.tones[1].hz: 0 is out of bounds; write at least 1"),
        ({"tone": {}}, "flow.data.tone: tone needs 'hz'; give it an integer"),
        ({"number": []}, "flow.data.number: a list is not a string or an integer"),
        ({"pin": 1234}, "flow.data.pin: the value is not a string; put it in quotes"),
        ({"skip_module": "true"}, 'flow.data.skip_module: "true" is not true or false; write true or false'),
        ({7: 1}, "flow.data: the key 7 is not a string; put it in quotes"),
    ],
)
def test_a_fault_says_where_what_and_what_would_be_right(data: object, message: str) -> None:
    """Form of a message: where: what is wrong; what would be right (design §9). No secret is shown."""
    got = faults(data)
    assert len(got) == 1
    assert got[0].startswith(message)
    assert read(data).settings is None


def test_a_required_key_must_be_there() -> None:
    """A field without default is required, and null does not help."""
    assert faults({"text": None}, cls=Needy) == ["flow.data: record_call needs 'text'; give it a string"]
    assert read({"text": "a"}, cls=Needy).settings == Needy(text="a")


@pytest.mark.parametrize(("written", "taken"), [("600", 600), ("+7", 7), ("0010", 10)])
def test_numeric_strings_are_coerced_with_a_warning(written: str, taken: int) -> None:
    """A visual editor saves "600" for 600: it is taken, and said (C13)."""
    reading = read({"time_limit": written})
    assert reading.settings == Sample(time_limit=taken)
    assert [(each.code, each.severity, each.where) for each in reading.diagnostics] == [
        ("numeric-string", "warning", "flow.data.time_limit")
    ]


@pytest.mark.parametrize("written", ["６００", "1e3", "", " 5", "9" * 19, "5.0"])
def test_only_plain_digits_are_numeric(written: str) -> None:
    """What is not a plain decimal integer stays a string, and a fault."""
    assert len(faults({"time_limit": written})) == 1


def test_coerced_numbers_keep_their_bounds() -> None:
    """Bounds hold for a coerced number as for any other."""
    assert faults({"time_limit": "4"}) == ["flow.data.time_limit: 4 is out of bounds; write 5 to 10800"]


def test_kazoo_profiles_keep_values_out_of_bounds() -> None:
    """Without `bounds_are_errors` the value is used as written, with a warning (design §12)."""
    reading = read({"time_limit": 4, "action": "toggle"}, strict=False)
    assert reading.settings == Sample(time_limit=4, action="toggle")
    assert [(each.code, each.severity) for each in reading.diagnostics] == [("out-of-bounds", "warning")] * 2


def test_unknown_keys_far_from_known_ones_are_remarks() -> None:
    """An unknown key beyond edit distance 2 is an info, never a fault."""
    reading = read({"colour_of_the_phone": 1})
    assert reading.settings == Sample()
    assert [(each.code, each.severity, each.where) for each in reading.diagnostics] == [
        ("unknown-key", "info", "flow.data.colour_of_the_phone")
    ]


def test_known_keys_that_are_not_read_are_said() -> None:
    """A key that Kazoo knows and the class does not read is an info, and helps to find misspelt ones."""
    reading = read({"media_id": "x"}, also_known=("media_id",))
    assert [each.code for each in reading.diagnostics] == ["unread-key"]
    assert "did you mean 'media_id'?" in faults({"mediaid": "x"}, also_known=("media_id",))[0]


def test_skip_module_is_right_everywhere() -> None:
    """Every module's data accepts skip_module (B§2.2), and knows its misspelling."""
    assert read({"skip_module": True}) == Reading(Sample())
    assert "did you mean 'skip_module'?" in faults({"skipmodule": True})[0]


def test_settings_describe_themselves() -> None:
    """`callflow modules` shows name, type, default, bounds and help of each setting."""
    rows = {row.name: row for row in describe_settings(Sample)}
    assert list(rows)[:2] == ["action", "time_limit"]
    assert (rows["action"].bounds, rows["action"].default) == ("one of start, stop", "start")
    assert (rows["time_limit"].type, rows["time_limit"].bounds) == ("an integer", "5 to 10800")
    assert (rows["url"].type, rows["url"].bounds, rows["url"].required) == ("a string", "at least 5 long", False)
    assert rows["tones"].type == "a list, each an object"
    assert rows["headers"].default == {}
    assert describe_settings(Needy)[0].required


def test_a_settings_class_is_checked() -> None:
    """Only frozen attrs classes whose every field was made by setting() and has a readable type will do."""

    class Bare:
        pass

    @frozen
    class Odd:
        when: set[int] = setting(help="A type that no document has.")

    @frozen
    class Lost:
        other: Unresolvable = setting(None, help="A name that is not there.")  # type: ignore[name-defined]  # noqa: F821

    assert settings_problem(Sample) is None
    assert "not an attrs class" in str(settings_problem(Bare))
    assert "size was not made with setting()" in str(settings_problem(Plain))
    assert "Odd.when has type" in str(settings_problem(Odd))
    assert "does not resolve" in str(settings_problem(Lost))
    assert "size was not made with setting()" in str(settings_problem(Nest))


@pytest.mark.parametrize(
    ("left", "right", "distance"), [("url", "ulr", 1), ("", "ab", 2), ("time_limt", "time_limit", 1), ("abc", "xyz", 3)]
)
def test_edit_distance_counts_swaps_as_one(left: str, right: str, distance: int) -> None:
    """Insert, delete, replace and the swap of neighbours cost one each."""
    assert edit_distance(left, right) == distance


def test_short_names_mean_nothing_by_chance() -> None:
    """A two-letter word is two edits from every other: half of the known name must be kept."""
    assert nearest("to", ["id"]) is None
    assert nearest("ids", ["id", "ida"]) == "id"
    assert nearest("x" * 10_000, ["id"]) is None


@given(st.text(max_size=8), st.text(max_size=8))
def test_edit_distance_is_symmetric(left: str, right: str) -> None:
    """The way back costs the same, and only equal names cost nothing."""
    assert edit_distance(left, right) == edit_distance(right, left)
    assert (edit_distance(left, right) == 0) == (left == right)


def test_messages_show_no_credentials_and_stay_short() -> None:
    """Whatever a document holds, a message has one short line without user names and passwords."""
    assert "secret" not in shown("https://bob:secret@host/x")
    assert "\n" not in shown("a\nb") and "\x1b" not in shown("\x1b[31m")
    assert len(shown("x" * 10_000)) < 70
    assert child_path("flow.data", "a b") == 'flow.data["a b"]'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["action", "time_limit", "url", "is_stereo", "gain", "headers", "tones", "tone", "number", "hz"])


@given(st.dictionaries(KEYS | st.text(max_size=6), JSON) | JSON, st.booleans())
def test_reading_never_raises(data: object, strict: bool) -> None:
    """Whatever the document holds: settings without faults, or faults without settings, each on one line."""
    reading = read(data, strict=strict)
    assert (reading.settings is None) == bool(reading.faults)
    assert all("\n" not in str(fault) for fault in reading.faults)
