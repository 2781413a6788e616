"""`callflow outbox`: show, send or remove what uploads have left (docs/outbox.md)."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callflow.cli.faults import NOT_DELIVERED, PASSED
from callflow.cli.options import parallel_option
from callflow.core.address import without_credentials
from callflow.core.delivery import TargetKind
from callflow.core.errors import StorageError
from callflow.report.wording import printable
from callflow.storage.carrier import words_for

if TYPE_CHECKING:
    from callflow.storage.holdings import Holdings
    from callflow.storage.journal import Entry

_WHERE_RUNS_PUT_THEM = ("outbox", "*/outbox", "*/*/outbox")
_OUT = Path("out")


@click.group()
def command() -> None:
    """Show, send or remove what uploads have left.

    `run --upload` keeps every recording in an outbox until its target has it. OUTBOX is that folder; left out, `list`
    and `retry` look at every outbox below out/.

    \b
    Example: callflow outbox list
    """


@command.command("list")
@click.argument("outbox", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead of text.")
def show(outbox: Path | None, as_object: bool) -> None:
    """Show what lies in OUTBOX: where each recording was to go, since when it is kept, and what came of each try.

    \b
    Example: callflow outbox list out/answered/outbox
    """
    from callflow.storage.holdings import held

    found = [held(each) for each in _outboxes(outbox)]
    if as_object:
        click.echo(json.dumps({"format": 1, "outboxes": [_as_json(each) for each in found]}, indent=2))
        return
    for holdings in found:
        for line in _lines(holdings):
            click.echo(printable(line))
    if not any(each.names for each in found):
        where = outbox if outbox is not None else f"{_OUT}/*"
        click.echo(printable(f"nothing is left in {where}"))


@command.command()
@click.argument("outbox", type=click.Path(path_type=Path), required=False)
@click.argument("ids", metavar="[ID]...", nargs=-1)
@parallel_option
@click.option("--database", metavar="URL", help="Account database, instead of the one that the run was given.")
def retry(outbox: Path | None, ids: tuple[str, ...], parallel: int | None, database: str | None) -> None:
    """Send what is left in OUTBOX, all of it or the deliveries ID, to where it was to go.

    Ends with status 4 when something is still left.

    \b
    Example: callflow outbox retry out/answered/outbox
    """
    from callflow.storage.holdings import held
    from callflow.storage.routes import check_account_database

    if database is not None:
        check_account_database(database)
    found = [held(each) for each in _outboxes(outbox)]
    if not any(each.names for each in found):
        click.echo("nothing is left to send")
    problem: StorageError | None = None
    is_left = False
    for holdings in found:
        problem = _send(holdings, ids, parallel, database) or problem
        is_left = _say_left(held(holdings.outbox), ids) or is_left
    if problem is not None:
        raise problem
    sys.exit(NOT_DELIVERED if is_left else PASSED)


@command.command()
@click.argument("outbox", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Remove everything that list shows.")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")
def purge(outbox: Path, ids: tuple[str, ...], is_all: bool, is_sure: bool) -> None:
    """Remove recordings from OUTBOX for good, unsent: the deliveries or files ID, as `list` shows them.

    \b
    Example: callflow outbox purge out/answered/outbox --all
    """
    from callflow.storage import holdings

    if is_all == bool(ids):
        raise click.UsageError("name what is to be removed, as `callflow outbox list` shows it, or give --all")
    names = holdings.held(outbox).names if is_all else ids
    if not names:
        click.echo(printable(f"nothing is left in {outbox}"))
        return
    what = "1 recording" if len(names) == 1 else f"{len(names)} recordings"
    if not is_sure:
        for name in names:
            click.echo(printable(name))
        try:
            is_meant = click.confirm(printable(f"remove {what} from {outbox}, unsent, for good?"))
        except click.Abort:  # Ctrl-C, or the end of an input where nobody can be asked
            click.echo()
            raise click.UsageError("nothing was removed: the question was not answered; give --yes") from None
        if not is_meant:
            click.echo("nothing was removed")
            return
    for file in holdings.purge(outbox, names):
        click.echo(printable(f"removed {outbox / file}"))


def _outboxes(given: Path | None) -> list[Path]:
    """The outbox that the user names, or those that runs have left below `out`.

    Raises UsageError for no folder, StorageError for one that may not be looked at.
    """
    try:
        if given is None:
            return sorted(path for pattern in _WHERE_RUNS_PUT_THEM for path in _OUT.glob(pattern) if path.is_dir())
        is_folder = given.is_dir()
    except OSError as error:
        raise StorageError(f"{given or _OUT}: cannot be read, {words_for(error)}; look at its permissions") from None
    if not is_folder:
        raise click.UsageError(f"{printable(str(given))}: there is no such folder; `run --upload` says which it is")
    return [given]


def _send(holdings: Holdings, ids: tuple[str, ...], parallel: int | None, database: str | None) -> StorageError | None:
    """Send what is left; returns what the outbox or a place would not do."""
    from callflow import uploading
    from callflow.cli.sending import show_upload
    from callflow.storage.dispatcher import WORKERS
    from callflow.storage.meter import Meter

    for delivery_id in sorted(holdings.under_way.intersection(ids) if ids else holdings.under_way):
        click.echo(printable(f"{delivery_id} is being sent by another process"))
    meter = Meter()
    rows = uploading.retry(holdings.outbox, ids, database_url=database, workers=parallel or WORKERS, meter=meter)
    sent = show_upload(rows, meter, lambda text: click.secho(text, dim=True))
    if sent.ends:
        click.echo(printable(sent.summary()))
    return sent.problem


def _say_left(holdings: Holdings, ids: tuple[str, ...]) -> bool:
    """Say what is still there of what was to be sent; returns whether there is anything."""
    left = [name for name in holdings.names if not ids or name in ids]
    if left:
        what = "1 is" if len(left) == 1 else f"{len(left)} are"
        command = f"callflow outbox list {shlex.quote(str(holdings.outbox))}"
        click.secho(printable(f"{what} still left, shown by: {command}"), fg="red")
    return bool(left)


def _lines(holdings: Holdings) -> Iterator[str]:
    if holdings.names:
        yield f"{holdings.outbox}:"
    for entry in holdings.entries:
        parcel, tries = entry.parcel, entry.tries
        yield f"  {parcel.delivery_id}  {parcel.metadata.get('name', '')}, {entry.bytes:,} bytes"
        yield f"    to     {_place(entry)}"
        yield f"    kept   since {_moment(entry.kept_at)}"
        if parcel.delivery_id in holdings.under_way:
            yield "    now    being sent by another process"
        elif not tries:
            yield "    tries  none"
        else:
            yield f"    tries  {len(tries)}, the last {_moment(tries[-1].at)}: {tries[-1].result}"
    for damage in holdings.damaged:
        yield f"  {damage.name}"
        yield f"    {damage.problem}; {damage.remedy}"


def _moment(text: str) -> str:
    """`2026-11-30 12:00:00 UTC` of ISO 8601."""
    return text.replace("T", " ").replace("+00:00", " UTC")


def _place(entry: Entry) -> str:
    """Where a recording was to go, without credentials."""
    target, given = entry.parcel.target, entry.meant_for
    is_row = target.kind is TargetKind.ACCOUNT_DATABASE
    if is_row and given.database_url is not None:
        return f"account database {without_credentials(given.database_url)}, {entry.parcel.folder}"
    if given.local_folder is not None and target.kind is not TargetKind.WEBHOOK:
        return f"folder {given.local_folder}"
    if is_row:
        return "an account database that was not named: give it with retry --database"
    return f"{target.kind.value} {target.method} {without_credentials(target.url)}"


def _as_json(holdings: Holdings) -> dict[str, Any]:
    return {
        "outbox": str(holdings.outbox),
        "entries": [_entry_as_json(each, holdings.under_way) for each in holdings.entries],
        "damaged": [{"name": each.name, "problem": each.problem, "remedy": each.remedy} for each in holdings.damaged],
    }


def _entry_as_json(entry: Entry, under_way: Iterable[str]) -> dict[str, Any]:
    parcel = entry.parcel
    return {
        "id": parcel.delivery_id,
        "name": parcel.metadata.get("name"),
        "bytes": entry.bytes,
        "file": str(parcel.file),
        "target": parcel.target.kind.value,
        "place": _place(entry),
        "kept_at": entry.kept_at,
        "under_way": parcel.delivery_id in under_way,
        "tries": [{"at": each.at, "result": each.result, "place": each.place} for each in entry.tries],
    }
