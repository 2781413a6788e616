"""Destinations are looked at before a run, and who can be sent to is known (issue 2, item 9; design §7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from callflow.core.delivery import Target, TargetKind
from callflow.core.errors import StorageError
from callflow.storage.routes import Carriers, Destinations, check_destinations, sqlite_url


def test_usable_destinations_pass(tmp_path: Path) -> None:
    """A database file, a folder and an outbox that are not there yet are fine, and no file is left behind."""
    url = f"sqlite:///{tmp_path}/new/calls.db"
    check_destinations(Destinations(url, tmp_path / "files", tmp_path / "outbox"))
    check_destinations(Destinations(None, None, tmp_path / "outbox"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert (tmp_path / "outbox").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense", "not a database URL"),
        ("oracle+nodriver://u:geheim@h/d", "no such kind of database"),
        ("sqlite://", "in memory"),
        ("sqlite:///{here}", "that is a folder"),
        ("sqlite:///{here}/file/calls.db", "cannot be written"),
    ],
)
def test_an_unusable_database_is_refused(tmp_path: Path, url: str, problem: str) -> None:
    """What can never work is said before the calls are played, without a password."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=problem) as caught:
        check_destinations(Destinations(url.replace("{here}", str(tmp_path)), None, tmp_path / "outbox"))
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("which", ["local folder", "outbox"])
def test_an_unusable_folder_is_refused(tmp_path: Path, which: str) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("")
    local, outbox = (tmp_path / "file", tmp_path / "o") if which == "local folder" else (None, tmp_path / "file" / "o")
    with pytest.raises(StorageError, match="cannot be written"):
        check_destinations(Destinations(None, local, outbox))


@pytest.mark.parametrize(
    ("kind", "url", "expected"),
    [
        (TargetKind.URL, "http://h/r", "HttpCarrier"),
        (TargetKind.URL, "HTTPS://h/r", "HttpCarrier"),
        (TargetKind.URL, "ftp://h/r", "FtpCarrier"),
        (TargetKind.URL, "ftps://h/r", "FtpCarrier"),
        (TargetKind.URL, "http://[", "NoCarrier"),
        (TargetKind.URL, "s3://bucket/object", "NoCarrier"),
        (TargetKind.ACCOUNT_DATABASE, "", "AccountDatabase"),
        (TargetKind.THIRD_PARTY_BIGCOUCH, "https://couch.example", "CouchCarrier"),
        (TargetKind.COUCHDB, "https://couch.example", "CouchCarrier"),
        (TargetKind.S3, "s3://k:s@127.0.0.1:9/bucket/object?scheme=http", "S3Carrier"),
        (TargetKind.WEBHOOK, "https://hook.example", "HttpCarrier"),
        (TargetKind.WEBHOOK, "ftp://hook.example", "NoCarrier"),
        (TargetKind.NONE, "", "NoCarrier"),
    ],
)
def test_who_brings_what(tmp_path: Path, kind: TargetKind, url: str, expected: str) -> None:
    """Every kind of target has its carrier; what is no address, and what is nowhere, has none."""
    carriers = Carriers(Destinations(f"sqlite:///{tmp_path}/calls.db", None, tmp_path / "outbox"), 1_000)
    assert type(carriers.choose(Target(kind, "", url, "r"))).__name__ == expected
    carriers.close()


def test_an_account_database_may_be_a_cluster(tmp_path: Path) -> None:
    """A CouchDB's URL as account database; a local folder takes recordings, never the word to a webhook."""
    account, hook = Target(TargetKind.ACCOUNT_DATABASE, "", "", "r"), Target(TargetKind.WEBHOOK, "", "http://h/", "r")
    cluster = Carriers(Destinations("http://127.0.0.1:5984", tmp_path / "kept", tmp_path / "outbox"), 1_000)
    assert type(cluster.choose(account)).__name__ == "CouchCarrier"
    assert type(cluster.choose(hook)).__name__ == "HttpCarrier"
    assert type(cluster.choose(Target(TargetKind.URL, "PUT", "http://h/", "r"))).__name__ == "LocalCarrier"
    cluster.close()
    nowhere = Carriers(Destinations(None, None, tmp_path / "outbox"), 1_000)
    assert type(nowhere.choose(account)).__name__ == "NoCarrier"


def test_an_sqlite_file_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outbox remembers destinations for another day and another folder: paths are absolute."""
    monkeypatch.chdir(tmp_path)
    for given, expected in (
        ("sqlite:///a.db", f"sqlite:///{tmp_path}/a.db"),
        ("sqlite+pysqlite:///b/a.db?timeout=1", f"sqlite+pysqlite:///{tmp_path}/b/a.db?timeout=1"),
        ("sqlite:////a.db", "sqlite:////a.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://h/a.db", "postgresql://h/a.db"),
    ):
        assert Destinations(given, Path("kept"), tmp_path).database_url == expected
    assert Destinations(None, Path("kept"), tmp_path).local_folder == tmp_path / "kept"


def test_a_database_is_where_its_url_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a URL a question mark begins the options: a folder with one would put the database elsewhere, unsaid."""
    assert sqlite_url(tmp_path / "a.db") == f"sqlite:///{tmp_path}/a.db"
    with pytest.raises(StorageError, match="question mark; name another folder"):
        sqlite_url(tmp_path / "why?" / "a.db")
    (tmp_path / "why?").mkdir()
    monkeypatch.chdir(tmp_path / "why?")
    with pytest.raises(StorageError, match="question mark; name another folder"):
        Destinations("sqlite:///a.db?timeout=3", None, tmp_path / "outbox")
