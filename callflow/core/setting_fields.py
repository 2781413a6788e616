"""How a settings class is written: `setting()` makes a field, and the class describes and checks itself.

Reading a document through such a class is `callflow.core.settings`, which also re-exports what authors need.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import NOTHING, field, frozen

_RULES = "callflow.setting"

Check = Callable[[Any, Mapping[str, Any]], tuple[str, str] | None]
"""Looks at a value and the object that it stands in; returns what is wrong and what would be right, or None."""


@frozen
class Rules:
    """What `setting()` was told about a field beside its type and default; None where it was told nothing."""

    help: str
    at_least: float | None = None
    at_most: float | None = None
    shortest: int | None = None
    longest: int | None = None
    one_of: tuple[Any, ...] | None = None
    check: Check | None = None


@frozen
class SettingField:
    """One field of a settings class: its key in the document, its type as annotated, whether it must be there."""

    name: str
    kind: Any
    required: bool
    default: object
    rules: Rules


@frozen
class SettingDoc:
    """One row of documentation: `type` and `bounds` in words, `default` as in the document (None: there is none)."""

    name: str
    type: str
    default: object
    required: bool
    bounds: str
    help: str


def setting(
    default: Any = NOTHING,
    *,
    help: str,
    at_least: float | None = None,
    at_most: float | None = None,
    shortest: int | None = None,
    longest: int | None = None,
    one_of: tuple[Any, ...] | None = None,
    check: Check | None = None,
) -> Any:
    """Make a keyword-only attrs field of a settings class; without `default` the document must give it.

    The annotation is the type. `at_least` and `at_most` bound a number, `shortest` and `longest` the letters of a
    string or the items of a list, all inclusive. `help` is one sentence for `callflow modules`. What `check` finds is a
    fault in every profile: for what the simulator itself cannot do.
    """
    rules = Rules(help, at_least, at_most, shortest, longest, tuple(one_of) if one_of is not None else None, check)
    if isinstance(default, dict):
        return field(factory=functools.partial(dict, default), kw_only=True, metadata={_RULES: rules})
    return field(default=default, kw_only=True, metadata={_RULES: rules})


def is_settings_class(kind: object) -> bool:
    """Whether `kind` is a class that settings can be read into: any attrs class."""
    return isinstance(kind, type) and attrs.has(kind)


@functools.cache
def _cached_fields(cls: Any) -> tuple[SettingField, ...]:
    hints = get_type_hints(cls)
    return tuple(
        SettingField(
            name=each.name,
            kind=hints[each.name],
            required=each.default is NOTHING,
            default=_plain_default(each.default),
            rules=each.metadata[_RULES],
        )
        for each in attrs.fields(cls)
        if _RULES in each.metadata
    )


def setting_fields(cls: type[Any]) -> tuple[SettingField, ...]:
    """Return the fields of a settings class in order. `settings_problem` says whether a class has only such fields."""
    key: Any = cls
    return _cached_fields(key)


def describe_settings(cls: type[Any]) -> tuple[SettingDoc, ...]:
    """Return one row per setting of `cls`, in its order, for `callflow modules` and the documentation."""
    return tuple(
        SettingDoc(
            name=each.name,
            type=words_for(each.kind),
            default=each.default,
            required=each.required,
            bounds=_bounds_words(each.rules),
            help=each.rules.help,
        )
        for each in setting_fields(cls)
    )


def settings_problem(cls: object) -> str | None:
    """Say what keeps `cls` from being a settings class, or None: the registry asks before it accepts an action."""
    if not is_settings_class(cls):
        return f"{getattr(cls, '__name__', cls)} is not an attrs class; decorate it with @attrs.frozen"
    assert isinstance(cls, type)
    if not attrs.inspect(cls).is_frozen:
        return f"{cls.__name__} is not frozen; decorate it with @attrs.frozen"
    for each in attrs.fields(cls):
        if _RULES not in each.metadata:
            return f"{cls.__name__}.{each.name} was not made with setting(); write {each.name}: … = setting(…, help=…)"
    try:
        kinds = {each.name: each.kind for each in setting_fields(cls)}
    except NameError as error:
        return f"an annotation of {cls.__name__} does not resolve: {error}; define its types at the module's top level"
    for name, kind in kinds.items():
        for part in _parts(kind):
            if is_settings_class(part):
                if problem := settings_problem(part):
                    return problem
            elif part not in _WORDS:
                right = "use bool, int, float, str, Mapping, tuple[…, ...] or a settings class"
                return f"{cls.__name__}.{name} has type {part}; {right}"
    return None


_WORDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    Mapping: "an object",
}


def words_for(kind: Any) -> str:
    """Name a type as the author of a document would: `an integer`, `a list, each a string`, `a string or an object`."""
    members = union_members(kind)
    if len(members) > 1:
        return " or ".join(words_for(member) for member in members)
    kind = members[0]
    if get_origin(kind) is tuple:
        return f"a list, each {words_for(get_args(kind)[0])}"
    return _WORDS.get(get_origin(kind) or kind, "an object")


def union_members(kind: Any) -> tuple[Any, ...]:
    """Return the alternatives of `X | Y | None` without the None; a plain type is its own only alternative."""
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(member for member in get_args(kind) if member is not type(None))
    return (kind,)


def _parts(kind: Any) -> list[Any]:
    parts = []
    for member in union_members(kind):
        origin = get_origin(member)
        arguments = get_args(member)
        if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
            parts += _parts(arguments[0])
        else:
            parts.append(origin or member)
    return parts


def _plain_default(default: Any) -> object:
    if default is NOTHING:
        return None
    return default.factory() if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type]


def _bounds_words(rules: Rules) -> str:
    if rules.one_of is not None:
        return "one of " + ", ".join(str(choice) for choice in rules.one_of)
    if rules.shortest is not None or rules.longest is not None:
        return f"{range_words(rules.shortest, rules.longest)} long"
    return range_words(rules.at_least, rules.at_most)


def range_words(least: float | None, most: float | None) -> str:
    """Say a range: `5 to 10800`, `at least 5`, `at most 9`, or nothing when it has no ends."""
    if least is None and most is None:
        return ""
    if most is None:
        return f"at least {least}"
    return f"at most {most}" if least is None else f"{least} to {most}"
