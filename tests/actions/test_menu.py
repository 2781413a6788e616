"""menu: the digits' way through children, hunting, wrong choices and retries (B§7.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from callflow.core.account import Account
from callflow.core.account_menus import Menu
from callflow.core.errors import FlowError
from callflow.core.events import Caller, HangsUp, Presses
from callflow.core.number_patterns import compile_pattern
from callflow.core.sounds import PROMPT_LENGTHS_MS
from callflow.core.trace import LEG, WARNING

ASK_MS = PROMPT_LENGTHS_MS["menu-no_prompt"]
NOTE = {"module": "noop"}
SLEEP = {"module": "sleep", "data": {"duration": 3}}
ROUND = ["menu-no_prompt", "menu-invalid_entry"]


def asked(children: Mapping[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """A menu node."""
    return {"module": "menu", "data": {"id": "main", **data}, "children": dict(children or {})}


def account(build: Any, **changes: Any) -> Account:
    """The household with a menu whose keys are changed; 7001 is answered by a flow named `seven`."""
    house: Account = build.with_flow(build.household(), "seven", "7001")
    return evolve(house, menus={"main": Menu("main", **changes)})


def call(build: Any, node: Mapping[str, Any], *tells: Any, **changes: Any) -> Any:
    """Run one call through a menu; `flows` and `profile` go to the run, everything else changes the menu."""
    run = {key: changes.pop(key) for key in ("flows", "profile") if key in changes}
    return build.play(node, *tells, account=account(build, **changes), **{"flows": {"seven": SLEEP}, **run})


def digits(text: str, from_ms: int = 1_000, step_ms: int = 500) -> list[tuple[int, Presses]]:
    """Pressing digits one after another."""
    return [(from_ms + index * step_ms, Presses(digit)) for index, digit in enumerate(text)]


def test_it_answers_and_goes_where_the_digits_say(build: Any) -> None:
    """B§7.7: answers on entering; a digit cuts the greeting; the choice is made 2 s after the last digit."""
    stage = call(build, asked({"1": NOTE, "_": SLEEP}), *digits("1"))
    assert stage.times(LEG, "CHANNEL_ANSWER") == [0]
    assert (stage.path(), stage.sounds(), stage.ends()["A"][0]) == (["menu", "noop"], ["menu-no_prompt"], 3_000)


@pytest.mark.parametrize(
    ("pressed", "changes", "data", "at_ms"),
    [
        ("1", {"max_extension_length": 1}, {}, 1_000),
        ("1#", {}, {}, 1_500),
        ("12", {"max_extension_length": 2}, {}, 1_500),
        ("1", {"interdigit_timeout_ms": 700}, {}, 1_700),
        ("1", {"interdigit_timeout_ms": 700}, {"interdigit_timeout": 300}, 1_300),
    ],
)
def test_when_the_choice_is_made(build: Any, pressed: str, changes: Any, data: Any, at_ms: int) -> None:
    """B§7.7: at max_extension_length, at the terminator, or after the pause, the node's before the document's."""
    stage = call(build, asked({"1": NOTE, "12": NOTE}, **data), *digits(pressed), **changes)
    assert (stage.path(), stage.ends()["A"][0]) == (["menu", "noop"], at_ms)


def test_no_digits_go_to_timeout(build: Any) -> None:
    """B§7.7: after the greeting and `timeout` milliseconds without a digit, the child of that name runs."""
    stage = call(build, asked({"timeout": NOTE, "_": SLEEP}), timeout_ms=4_000)
    assert (stage.path(), stage.ends()["A"][0]) == (["menu", "noop"], ASK_MS + 4_000)


def test_no_digits_and_no_timeout_ask_again_in_silence(build: Any) -> None:
    """B§7.7: without a `timeout` child the menu asks again, and does not say that the entry was invalid."""
    stage = call(build, asked({"_": NOTE}), retries=2)
    assert stage.sounds() == ["menu-no_prompt", "menu-no_prompt", "menu-exit", "menu-transferring_call"]
    assert stage.path() == ["menu", "noop"]
    played_ms = 2 * ASK_MS + PROMPT_LENGTHS_MS["menu-exit"] + PROMPT_LENGTHS_MS["menu-transferring_call"]
    assert stage.ends()["A"][0] == played_ms + 2 * 10_000


@pytest.mark.parametrize(
    ("children", "last", "path"),
    [
        ({"_": NOTE}, "menu-transferring_call", ["menu", "noop"]),
        ({"max_retries": NOTE, "_": SLEEP}, "menu-exit", ["menu", "noop"]),
        ({"max_retries": {}, "_": NOTE}, "menu-transferring_call", ["menu", "noop"]),
        ({}, "vm-goodbye", ["menu"]),
        ({"_": {}}, "vm-goodbye", ["menu"]),
    ],
)
def test_when_the_retries_are_used(build: Any, children: Any, last: str, path: list[str]) -> None:
    """B§7.7: the exit prompt, then `max_retries`, else a transfer prompt and `_`, or goodbye when that is empty."""
    stage = call(build, asked(children), *digits("9"), *digits("8", 8_000), retries=2)
    assert stage.sounds() == [*ROUND, *ROUND, "menu-exit", *([last] if last != "menu-exit" else [])]
    assert stage.path() == path


def test_an_empty_child_is_an_invalid_choice(build: Any) -> None:
    """B§12 scenario 19: a child that is `{}` is not gone to: hunting, then the invalid prompt, and no stop."""
    stage = call(build, asked({"1": {}, "timeout": NOTE}), *digits("1"))
    assert stage.sounds() == [*ROUND, "menu-no_prompt"]
    assert stage.path() == ["menu", "noop"]


def test_an_empty_child_can_be_hunted(build: Any) -> None:
    """B§12 scenario 19: what is no child may still be another flow's number."""
    stage = call(build, asked({"7001": {}}), *digits("7001"))
    assert stage.path() == ["menu", "sleep"]


