"""`callflow draw`: a callflow as a tree, or the table of one of the machines behind a call (design §4)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from callflow.cli.options import profile_option, strict_option, with_option
from callflow.core.delivery import DELIVERY
from callflow.core.digits import DIGIT_TABLE
from callflow.core.leg import LEG_TABLE
from callflow.core.profile import DOCS, PROFILES
from callflow.core.recorder import RECORDER_TABLE
from callflow.core.shown import shown
from callflow.core.spelling import nearest
from callflow.core.table import Table
from callflow.loading import Reading, load_callflow
from callflow.report.machine import machine_text
from callflow.report.mermaid import mermaid_text
from callflow.report.tree import tree_text

MACHINES: Final[Mapping[str, Table[Any, Any]]] = {
    table.name: table for table in (RECORDER_TABLE, DELIVERY, LEG_TABLE, DIGIT_TABLE)
}
"""What can be drawn beside callflows, by name."""


@click.command()
@click.argument("what", metavar="CALLFLOW|recorder|delivery|leg|metaflow")
@click.option("--format", "form", type=click.Choice(("text", "mermaid")), default="text", show_default=True)
@with_option
@profile_option
@strict_option
def command(what: str, form: str, values: Mapping[str, str], profile: str | None, strict: bool) -> None:
    """Draw a callflow file as a tree, or the state table of a recorder, delivery, leg or metaflow.

    As text for the terminal, or as mermaid for a page. Errors and warnings stand behind the node that they are about;
    `callflow lint` explains them. A table that is wider than the terminal becomes a list. A file that has a machine's
    name is reached as ./recorder.

    \b
    Examples: callflow draw examples/record_per_user/record_per_user.json
              callflow draw recorder --format mermaid
    """
    machine = MACHINES.get(what)
    if machine is not None:
        width = shutil.get_terminal_size((100, 24)).columns
        click.echo(machine_text(machine, width) if form == "text" else machine.as_mermaid())
        return
    path = Path(what)
    meant = nearest(what, MACHINES) if not path.exists() else None
    if meant is not None:
        raise click.UsageError(f"{shown(what)} is neither a callflow file nor a machine; did you mean '{meant}'?")
    # A picture may show what no run would do: modules that are not simulated are drawn, and marked.
    reading = Reading(PROFILES[profile] if profile else DOCS, values, strict, skip_unsimulated=True)
    flow, _ = load_callflow(path, reading)
    click.echo(tree_text(flow) if form == "text" else mermaid_text(flow))
