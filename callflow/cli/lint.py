"""`callflow lint`: what is wrong with callflows, said before a call is placed."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import click
from attrs import asdict

from callflow.cli.faults import PASSED, WRONG_INPUT
from callflow.cli.options import profile_option, skip_unsimulated_option, strict_option, with_option
from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import DocumentError, FlowError
from callflow.core.flow import Flow
from callflow.core.profile import DOCS, PROFILES
from callflow.lint import lint_flow
from callflow.lint.accounts import is_account, lint_account
from callflow.loading import Reading, check_callflow, load_inline_flows, located
from callflow.report.wording import printable
from callflow.scenario.document import read_document

WRONG_INPUT_CODE: Final = "wrong-input"
"""Code of what keeps a callflow from being run; `run` refuses it in the same words."""

_COLOURS: Final = {"error": "red", "warning": "yellow", "info": "blue"}


@click.command()
@click.argument("callflows", metavar="CALLFLOW...", nargs=-1, required=True, type=click.Path(path_type=Path))
@with_option
@profile_option
@strict_option
@skip_unsimulated_option
@click.option("--verbose", "-v", is_flag=True, help="Show remarks of level info too.")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object with every remark instead of text.")
def command(
    callflows: tuple[Path, ...],
    values: Mapping[str, str],
    profile: str | None,
    strict: bool,
    skip_unsimulated: bool,
    verbose: bool,
    as_object: bool,
) -> None:
    """Check CALLFLOW files and accounts: misspelt keys, wrong types and bounds, and what goes wrong with recordings.

    One line a finding, with file, line and JSON path. Ends with status 2 when there is an error, otherwise with 0.

    \b
    Example: callflow lint examples/storage_retries/record_all.json --profile kazoo-5
    """
    reading = Reading(PROFILES[profile] if profile else DOCS, values, strict, skip_unsimulated)
    found = [each for path in callflows for each in check(path, reading)]
    if as_object:
        click.echo(json.dumps({"diagnostics": [asdict(each) for each in found]}, indent=2, ensure_ascii=False))
    else:
        for each in found:
            if verbose or each.severity != "info":
                click.secho(printable(each), fg=_COLOURS[each.severity])
        click.echo(_summary(found, len(callflows), verbose))
    sys.exit(WRONG_INPUT if any(each.severity == "error" for each in found) else PASSED)


def check(path: Path, reading: Reading) -> tuple[Diagnostic, ...]:
    """Everything that can be said about one callflow file and the flows written inside it, faults first.

    An account file is checked with its storage plan and all its callflows. A file that cannot be read at all is one
    error.
    """
    try:
        if is_account(read_document(path, FlowError).data):
            broken_parts, found = lint_account(path, reading)
            return (*map(_remark, broken_parts), *found)
        flow, document = check_callflow(path, reading)
    except FlowError as broken:
        return (_remark(broken),)
    faults = [_remark(fault) for fault in flow.faults]
    inline: Mapping[str, Flow] = {}
    try:
        inline = load_inline_flows(flow, reading)
    except FlowError as broken:
        faults.append(located(_remark(broken), document))
        more = getattr(broken, "__notes__", ())
        faults += [Diagnostic(WRONG_INPUT_CODE, "error", document.path, note) for note in more]
    remarks = list(flow.diagnostics)
    for each, standing in ((flow, len(flow.diagnostics)), *((each, 0) for each in inline.values())):
        remarks += [located(remark, document) for remark in lint_flow(each)[standing:]]
    return (*faults, *remarks)


def _remark(fault: DocumentError) -> Diagnostic:
    return Diagnostic(WRONG_INPUT_CODE, "error", fault.where, fault.problem, fault.hint)


def _summary(found: Iterable[Diagnostic], files: int, verbose: bool) -> str:
    """How much there is of each severity, and how to see what was not shown."""
    counts = Counter(each.severity for each in found)
    total = f"{files} callflow{'s' * (files != 1)}"
    parts = [f"{counts[each]} {each}{'s' * (counts[each] != 1)}" for each in ("error", "warning") if counts[each]]
    if counts["info"]:
        parts.append(f"{counts['info']} info" + ("" if verbose else " (--verbose shows them)"))
    return f"{total}: {', '.join(parts) or 'nothing to remark'}"
