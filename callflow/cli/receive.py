"""`callflow receive`: a server that takes recordings into a folder, the counterpart of the seed's PHP receiver."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from pathlib import Path

import click
from attrs import frozen

from callflow.cli.colour import colour_wish
from callflow.core.shown import shown
from callflow.report.wording import printable

LOOPBACK = "127.0.0.1"


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
def command(folder: Path, port: int, host: str, max_bytes: int | None) -> None:
    """Take recordings by HTTP PUT and POST and keep them in DIR, which is made when it is missing.

    The first line printed is the URL to put into a callflow's `url`; then comes a line for each stored file. A sender
    is answered 201 only when the file is safely on disk. Ctrl-C ends it.

    \b
    Example: callflow receive recordings --port 8080
    """
    from callflow.storage.receiver import serve_forever

    if not ipaddress.ip_address(host).is_loopback:
        warning = f"{host} is not only this machine: whoever reaches it can store and fetch recordings"
        click.secho(f"warning: {warning}", fg="yellow", err=True, color=colour_wish())
    serve_forever(folder, port, host, max_bytes, Shown())


@frozen
class Shown:
    """The receiver's log as lines on stdout, at once."""

    def info(self, event: str, /, **facts: object) -> None:
        """Show the URL when receiving begins, and every stored file."""
        if event == "receiving":
            click.echo(facts["url"])
            line = f"stores in {facts['folder']}; Ctrl-C ends it"
        else:
            again = "" if facts["is_new"] else ", in place of an earlier one"
            line = f"{event} {facts['path']}: {facts['bytes']} bytes{again}"
        with suppress(OSError):  # whoever wanted only the URL may be gone; that is no reason to turn senders away
            click.echo(printable(line))
