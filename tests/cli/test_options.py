"""Options that verbs share: `--with`, `--start`, `--seed`, `--profile` (design §6, §7, §12)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
import pytest
from click.testing import CliRunner

from callflow.cli.options import (
    profile_option,
    seed_option,
    skip_unsimulated_option,
    start_option,
    strict_option,
    with_option,
)


def read(*arguments: str) -> dict[str, Any]:
    """What a verb with all shared options is given for these arguments. Raises click's errors."""

    @click.command()
    @with_option
    @start_option
    @seed_option
    @profile_option
    @strict_option
    @skip_unsimulated_option
    def command(**given: Any) -> dict[str, Any]:
        return given

    given: dict[str, Any] = command.main(list(arguments), standalone_mode=False)
    return given


def test_nothing_given_leaves_all_to_the_scenario() -> None:
    """Every option has a value that means: not given."""
    expected: dict[str, Any] = {
        "values": {},
        "start": None,
        "seed": None,
        "profile": None,
        "strict": False,
        "skip_unsimulated": False,
    }
    assert read() == expected


def test_with_fills_names() -> None:
    """`--with` may be repeated; the value may hold anything, `=` included; the last one of a name counts."""
    values = read("--with", "URL=http://h/?a=b", "--with", "A=1", "--with", "A=", "--with", "B_2=x y")["values"]
    assert values == {"URL": "http://h/?a=b", "A": "", "B_2": "x y"}


@pytest.mark.parametrize("text", ["USER_ID", "=x", "user_id=alice", "1A=x", "A B=x", "{A}=x", "É=x", ""])
def test_with_refuses_other_forms(text: str) -> None:
    """What is not NAME=VALUE is a usage error that says so."""
    with pytest.raises(click.BadParameter, match="is not NAME=VALUE; write the name in capital letters"):
        read("--with", text)


@pytest.mark.parametrize(
    "text", ["2026-11-30T23:59:50Z", "2026-12-01T00:59:50+01:00", "2026-11-30 18:59:50.75-05:00", "20261130T235950Z"]
)
def test_start_is_a_moment_in_utc(text: str) -> None:
    """ISO 8601 with any offset is the same moment, cut to the second."""
    start = read("--start", text)["start"]
    assert start == datetime(2026, 11, 30, 23, 59, 50, tzinfo=UTC)
    assert start.tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["tomorrow", "2026-02-30T10:00:00Z", "2026-11-30T25:00:00Z", "0001-01-01T00:00:00+10:00"]
)
def test_start_refuses_what_is_no_moment(text: str) -> None:
    """Other words, days that do not exist, moments before the calendar: a usage error with an example."""
    with pytest.raises(click.BadParameter, match="is not a date and time; write it like 2026-11-30T23:59:50Z"):
        read("--start", text)


def test_start_needs_a_zone() -> None:
    """A wall clock without a zone would mean another moment on another machine (law 6)."""
    with pytest.raises(click.BadParameter, match="names no zone; add Z or an offset"):
        read("--start", "2026-11-30T23:59:50")


def test_seed_and_profile() -> None:
    """A seed is any integer; a profile is one of ours."""
    assert read("--seed", "-3", "--profile", "kazoo-5") | {"values": None} == {
        "values": None,
        "start": None,
        "seed": -3,
        "profile": "kazoo-5",
        "strict": False,
        "skip_unsimulated": False,
    }
    for arguments in (["--seed", "x"], ["--profile", "kazoo-6"]):
        with pytest.raises(click.BadParameter):
            read(*arguments)


def test_flags() -> None:
    """`--strict` and `--skip-unsimulated` are off unless given."""
    given = read("--strict", "--skip-unsimulated")
    assert given["strict"] is True and given["skip_unsimulated"] is True


def test_runner_is_not_needed_for_help() -> None:
    """Each shared option explains itself in the help of its verb."""
    command = click.Command("verb", params=[])
    for option in (with_option, start_option, seed_option, profile_option, strict_option, skip_unsimulated_option):
        command = option(command)
    lines = CliRunner().invoke(command, ["--help"]).output
    for name in ("--with NAME=VALUE", "--start TIME", "--seed", "--profile", "--strict", "--skip-unsimulated"):
        assert name in lines