@pytest.mark.parametrize(("branches", "path"), [(True, ["menu", "sleep", "noop"]), (False, ["menu", "sleep"])])
def test_hunting(build: Any, branches: bool, path: list[str]) -> None:
    """B§7.7: a number of another flow is connected, after the transfer prompt; branch_extension comes back to `_`."""
    stage = call(build, asked({"_": NOTE}), *digits("7001"), branches_to_extension=branches)
    assert (stage.path(), stage.sounds()) == (path, ["menu-no_prompt", "menu-transferring_call"])


def test_a_child_comes_before_hunting(build: Any) -> None:
    """B§7.7: digits that are a child are never hunted."""
    assert call(build, asked({"7001": NOTE}), *digits("7001")).path() == ["menu", "noop"]


@pytest.mark.parametrize(
    ("changes", "hunts"),
    [
        ({"hunts": False}, False),
        ({"hunt_allow": compile_pattern("^7")}, True),
        ({"hunt_allow": compile_pattern("^8")}, False),
        ({"hunt_deny": compile_pattern("^7")}, False),
        ({"hunt_deny": compile_pattern("^8")}, True),
        ({"hunt_allow": compile_pattern("^7"), "hunt_deny": compile_pattern("1$")}, False),
    ],
)
def test_what_may_be_hunted(build: Any, changes: Any, hunts: bool) -> None:
    """B§7.7: hunt is on, hunt_allow matches, hunt_deny does not."""
    stage = call(build, asked(), *digits("7001"), (60_000, HangsUp()), retries=1, **changes)
    assert stage.path() == (["menu", "sleep"] if hunts else ["menu"])


def test_no_match_is_never_hunted(build: Any) -> None:
    """B§7.7: only a flow of that number is connected, never the `no_match` flow."""
    house = build.with_flow(account(build, retries=1), "last", "no_match")
    stage = build.play(asked(), *digits("7777"), account=house, flows={"seven": SLEEP, "last": SLEEP})
    assert stage.path() == ["menu"]


@pytest.mark.parametrize(
    ("changes", "sounds"),
    [
        ({"greeting": "song"}, ["song", "menu-invalid_entry", "menu-exit", "vm-goodbye"]),
        ({"greeting": "no-such-media"}, ["menu-invalid_entry", "menu-exit", "vm-goodbye"]),
        ({"invalid_media": False, "exit_media": "hymn"}, ["menu-no_prompt", "hymn", "vm-goodbye"]),
        ({"invalid_media": "song", "exit_media": False}, ["menu-no_prompt", "song", "vm-goodbye"]),
    ],
)
def test_the_menus_own_media(build: Any, changes: Any, sounds: list[str]) -> None:
    """B§7.7: each prompt is the menu's own, the system's, or silent; media that is not there is not heard."""
    assert call(build, asked(), *digits("9"), retries=1, **changes).sounds() == sounds


def test_a_digit_during_another_prompt_cuts_it_and_is_no_choice(build: Any) -> None:
    """B§7.7: only what is pressed from the greeting on is collected."""
    stage = call(build, asked({"1": NOTE, "timeout": SLEEP}), *digits("9"), *digits("1", 3_500))
    assert stage.times("AUDIO", "plays") == [0, 3_000, 3_500]
    assert stage.path() == ["menu", "sleep"]


def test_hanging_up_in_a_menu(build: Any) -> None:
    """B§7.7: the flow stops, whatever the menu would have done."""
    stage = call(build, asked({"timeout": NOTE, "_": NOTE}), (2_000, HangsUp()))
    assert (stage.path(), stage.ends()["A"]) == (["menu"], (2_000, "NORMAL_CLEARING", "caller"))


def test_a_menu_that_is_not_there(build: Any) -> None:
    """B§7.7: without its document the call goes on to `_`, unanswered, and a warning says why."""
    stage = build.play(asked({"_": NOTE}), account=build.household())
    assert (stage.path(), stage.events("CHANNEL_ANSWER")) == (["menu", "noop"], [])
    assert [row.detail["message"] for row in stage.find(WARNING, "unknown-menu")] == [
        "flow: the account has no menu 'main': the call goes on to `_`"
    ]


def test_the_record_pin_is_refused(build: Any) -> None:
    """Issue 3: recording a greeting is not simulated, and says so instead of doing something else."""
    with pytest.raises(FlowError, match="recording a menu's greeting is not simulated yet"):
        call(build, asked(), *digits("555"), record_pin="555", allow_record_from_offnet=True)
    stage = build.stage(asked(), account=account(build, record_pin="555"), flows={"seven": SLEEP})
    stage.offer(caller=Caller("2001", device_id="alice-phone"))
    for tell in digits("555"):
        stage.tell(*tell)
    with pytest.raises(FlowError, match="record_pin"):
        stage.run()


def test_the_record_pin_from_outside_is_an_invalid_choice(build: Any) -> None:
    """B§7.7: a caller from outside may not record unless the menu allows it."""
    stage = call(build, asked(), *digits("555"), record_pin="555", retries=1)
    assert stage.sounds()[:2] == ROUND
