"""`callflow schema`: the JSON Schemas of what users write and of what comes out, for editors and other programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import click


def _scenario() -> dict[str, Any]:
    from callflow.schemas.scenario import scenario_schema

    return scenario_schema()


def _account() -> dict[str, Any]:
    from callflow.schemas.account import account_file_schema

    return account_file_schema()


def _result() -> dict[str, Any]:
    from callflow.schemas.results import result_schema

    return result_schema()


def _trace() -> dict[str, Any]:
    from callflow.schemas.results import trace_schema

    return trace_schema()


SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "scenario": _scenario,
    "account": _account,
    "result": _result,
    "trace": _trace,
}
"""What has a schema, by name; each is made only when it is asked for."""


@click.command()
@click.argument("what", type=click.Choice(tuple(SCHEMAS)))
def command(what: str) -> None:
    """Print the JSON Schema (draft 2020-12) of scenario or account files, of `run --json`, or of a trace's rows.

    An editor with a YAML language server completes and checks a scenario that begins with the line
    `# yaml-language-server: $schema=scenario.schema.json`, the path of the printed schema.

    \b
    Example: callflow schema scenario
    """
    click.echo(json.dumps(SCHEMAS[what](), indent=2, ensure_ascii=False))
