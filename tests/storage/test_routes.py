"""Destinations are looked at before a run, and who can be sent to is known (issue 2, item 9; design §7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from callflow.core.delivery import Target, TargetKind
from callflow.core.errors import StorageError
from callflow.storage.routes import Destinations, can_send, check_destinations


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
        (TargetKind.URL, "http://h/r", True),
        (TargetKind.URL, "HTTPS://h/r", True),
        (TargetKind.URL, "ftp://h/r", True),
        (TargetKind.URL, "http://[", False),
        (TargetKind.ACCOUNT_DATABASE, "", True),
        (TargetKind.THIRD_PARTY_BIGCOUCH, "https://couch.example", True),
        (TargetKind.S3, "s3://bucket/object", True),
        (TargetKind.WEBHOOK, "https://hook.example", True),
        (TargetKind.WEBHOOK, "ftp://hook.example", False),
        (TargetKind.NONE, "", False),
    ],
)
def test_who_can_be_sent_to(kind: TargetKind, url: str, expected: bool) -> None:
    """Every kind of target has its carrier; what is no address, and what is nowhere, has none."""
    assert can_send(Target(kind, "", url, "r")) is expected
