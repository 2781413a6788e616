"""`callflow receive`: a server that takes recordings into a folder, the counterpart of the seed's PHP receiver."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from attrs import define

from callflow.cli.colour import colour_wish
from callflow.core.shown import shown
from callflow.report.wording import clock, cut, printable
from callflow.storage.terms import TIMEOUT_MS, UPLOADS_MAX, Terms
from callflow.storage.token import token_from, token_in

LOOPBACK = "127.0.0.1"
TOKEN_VARIABLE = "CALLFLOW_RECEIVER_TOKEN"
LONGEST_PATH = 200


def read_host(context: click.Context, parameter: click.Parameter, given: str) -> str:
    """The address to listen at: an IP address or localhost. Raises BadParameter for anything else."""
    if given == "localhost":
        return LOOPBACK
    try:
        ipaddress.ip_address(given)
    except ValueError:
        problem = f"{shown(given)} is no IP address; write 127.0.0.1 for this machine only, 0.0.0.0 for everyone"
        raise click.BadParameter(problem, context, parameter) from None
    return given


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port to listen at; 0 is any free one."
)
@click.option(
    "--host", default=LOOPBACK, show_default=True, metavar="ADDRESS", callback=read_host, help="Address to listen at."
)
@click.option("--max-bytes", type=click.IntRange(1), metavar="N", help="Refuse recordings larger than this.")
@click.option(
    "--max-uploads",
    type=click.IntRange(1),
    default=UPLOADS_MAX,
    show_default=True,
    metavar="N",
    help="Ask senders to come back later while so many are uploading.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.IntRange(1),
    default=TIMEOUT_MS // 1_000,
    show_default=True,
    metavar="SECONDS",
    help="Give up on a sender that is silent for so long.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"Admit only those who know the token in FILE, or in ${TOKEN_VARIABLE}.",
)
def command(
    folder: Path, port: int, host: str, max_bytes: int | None, max_uploads: int, timeout_s: int, token_file: Path | None
) -> None:
    """Take recordings by HTTP PUT and POST and keep them in DIR, which is made when it is missing.

    The first line printed is the URL to put into a callflow's `url`; opened in a browser it lists the recordings, with
    players. Then comes a line for each upload, stored or refused, with the time in UTC. A sender is answered 201, or
    200 for a name that was there, only when the file is safely on disk. Ctrl-C ends it.

    A token may be sent as `Authorization: Bearer TOKEN`, as the password in http://any:TOKEN@host/, or as ?token=TOKEN.

    \b
    Example: callflow receive recordings --port 8080
    """
    from callflow.storage.receiver import serve_forever

    token = _token(token_file)
    if not ipaddress.ip_address(host).is_loopback:
        open_to = "whoever reaches it can store and fetch recordings"
        problem = open_to if token is None else "the token and the recordings travel unencrypted"
        click.secho(f"warning: {host} is not only this machine: {problem}", fg="yellow", err=True, color=colour_wish())
    log = Shown()
    serve_forever(folder, port, host, log, Terms(max_bytes, max_uploads, timeout_s * 1_000, token))
    log.conclude()


def _token(file: Path | None) -> str | None:
    """The token to ask for: a file's, else the environment's, else none."""
    if file is not None:
        return token_in(file)
    text = os.environ.get(TOKEN_VARIABLE, "")
    return token_from(text, f"${TOKEN_VARIABLE}") if text else None


@define
class Shown:
    """The receiver's log as lines on stdout, at once; counts what was stored and what was not."""

    files: int = 0
    bytes: int = 0
    refused: int = 0

    def info(self, event: str, /, **facts: object) -> None:
        """Show the URL when receiving begins, and every upload."""
        if event == "receiving":
            _say(str(facts["url"]))
            _say(f"stores in {facts['folder']}; Ctrl-C ends it")
        elif event == "stored":
            self._stored(facts)
        else:
            self.refused += 1
            path = cut(str(facts["path"]), LONGEST_PATH)
            _say(f"{_now()} refused {path} from {facts['sender']}: {facts['status']}, {facts['reason']}")

    def conclude(self) -> None:
        """Show what came in all."""
        files = "1 file" if self.files == 1 else f"{self.files} files"
        refused = f"; {self.refused} refused" if self.refused else ""
        _say(f"{files}, {self.bytes} bytes received{refused}")

    def _stored(self, facts: Mapping[str, Any]) -> None:
        self.files += 1
        self.bytes += facts["bytes"]
        length = "" if facts["length_ms"] is None else f", {clock(facts['length_ms'])}"
        again = "" if facts["is_new"] else ", in place of an earlier one"
        _say(f"{_now()} stored {facts['path']}: {facts['bytes']} bytes{length}{again}")


def _now() -> str:
    """In UTC, whatever zone this machine is in (C49)."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _say(line: str) -> None:
    with suppress(OSError):  # whoever wanted only the URL may be gone; that is no reason to turn senders away
        click.echo(printable(line))
