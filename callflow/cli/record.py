"""`callflow record`: a call that is driven by hand on the virtual clock, and kept as a scenario."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from callflow.cli.faults import PASSED, WRONG_INPUT
from callflow.cli.options import profile_option, seed_option, skip_unsimulated_option, start_option, with_option
from callflow.core.errors import DocumentError, MediaError, RunawayError
from callflow.core.profile import DOCS
from callflow.core.shown import shown
from callflow.report.wording import printable

if TYPE_CHECKING:
    from callflow.capture.live_session import LiveSession

_LONGEST_LINE: Final = 2_000
_WORDS: Final = ("+1s", "help", "quit", "undo", "wait for ")
_DIALLED: Final = "2000"


@click.command()
@click.argument("flow", metavar="CALLFLOW")
@click.option("--account", type=click.Path(path_type=Path, dir_okay=False), help="The account's file.")
@click.option("--dials", help="What the caller dials [default: CALLFLOW where that is a number, else 2000].")
@click.option("--caller", default="+14155550100", show_default=True, help="The caller's number.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("recorded.scenario.yaml"),
    show_default=True,
    help="The scenario to write, a new file.",
)
@profile_option
@with_option
@start_option
@seed_option
@skip_unsimulated_option
def command(
    flow: str,
    account: Path | None,
    dials: str | None,
    caller: str,
    out: Path,
    profile: str | None,
    values: Mapping[str, str],
    start: datetime | None,
    seed: int | None,
    skip_unsimulated: bool,
) -> None:
    """Place a call on CALLFLOW, a file or a number of the account, and drive it by typing what everybody does.

    `alice answers`, `+4s`, `caller speaks for 3s`, `wait for RECORD_START`, `undo`, `help`, `quit`. What was typed is
    kept as a scenario that expects what happened; the file is written after each step. Lines may come from a pipe;
    the status is then 2 when one of them could not be done.

    \b
    Example: callflow record examples/record_on_answer/record_on_answer.json --out my.scenario.yaml
    """
    is_number = not any(mark.isalpha() for mark in flow)
    if is_number and account is None:
        raise click.UsageError(f"{shown(flow)} is a number; add --account, whose callflows have it")
    if out.suffix.lower() not in (".yaml", ".yml"):
        raise click.UsageError(f"--out {out}: a scenario is a .yaml file")
    if not out.parent.is_dir():
        raise click.UsageError(f"--out {out}: there is no such folder; make it first")
    if out.exists():
        raise click.UsageError(f"--out {out}: there is such a file already; name a new one")
    from callflow.capture.live_session import LiveSession
    from callflow.capture.writing import Draft
    from callflow.scenario.preparing import Choices

    begins = start if start is not None else datetime.now(UTC)
    draft = Draft(
        name=f"A call on {flow if is_number else Path(flow).stem}",
        callflow=flow,
        account=account,
        profile=profile or DOCS.name,
        start=begins.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seed=1 if seed is None else seed,
        caller={"number": caller, "dials": dials or (flow if is_number else _DIALLED)},
        steps=(),
        values=values,
        remarks=("Recorded with `callflow record`; what it expects is what happened.",),
    )
    width = max(80, min(140, shutil.get_terminal_size((110, 24)).columns))
    session = LiveSession(draft, Choices(skip_unsimulated=skip_unsimulated), out, width)
    _show(session.begin())
    missed = _talk(session)
    _show(session.finish())
    click.echo(f"saved: {printable(out)}")
    sys.exit(WRONG_INPUT if missed and not sys.stdin.isatty() else PASSED)


def _talk(session: LiveSession) -> int:
    """Do line by line what is typed, until `quit` or the end; return how many lines could not be done."""
    from callflow.capture.live_session import help_lines
    from callflow.testing.impossible import StepNotPossible

    missed = 0
    _offer_completion(session)
    while (line := _next_line(f"{session.now}> ")) is not None and line != "quit":
        if not line or line.startswith("#"):
            continue
        try:
            if line == "help":
                _show(list(help_lines(session)))
            elif line == "undo":
                click.echo(f"undone: {printable(session.undo())}; it is {session.now}")
            else:
                _show(session.do(line))
        except (DocumentError, MediaError, RunawayError, StepNotPossible) as fault:
            missed += 1
            click.echo(f"error: {printable(str(fault).removeprefix('record: '))}", err=True)
    return missed


def _next_line(prompt: str) -> str | None:
    """The next line without what surrounds it; None when there is none. Only a terminal is shown a prompt."""
    if not sys.stdin.isatty():
        text = sys.stdin.readline(_LONGEST_LINE)
        return text.strip() if text else None
    try:
        return input(prompt).strip()
    except EOFError:
        return None


def _offer_completion(session: LiveSession) -> None:
    """Let the Tab key complete what is possible now, where the terminal's line editor is there."""
    if not sys.stdin.isatty():
        return
    try:
        import readline
    except ImportError:
        return

    def complete(start: str, number: int) -> str | None:
        fitting = [each for each in (*session.possible(), *_WORDS) if each.startswith(start)]
        return fitting[number] if number < len(fitting) else None

    readline.set_completer_delims("")
    readline.set_completer(complete)
    readline.parse_and_bind("tab: complete")


def _show(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
