"""`callflow draw`: a callflow, the way or the ladder of a run, or a machine behind a call (design §4, §7)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click
from attrs import frozen

from callflow.cli.one_scenario import load_one, row_option
from callflow.cli.options import profile_option, seed_option, start_option, strict_option, with_option
from callflow.core.delivery import DELIVERY
from callflow.core.digits import DIGIT_TABLE
from callflow.core.errors import StorageError
from callflow.core.flow import Flow
from callflow.core.leg import LEG_TABLE
from callflow.core.profile import DOCS, PROFILES
from callflow.core.recorder import RECORDER_TABLE
from callflow.core.shown import shown
from callflow.core.spelling import nearest
from callflow.core.table import Table

MACHINES: Final[Mapping[str, Table[Any, Any]]] = {
    table.name: table for table in (RECORDER_TABLE, DELIVERY, LEG_TABLE, DIGIT_TABLE)
}
"""What can be drawn beside callflows and runs, by name."""

OF_A_RUN: Final = ("ladder", "tree")
"""What needs a scenario."""


@frozen
class Picture:
    """Something to draw in each form, made when it is asked for."""

    text: Callable[[int], str]
    mermaid: Callable[[], str]
    svg: Callable[[], str]

    def drawn(self, form: str) -> str:
        """The picture in a form of the command line, without a final line break."""
        if form == "text":
            return self.text(shutil.get_terminal_size((100, 24)).columns)
        return self.mermaid() if form == "mermaid" else self.svg()


@click.command()
@click.argument("what", metavar="CALLFLOW|ladder|tree|recorder|delivery|leg|metaflow")
@click.argument("scenario", required=False, type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(("text", "mermaid", "svg", "png")), default="text", show_default=True
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead of printing.")
@with_option
@start_option
@seed_option
@profile_option
@strict_option
@row_option
def command(
    what: str,
    scenario: Path | None,
    form: str,
    out: Path | None,
    row: int | None,
    values: Mapping[str, str],
    profile: str | None,
    strict: bool,
    **chosen: Any,
) -> None:
    """Draw a callflow file as a tree, the ladder or the tree of a SCENARIO's run, or the table of a machine.

    A ladder shows who signalled what to whom, call by call; a tree of a run has the way that each call took. Forms are
    text for the terminal and tickets, mermaid for pages that draw it, SVG, and PNG into a file. Errors and warnings
    stand behind the node that they are about; `callflow lint` explains them. A file that has another word's name is
    reached as ./tree.

    \b
    Examples: callflow draw examples/record_per_user/record_per_user.json
              callflow draw ladder examples/record_per_user/answered.yaml --format svg --out ladder.svg
              callflow draw recorder --format mermaid
    """
    if what in OF_A_RUN:
        if scenario is None:
            raise click.UsageError(f"{what} is of a run; name its scenario: callflow draw {what} SCENARIO")
        picture = _of_run(what, scenario, row, profile=profile, values=values, strict=strict, **chosen)
    else:
        if scenario is not None:
            raise click.UsageError(f"{shown(what)} is drawn without a scenario; ladder and tree are drawn of one")
        picture = _machine(MACHINES[what]) if what in MACHINES else _callflow(what, values, profile, strict)
    if form == "png":
        if out is None:
            raise click.UsageError("a PNG is no text; add --out FILE.png")
        from callflow.report.png import png_of

        drawn = png_of(picture.svg())
    else:
        drawn = (picture.drawn(form) + "\n").encode()
    if out is None:
        click.echo(drawn, nl=False)
        return
    try:
        out.write_bytes(drawn)
    except OSError as error:
        raise StorageError(f"{out}: cannot be written: {error.strerror}; choose another file with --out") from None


def _machine(table: Table[Any, Any]) -> Picture:
    from callflow.report.machine import machine_text
    from callflow.report.machine_svg import machine_svg

    return Picture(lambda width: machine_text(table, width), table.as_mermaid, lambda: machine_svg(table))


def _callflow(what: str, values: Mapping[str, str], profile: str | None, strict: bool) -> Picture:
    """A callflow by itself. Raises UsageError for a word that is near another one's and names no file, FlowError."""
    from callflow.loading import Reading, load_callflow

    path = Path(what)
    meant = nearest(what, (*MACHINES, *OF_A_RUN)) if not path.exists() else None
    if meant is not None:
        raise click.UsageError(f"{shown(what)} is neither a callflow file nor a machine; did you mean '{meant}'?")
    # A picture may show what no run would do: modules that are not simulated are drawn, and marked.
    reading = Reading(PROFILES[profile] if profile else DOCS, values, strict, skip_unsimulated=True)
    flow, _ = load_callflow(path, reading)
    return _trees([("", flow, ())])


def _of_run(what: str, path: Path, row: int | None, **chosen: Any) -> Picture:
    """The ladder or the trees of a scenario's run. Raises FlowError and ScenarioError."""
    from callflow.scenario.preparing import Choices
    from callflow.simulate import simulate

    run = simulate(load_one(path, row), Choices(skip_unsimulated=True, **chosen))
    names = {call.id: call.script.name for call in run.prepared.calls if call.script.name}
    if what == "ladder":
        return _ladder(run.rows, names, run.prepared.scenario.name)
    from callflow.report.taken import flows_taken

    flows = tuple(run.prepared.setting.flows.values())
    paths = {call.call_id: call.path for call in run.summary().calls}
    taken = [(call, flows_taken(call.flow, flows, paths.get(call.id, ()))) for call in run.prepared.calls]
    is_one = sum(len(trees) for _, trees in taken) == 1
    trees = [
        ("" if is_one else _title(call.script.name, tree.flow), tree.flow, tree.path)
        for call, trees in taken
        for tree in trees
    ]
    return _trees(trees)


def _title(call_name: str, flow: Flow) -> str:
    return f"call {call_name}, flow {flow.label}" if call_name else f"flow {flow.label}"


def _ladder(rows: Any, names: Mapping[str, str], scenario: str) -> Picture:
    from callflow.report.ladder import ladders
    from callflow.report.ladder_svg import ladder_svg
    from callflow.report.ladder_text import ladder_mermaid, ladder_text
    from callflow.report.svg import stacked

    every = ladders(rows, names)
    return Picture(
        lambda width: "\n\n".join(ladder_text(each, width) for each in every),
        lambda: "\n\n".join(map(ladder_mermaid, every)),
        lambda: stacked([ladder_svg(each, scenario) for each in every], f"Ladders of {scenario}"),
    )


def _trees(trees: list[tuple[str, Flow, tuple[str, ...]]]) -> Picture:
    """Flows with the ways through them, each under its title where it has one."""
    from callflow.report.mermaid import mermaid_text
    from callflow.report.svg import stacked
    from callflow.report.tree import tree_text
    from callflow.report.tree_svg import tree_svg
    from callflow.report.wording import printable

    def text(_: int) -> str:
        return "\n".join(
            (f"{printable(title)}:\n" if title else "") + tree_text(flow, way) for title, flow, way in trees
        )

    def mermaid() -> str:
        heads = (f"%% {printable(title)}\n" if title else "" for title, _, _ in trees)
        bodies = (mermaid_text(flow, way) for _, flow, way in trees)
        return "\n\n".join(head + body for head, body in zip(heads, bodies, strict=True))

    def svg() -> str:
        return stacked([tree_svg(flow, title or flow.label, way) for title, flow, way in trees], "Callflows")

    return Picture(text, mermaid, svg)
