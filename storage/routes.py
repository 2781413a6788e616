"""Which carrier brings a parcel to its target (the seed, "Storage of recordings"; B§6.1), and the open carriers.

The one place that a new kind of target is added to. Each carrier's module, and the library under it, is imported when
the first parcel needs it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from attrs import field, frozen

from callflow.core.address import without_credentials
from callflow.core.delivery import Target, TargetKind
from callflow.core.errors import StorageError
from callflow.storage.carrier import Carrier, NoCarrier, words_for
from callflow.storage.durable import Draft, make_folder, opened_folder

_HTTP: Final = ("http", "https")


_SQLITE_FROM_HERE: Final = re.compile(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:)(.+)", re.DOTALL)


def _show_url(url: str | None) -> str:
    return repr(None if url is None else without_credentials(url))


def sqlite_url(file: Path) -> str:
    """The URL of the SQLite file `file`. Raises `StorageError` for a path that no such URL can hold."""
    if "?" in str(file):
        raise StorageError(f"{file}: no place for a database, since its path has a question mark; name another folder")
    return f"sqlite:///{file}"


def _from_anywhere(url: str | None) -> str | None:
    """The same URL, an SQLite file's path made absolute: the outbox remembers it for another day and another folder."""
    found = None if url is None else _SQLITE_FROM_HERE.fullmatch(url)
    if found is None:
        return url
    path, mark, options = found[2].partition("?")
    return f"{found[1]}{sqlite_url(Path.cwd() / path).removeprefix('sqlite:///')}{mark}{options}"


def _absolute(folder: Path | None) -> Path | None:
    return None if folder is None else folder.absolute()


@frozen
class Destinations:
    """What the user gave for `--upload`.

    `database_url` is the account database, a SQLAlchemy URL or that of a CouchDB cluster (http, https); `local_folder`,
    where given, takes the place of the network, and of the account database when that has no URL; `outbox` keeps what
    has not arrived. Paths but that of the outbox are made absolute. `StorageError` is raised for an SQLite file from
    here where the way to here has a question mark.
    """

    database_url: str | None = field(repr=_show_url, converter=_from_anywhere)
    local_folder: Path | None = field(converter=_absolute)
    outbox: Path


def check_destinations(destinations: Destinations) -> None:
    """Look before a run whether its deliveries could be made at all; the folders are made where missing.

    Raises `StorageError` for a database URL that is none, a driver that is not installed, an SQLite file that cannot
    be there, and a local folder or an outbox that cannot be written. No connection is made: a server that is down now
    is tried again when the recordings are sent.
    """
    if destinations.database_url is not None:
        check_account_database(destinations.database_url)
    if destinations.local_folder is not None:
        from callflow.storage.local import LocalCarrier

        LocalCarrier(destinations.local_folder).close()
    outbox = destinations.outbox
    try:
        make_folder(outbox, 0o700)
        with opened_folder(outbox) as folder, Draft(folder):
            pass
    except OSError as error:
        raise StorageError(f"outbox {outbox}: cannot be written, {words_for(error)}; name another folder") from error


def check_account_database(url: str) -> None:
    """Raise `StorageError` for the URL of an account database that can never be used: see `check_destinations`."""
    if _scheme_of(url) not in _HTTP:
        from callflow.storage.database import check_database

        check_database(url)


class Carriers:
    """The open carriers of one run, one of each kind, made when first chosen."""

    def __init__(self, destinations: Destinations, timeout_ms: int) -> None:
        self._destinations = destinations
        self._timeout_ms = timeout_ms
        self._open: dict[str, Carrier] = {}

    def choose(self, target: Target) -> Carrier:
        """The carrier for `target`. Raises `StorageError` when its place could not be used at all."""
        given = self._destinations
        is_row = target.kind is TargetKind.ACCOUNT_DATABASE
        shown = without_credentials(target.url)
        name = _carrier_name(target, given.database_url)
        if given.local_folder is not None and target.kind is not TargetKind.WEBHOOK:
            name = name if is_row and given.database_url is not None else "local"
        elif is_row and given.database_url is None:
            return NoCarrier("no account database named", shown)
        if name is None:
            return NoCarrier(f"no way to send to {_scheme_of(target.url) or 'an address without scheme'}", shown)
        if name not in self._open:
            self._open[name] = self._opened(name)
        return self._open[name]

    def close(self) -> None:
        """Close them all."""
        for carrier in self._open.values():
            carrier.close()

    def _opened(self, name: str) -> Carrier:
        if name == "database":
            from callflow.storage.database import AccountDatabase

            return AccountDatabase(self._destinations.database_url or "")
        if name == "local":
            from callflow.storage.local import LocalCarrier

            assert self._destinations.local_folder is not None
            return LocalCarrier(self._destinations.local_folder)
        if name == "ftp":
            from callflow.storage.ftp import FtpCarrier

            return FtpCarrier(self._timeout_ms)
        if name == "s3":
            from callflow.storage.s3 import S3Carrier

            return S3Carrier(self._timeout_ms)
        if name in ("couch", "cluster"):
            from callflow.storage.couch import CouchCarrier

            return CouchCarrier(self._timeout_ms, self._destinations.database_url if name == "cluster" else None)
        from callflow.storage.http import HttpCarrier

        return HttpCarrier(self._timeout_ms)


def _carrier_name(target: Target, database_url: str | None) -> str | None:
    """Which carrier leads to the target; an account database whose URL is a CouchDB's (http, https) is a `cluster`."""
    kind, scheme = target.kind, _scheme_of(target.url)
    if kind is TargetKind.ACCOUNT_DATABASE:
        return "cluster" if database_url is not None and _scheme_of(database_url) in _HTTP else "database"
    if kind in (TargetKind.THIRD_PARTY_BIGCOUCH, TargetKind.COUCHDB):
        return "couch"
    if kind is TargetKind.S3:
        return "s3"
    if kind in (TargetKind.URL, TargetKind.WEBHOOK) and scheme in _HTTP:
        return "http"
    return "ftp" if kind is TargetKind.URL and scheme in ("ftp", "ftps") else None


def _scheme_of(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""
