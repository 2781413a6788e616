"""Which carrier brings a parcel to its target (the seed, "Storage of recordings"; B§6.1), and the open carriers.

The one place that a new kind of target is added to. Each carrier's module, and the library under it, is imported when
the first parcel needs it.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from attrs import field, frozen

from callflow.core.address import without_credentials
from callflow.core.delivery import Target, TargetKind
from callflow.core.errors import StorageError
from callflow.storage.carrier import Carrier, NoCarrier, words_for
from callflow.storage.durable import Draft, opened_folder


def _show_url(url: str | None) -> str:
    return repr(None if url is None else without_credentials(url))


@frozen
class Destinations:
    """What the user gave for `--upload`.

    `database_url` is the account database, a SQLAlchemy URL; `local_folder`, where given, takes the place of the
    network, and of the account database when that has no URL; `outbox` keeps what has not arrived.
    """

    database_url: str | None = field(repr=_show_url)
    local_folder: Path | None
    outbox: Path


def can_send(target: Target) -> bool:
    """Whether a parcel for `target` has a carrier to the place itself: HTTP and the account database have one.

    FTP and CouchDB have none yet, and nothing is sent to `TargetKind.NONE`. A local folder takes all of them.
    """
    is_http = target.kind is TargetKind.URL and _scheme_of(target.url) in ("http", "https")
    return is_http or target.kind is TargetKind.ACCOUNT_DATABASE


def check_destinations(destinations: Destinations) -> None:
    """Look before a run whether its deliveries could be made at all; the folders are made where missing.

    Raises `StorageError` for a database URL that is none, a driver that is not installed, an SQLite file that cannot
    be there, and a local folder or an outbox that cannot be written. No connection is made: a server that is down now
    is tried again when the recordings are sent.
    """
    if destinations.database_url is not None:
        from callflow.storage.database import check_database

        check_database(destinations.database_url)
    if destinations.local_folder is not None:
        from callflow.storage.local import LocalCarrier

        LocalCarrier(destinations.local_folder).close()
    outbox = destinations.outbox
    try:
        outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        with opened_folder(outbox) as folder, Draft(folder):
            pass
    except OSError as error:
        raise StorageError(f"outbox {outbox}: cannot be written, {words_for(error)}; name another folder") from error


class Carriers:
    """The open carriers of one run, one of each kind, made when first chosen."""

    def __init__(self, destinations: Destinations, timeout_ms: int) -> None:
        self._destinations = destinations
        self._timeout_ms = timeout_ms
        self._open: dict[str, Carrier] = {}

    def choose(self, target: Target) -> Carrier:
        """The carrier for `target`. Raises `StorageError` when its place could not be used at all."""
        database_url, local_folder = self._destinations.database_url, self._destinations.local_folder
        if target.kind is TargetKind.ACCOUNT_DATABASE and database_url is not None:
            return self._open.get("database") or self._open_database(database_url)
        if local_folder is not None:
            return self._open.get("local") or self._open_local(local_folder)
        shown = without_credentials(target.url)
        if target.kind is TargetKind.ACCOUNT_DATABASE:
            return NoCarrier("no account database named", shown)
        if can_send(target):
            return self._open.get("http") or self._open_http()
        return NoCarrier(f"no way to send to {_kind_of_place(target)}", shown)

    def close(self) -> None:
        """Close them all."""
        for carrier in self._open.values():
            carrier.close()

    def _open_database(self, url: str) -> Carrier:
        from callflow.storage.database import AccountDatabase

        self._open["database"] = AccountDatabase(url)
        return self._open["database"]

    def _open_local(self, folder: Path) -> Carrier:
        from callflow.storage.local import LocalCarrier

        self._open["local"] = LocalCarrier(folder)
        return self._open["local"]

    def _open_http(self) -> Carrier:
        from callflow.storage.http import HttpCarrier

        self._open["http"] = HttpCarrier(self._timeout_ms)
        return self._open["http"]


def _kind_of_place(target: Target) -> str:
    if target.kind is TargetKind.THIRD_PARTY_BIGCOUCH:
        return "CouchDB"
    return _scheme_of(target.url) or "an address without scheme"


def _scheme_of(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""
