"""The command line: a file per verb, imported only when that verb runs, so that `callflow --help` is quick (design §7).

A verb is a line in `VERBS` and a module here with a click command named `command`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

import click

from callflow import __version__
from callflow.cli.colour import colour_wish
from callflow.cli.faults import Reported
from callflow.core.shown import shown
from callflow.core.spelling import nearest

VERBS: Final[Mapping[str, tuple[str, str]]] = {
    "demo": ("callflow.cli.demo", "Record, upload and show the sample call, for real."),
    "run": ("callflow.cli.run", "Place the calls of a scenario and show what happens."),
    "test": ("callflow.cli.test", "Run scenarios by the thousand and say which are not as they expect."),
    "lint": ("callflow.cli.lint", "Say what is wrong with callflows before a call is placed."),
    "draw": ("callflow.cli.draw", "Draw a callflow, or one of the machines behind a call."),
    "report": ("callflow.cli.report", "Write a run as one HTML file: time axis, sound, ladder, reasons."),
    "explain": ("callflow.cli.explain", "Say why a recording started and ended when it did."),
    "diff": ("callflow.cli.diff", "Run a scenario under two profiles and show where they part."),
    "sweep": ("callflow.cli.sweep", "Run a scenario with many values of a setting and map the lengths."),
    "race": ("callflow.cli.race", "Try all orders of what happens almost at once; group the outcomes."),
    "replay": ("callflow.cli.replay", "Place calls of a production log again, and compare."),
    "record": ("callflow.cli.record", "Drive a call by hand and keep it as a scenario."),
    "scan": ("callflow.cli.scan", "Say where silence would end a recording of a sound file."),
    "receive": ("callflow.cli.receive", "Receive recordings into a folder, as a server."),
    "outbox": ("callflow.cli.outbox", "Show, send or remove what an upload has left."),
    "generate": ("callflow.cli.generate", "Write the scenarios that drive a callflow wherever a call can go."),
    "coverage": ("callflow.cli.coverage", "Say which nodes, branches and recorder moves scenarios drive."),
    "schema": ("callflow.cli.schema", "Print the JSON Schema of scenarios, accounts, results or traces."),
    "modules": ("callflow.cli.modules", "List the callflow modules and their settings."),
}
"""Verb -> the module that holds its command, and a line of help that needs no import."""


class Verbs(click.Group):
    """The `callflow` command: knows its verbs by name, imports the one that is called, reports what it raises."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order that a newcomer meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb's command; None when there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb that is called. Raises UsageError, with the nearest verb, for one that there is not."""
        name = args[0]
        if name not in VERBS and not ctx.resilient_parsing and not name.startswith("-"):
            meant = nearest(name, VERBS)
            hint = f"did you mean '{meant}'?" if meant else f"there are {', '.join(VERBS)}"
            raise click.UsageError(f"{shown(name)} is no command; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, line) for verb, (_, line) in VERBS.items()])

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the options before the verb, and honour NO_COLOR for every verb."""
        with Reported():
            return super().make_context(info_name, args, parent, color=colour_wish(), **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb. What goes wrong is reported here, before click answers with its own words and statuses."""
        with Reported():
            return super().invoke(ctx)


@click.command("callflow", cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="callflow")
def verbs() -> None:
    """Simulate callflows: place scripted calls on a virtual clock, record them, deliver the recordings.

    \b
    Example: callflow demo
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `callflow` with the process's arguments, or with these, and exit with a status of design §7."""
    verbs.main(arguments, prog_name="callflow")
