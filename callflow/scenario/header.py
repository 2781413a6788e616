"""The top of a scenario: which callflow and account, the virtual clock, the placeholders' values, the tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from callflow.core.shown import shown
from callflow.scenario.document import check_account, check_reference, rebase
from callflow.scenario.examples import NAME
from callflow.scenario.nodes import Node, any_mapping, at, items, number_text, plain, text
from callflow.scenario.words import suggestion

NUMBER = re.compile(r"[+*#0-9]+")
"""A callflow named by one of its numbers."""

TAG = re.compile(r"[^\W\d_][\w.:-]{0,63}")
"""A word to choose scenarios by."""

JOINING_WORDS = ("and", "or", "not")
"""Words of the expressions that choose among tags."""


def read_callflow(node: Node, file: str) -> str:
    """A path relative to the folder of `file`, or a number."""
    value = number_text(node, "a path from here, or a quoted number") if not _is_path(node) else text(node)
    with at(node):
        return value if NUMBER.fullmatch(value) else rebase(check_reference(value), node.file, file)


def _is_path(node: Node) -> bool:
    return isinstance(node.value, str) and "." in node.value and any(mark.isalpha() for mark in node.value)


def read_account(node: Node, file: str) -> str | Mapping[str, Any]:
    """A path relative to the folder of `file`, or the account itself as plain data."""
    if isinstance(node.value, dict):
        check_account(node.value, {key: each.where for key, each in node.value.items()})
        data: dict[str, Any] = plain(node)
        return data
    with at(node):
        return rebase(check_reference(text(node, "a path from here, or the account itself")), node.file, file)


def read_values(node: Node) -> dict[str, str]:
    """What `with:` puts in place of the callflow's `{NAME}`s: texts, or whole numbers that stay as written."""
    values = {}
    for name, each in any_mapping(node, "{USER_ID: alice}").items():
        if not NAME.fullmatch(name):
            raise each.error(f"{shown(name)} cannot name a placeholder", "use capital letters, digits and _")
        is_whole = isinstance(each.value, int) and not isinstance(each.value, bool)
        values[name] = str(each.value) if is_whole else text(each, "the value as text")
    return values


def read_start(node: Node) -> datetime:
    """The virtual wall clock at the start, in UTC, cut to the second (design §12)."""
    example = "2026-11-30T23:59:50Z"
    value = text(node, example)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise node.error(f"{shown(value)} names no zone", f"add Z or an offset: {example}")
        return moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise node.error(f"{shown(value)} is not a date and time", f"write it like {example}") from None


def read_timezone(node: Node) -> str:
    """The name of a time zone that this machine knows."""
    name = text(node, "Europe/Berlin")
    if name == "UTC":
        return name
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        hint = suggestion(name, known) if known else "this machine has no time zones: install the package tzdata"
        if hint.startswith("one of"):
            hint = "write it like Europe/Berlin"
        raise node.error(f"unknown time zone {shown(name)}", hint) from None
    return name


def read_tags(node: Node) -> tuple[str, ...]:
    """Words to choose scenarios by: none twice, and none that joins words where scenarios are chosen."""
    tags: list[str] = []
    for each in items(node, "[smoke, voicemail]"):
        tag = text(each, "[smoke]")
        if any(mark.isspace() or mark == "," for mark in tag):
            raise each.error(f"{shown(tag)} is more than one word", "write a list of single words")
        if not TAG.fullmatch(tag) or tag in JOINING_WORDS:
            raise each.error(f"{shown(tag)} cannot be a tag", "use letters, digits and _ . : -, begin with a letter")
        if tag in tags:
            raise each.error(f"the tag {shown(tag)} stands twice", "keep one of the two")
        tags.append(tag)
    return tuple(tags)
