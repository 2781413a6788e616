"""Options that several verbs share, written once so that they mean the same everywhere (design §7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import click

from callflow.core.address import is_url
from callflow.core.profile import PROFILES
from callflow.core.shown import shown

_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)
_EXAMPLE: Final = "2026-11-30T23:59:50Z"


def read_values(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> Mapping[str, str]:
    """Turn every `K=V` of the command line into a dict; the last one of a name counts. Raises BadParameter."""
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not _NAME.fullmatch(name):
            problem = f"{shown(text)} is not NAME=VALUE; write the name in capital letters, digits and _"
            raise click.BadParameter(problem, context, parameter)
        values[name] = value
    return values


def read_start(context: click.Context, parameter: click.Parameter, given: str | None) -> datetime | None:
    """Turn ISO 8601 with a zone into a time in UTC, cut to the second (design §12). Raises BadParameter."""
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
        in_utc = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        problem = f"{shown(given)} is not a date and time; write it like {_EXAMPLE}"
        raise click.BadParameter(problem, context, parameter) from None
    if moment.tzinfo is None:
        raise click.BadParameter(f"{shown(given)} names no zone; add Z or an offset: {_EXAMPLE}", context, parameter)
    return in_utc


def read_webhook(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    """The URL of a webhook, which is http or https. Raises BadParameter, without the URL: it may hold a password."""
    if given is not None and not (is_url(given) and given.lower().startswith(("http://", "https://"))):
        raise click.BadParameter("it is no http or https URL; write it like https://host/path", context, parameter)
    return given


profile_option = click.option(
    "--profile",
    type=click.Choice(tuple(PROFILES)),
    help="Whose rules hold: the document's (docs, the default) or those of a running system.",
)
"""`profile: str | None`, a key of `callflow.core.profile.PROFILES`; None when not given."""

with_option = click.option(
    "--with",
    "values",
    metavar="NAME=VALUE",
    multiple=True,
    callback=read_values,
    help="Fill {NAME} in the callflow; may be repeated.",
)
"""`values: Mapping[str, str]`, empty when not given."""

strict_option = click.option(
    "--strict",
    is_flag=True,
    help="Take a malformed `children` literally, as a running system does: the call is hung up.",
)
"""`strict: bool`."""

skip_unsimulated_option = click.option(
    "--skip-unsimulated",
    is_flag=True,
    help="Go on to `_` at a module that Kazoo has and that is not simulated yet, instead of refusing the callflow.",
)
"""`skip_unsimulated: bool`."""

start_option = click.option(
    "--start",
    metavar="TIME",
    callback=read_start,
    help=f"The virtual wall clock when the scenario begins, like {_EXAMPLE}.",
)
"""`start: datetime | None`, aware, in UTC."""

seed_option = click.option("--seed", type=int, help="Seed of everything random: the same seed, the same run.")
"""`seed: int | None`."""

parallel_option = click.option(
    "--parallel",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Send as many recordings at once [default: 4].",
)
"""`parallel: int | None`."""
