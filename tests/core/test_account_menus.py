"""Menus and groups of an account, read from Kazoo's documents (B§7.3, B§7.4, B§7.7)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.account import Account, read_account
from callflow.core.account_groups import Group, GroupMember
from callflow.core.account_menus import Menu
from callflow.core.errors import ScenarioError
from callflow.core.number_patterns import MAX_NUMBER, compile_pattern
from callflow.schemas import document_keys


def read(document: dict[str, Any], *, strict: bool = True) -> Account:
    """Read an account that has no faults; no remarks either."""
    account, diagnostics = read_account(document, known=document_keys(), bounds_are_errors=strict)
    assert diagnostics == ()
    return account


def fault(document: dict[str, Any]) -> str:
    """The first fault of an account."""
    with pytest.raises(ScenarioError) as caught:
        read(document)
    return str(caught.value)


def test_the_defaults_of_a_menu() -> None:
    """B§7.7: the schema's defaults, 10 s for the first digit among them."""
    assert read({"menus": [{"id": "m"}]}).menus == {"m": Menu("m", "m")}


def test_every_key_of_a_menu() -> None:
    """B§7.7: the whole document; keys that only Kazoo reads pass."""
    document = {
        "_id": "m", "name": "Main", "retries": 2, "timeout": 4_000, "interdigit_timeout": 1_500, "hunt": False,
        "max_extension_length": 3, "hunt_allow": "^2", "hunt_deny": "^20$", "branch_extension": False, "flags": ["x"],
        "record_pin": "555", "allow_record_from_offnet": True, "pvt_type": "menu",
        "media": {"greeting": "hello", "exit_media": False, "invalid_media": "wrong", "transfer_media": True},
    }  # fmt: skip
    assert read({"menus": [document]}).menus["m"] == Menu(
        "m",
        "Main",
        retries=2,
        timeout_ms=4_000,
        interdigit_timeout_ms=1_500,
        max_extension_length=3,
        hunts=False,
        hunt_allow=compile_pattern("^2"),
        hunt_deny=compile_pattern("^20$"),
        branches_to_extension=False,
        record_pin="555",
        allow_record_from_offnet=True,
        greeting="hello",
        exit_media=False,
        invalid_media="wrong",
        transfer_media=True,
    )


def test_suppressed_media() -> None:
    """B§7.7, suppress_media: only the greeting is left."""
    media = {"greeting": "hello", "invalid_media": "wrong"}
    menu = read({"menus": [{"id": "m", "suppress_media": True, "media": media}]}).menus["m"]
    assert (menu.greeting, menu.exit_media, menu.invalid_media, menu.transfer_media) == ("hello", False, False, False)


@pytest.mark.parametrize(
    ("menu", "digits", "may"),
    [
        (Menu("m"), "2001", True),
        (Menu("m", hunts=False), "2001", False),
        (Menu("m", hunt_allow=compile_pattern("^2")), "1001", False),
        (Menu("m", hunt_allow=compile_pattern("01")), "2001", True),
        (Menu("m", hunt_deny=compile_pattern("01")), "2001", False),
        (Menu("m"), "2" * (MAX_NUMBER + 1), False),
    ],
)
def test_what_a_menu_hunts(menu: Menu, digits: str, may: bool) -> None:
    """B§7.7: the patterns match anywhere; nothing is tried on a text that is longer than any number."""
    assert menu.may_hunt(digits) is may


@pytest.mark.parametrize(
    ("change", "start"),
    [
        ({"retries": 11}, "menus[0].retries: 11 is out of bounds; write 1 to 10"),
        ({"timeout": 0}, "menus[0].timeout: 0 is out of bounds"),
        ({"max_extension_length": 7}, "menus[0].max_extension_length: 7 is out of bounds"),
        ({"record_pin": "55"}, "menus[0].record_pin: 2 characters are out of bounds"),
        ({"retires": 2}, "menus[0].retires: unknown setting"),
        ({"media": {"greeting": 3}}, "menus[0].media.greeting: 3 is not a string"),
        ({"media": {"exit_media": 3}}, "menus[0].media.exit_media: 3 is not true or false or a string"),
        ({"hunt_allow": "("}, "menus[0].hunt_allow: not a regular expression"),
        ({"hunt_deny": "(a*)*b"}, "menus[0].hunt_deny: too many ways to match"),
    ],
)
def test_faults_of_a_menu_have_their_place(change: dict[str, Any], start: str) -> None:
    """Design §9: what is wrong, where, and what would be right; a pattern may not run for hours."""
    assert fault({"menus": [{"id": "m", **change}]}).startswith(start)


def test_an_empty_pattern_is_none() -> None:
    """Kazoo profiles: an empty hunt_allow, out of bounds there, allows everything."""
    account, diagnostics = read_account(
        {"menus": [{"id": "m", "hunt_allow": ""}]}, known=document_keys(), bounds_are_errors=False
    )
    assert (account.menus["m"].hunt_allow, [each.code for each in diagnostics]) == (None, ["out-of-bounds"])


def test_groups() -> None:
    """B§7.4: members by id with their type, in document order; weights if given."""
    endpoints = {"alice": {"type": "user", "weight": 3}, "lobby": {"type": "device"}, "crew": {"type": "group"}}
    account = read({"groups": [{"id": "g", "name": "G", "endpoints": endpoints, "music_on_hold": {}}, {"id": "h"}]})
    members = (GroupMember("user", "alice", 3), GroupMember("device", "lobby"), GroupMember("group", "crew"))
    assert account.groups == {"g": Group("g", "G", members), "h": Group("h", "h")}


@pytest.mark.parametrize(
    ("endpoints", "problem"),
    [
        ({"x": {"type": "queue"}}, 'groups[0].endpoints: the member "x" is'),
        ({"x": "user"}, 'groups[0].endpoints: the member "x" is "user"'),
        ({"x": {"type": ["user"]}}, 'groups[0].endpoints: the member "x" is'),
        ({"x": {"type": "user", "weight": 0}}, 'groups[0].endpoints: the weight of "x" is 0'),
        ({"x": {"type": "user", "weight": True}}, 'groups[0].endpoints: the weight of "x" is true'),
        ([], "groups[0].endpoints: a list is not an object"),
    ],
)
def test_faults_of_a_group_have_their_place(endpoints: Any, problem: str) -> None:
    """Design §9: the first member that is none is named."""
    assert fault({"groups": [{"id": "g", "endpoints": endpoints}]}).startswith(problem)
