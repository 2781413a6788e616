"""The receiver's folder: links, keys, leftovers, and what is in it (issue 4, item 7)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from callflow.core.errors import StorageError
from callflow.storage import idempotency, shelf
from callflow.storage.durable import Draft
from callflow.storage.idempotency import FOLDER, KeyReused
from callflow.storage.received import Received
from callflow.storage.shelf import Shelf


@pytest.fixture
def shelf_in() -> Iterator[Callable[[Path], Shelf]]:
    """Open shelves, and close them after the test."""
    opened: list[Shelf] = []

    def open_shelf(folder: Path) -> Shelf:
        opened.append(Shelf(folder))
        return opened[-1]

    yield open_shelf
    for each in opened:
        each.close()


@pytest.fixture
def kept(tmp_path: Path, shelf_in: Callable[[Path], Shelf]) -> Shelf:
    """A shelf in a folder of its own."""
    return shelf_in(tmp_path / "in")


def store(kept: Shelf, name: str, content: bytes, key: str | None) -> tuple[Received, bool]:
    """Store a file with a key."""
    with kept.draft_for((name,)) as draft:
        draft.write(content)
        return kept.publish(draft, (name,), key, {})


def is_there(kept: Shelf, *parts: str) -> bool:
    """Whether a file can be had."""
    file = kept.open(parts)
    if file is not None:
        file.close()
    return file is not None


def names_in(folder: Path) -> list[str]:
    """What is in a folder, hidden names too."""
    return sorted(os.listdir(folder))


def test_a_link_on_the_way_is_not_followed(tmp_path: Path, kept: Shelf) -> None:
    """Links are followed neither when writing nor when reading, wherever they lead."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.mp3").write_text("mine")
    (tmp_path / "in" / "way").symlink_to(tmp_path / "outside")
    (tmp_path / "in" / "b.mp3").symlink_to(tmp_path / "outside" / "a.mp3")
    with pytest.raises(OSError, match="way"):
        kept.draft_for(("way", "a.mp3"))
    assert not is_there(kept, "way", "a.mp3")
    assert not is_there(kept, "b.mp3")
    assert list(kept.entries()) == []
    with kept.draft_for(("b.mp3",)) as draft:
        kept.publish(draft, ("b.mp3",), None, {})
    assert (tmp_path / "outside" / "a.mp3").read_text() == "mine"
    assert not (tmp_path / "in" / "b.mp3").is_symlink()


def test_what_is_no_plain_file_is_not_there(tmp_path: Path, kept: Shelf) -> None:
    """Neither a folder nor a pipe, which would hold up whoever opens it."""
    (tmp_path / "in" / "folder.mp3").mkdir()
    os.mkfifo(tmp_path / "in" / "pipe.mp3")
    assert not is_there(kept, "folder.mp3") and not is_there(kept, "pipe.mp3")
    assert list(kept.entries()) == []


def test_a_reader_has_one_version_whole(kept: Shelf) -> None:
    """Concurrent with GET: who has opened a recording reads that one to its end, whatever replaces it."""
    store(kept, "a.mp3", b"old" * 1_000_000, None)
    file = kept.open(("a.mp3",))
    assert file is not None
    with file:
        first = file.read(10)
        store(kept, "a.mp3", b"new", None)
        assert first + file.read() == b"old" * 1_000_000


def test_a_key_with_the_same_bytes_stores_once(tmp_path: Path, kept: Shelf) -> None:
    """POST carries an idempotency key: the first record again, no second file, no second entry."""
    first = store(kept, "a", b"abc", "key")
    assert store(kept, "a", b"abc", "key") == (first[0], True)
    assert names_in(tmp_path / "in") == [FOLDER, "a"]
    assert kept.received() == (first[0],)


def test_a_key_for_another_name_is_another_key(tmp_path: Path, kept: Shelf) -> None:
    """201 and 200 promise that the bytes are where the request says: a recording that is sent elsewhere goes there."""
    for name, content in (("a", b"abc"), ("b", b"abc"), ("c", b"abd")):
        assert store(kept, name, content, "key") == (kept.received()[-1], False)
        assert (tmp_path / "in" / name).read_bytes() == content


def test_a_key_stands_for_no_version_that_came_later(tmp_path: Path, kept: Shelf) -> None:
    """A repetition whose first answer was lost does not bring back what was replaced meanwhile."""
    store(kept, "a", b"abc", "key")
    store(kept, "a", b"newer", None)
    assert store(kept, "a", b"abc", "key")[1] is True
    assert (tmp_path / "in" / "a").read_bytes() == b"newer"


def test_a_key_survives_a_restart(tmp_path: Path, kept: Shelf, shelf_in: Callable[[Path], Shelf]) -> None:
    """The sender's retry may come when the receiver was started anew: stored once, other bytes refused."""
    first = store(kept, "a", b"abc", "key")
    again = shelf_in(tmp_path / "in")
    assert store(again, "a", b"abc", "key") == (first[0], True)
    with pytest.raises(KeyReused):
        store(again, "a", b"abcd", "key")
    assert names_in(tmp_path / "in") == [FOLDER, "a"]
    assert again.received() == ()


def test_a_key_with_other_bytes_is_refused(tmp_path: Path, kept: Shelf) -> None:
    """A key names one recording."""
    store(kept, "a", b"abc", "key")
    with pytest.raises(KeyReused):
        store(kept, "a", b"abcd", "key")
    assert (tmp_path / "in" / "a").read_bytes() == b"abc"


def test_a_key_whose_file_is_gone_stores_again(tmp_path: Path, kept: Shelf) -> None:
    """201 promises that the bytes are safe: a remembered key does not stand for a file that was removed."""
    store(kept, "a", b"abc", "key")
    (tmp_path / "in" / "a").unlink()
    assert store(kept, "a", b"abc", "key")[1] is False
    assert (tmp_path / "in" / "a").read_bytes() == b"abc"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff",
        b"[]",
        b'{"path": 1, "bytes": 3, "sha256": "", "is_new": true}',
        b'{"path": "../../../etc/passwd", "bytes": 3, "sha256": "x", "is_new": true}',
    ],
)
def test_a_damaged_key_is_none(tmp_path: Path, kept: Shelf, damage: bytes) -> None:
    """What lies in the folder may be anything: the recording is stored, as with a new key."""
    store(kept, "a", b"abc", "key")
    (file,) = (tmp_path / "in" / FOLDER).iterdir()
    file.write_bytes(damage)
    assert store(kept, "a", b"abcd", "key")[1] is False
    assert json.loads(file.read_text())["path"] == "a"


def test_the_memory_of_keys_is_bounded(tmp_path: Path, kept: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come from the network: the oldest are forgotten, also those of an earlier start."""
    monkeypatch.setattr(idempotency, "KEYS_MAX", 2)
    for number, key in enumerate(("1", "2")):
        store(kept, key, b"abc", key)
        for file in (tmp_path / "in" / FOLDER).iterdir():
            if json.loads(file.read_text())["path"] == key:
                os.utime(file, ns=(number, number))
    store(kept, "3", b"abc", "3")
    assert [store(kept, key, b"abc", key)[1] for key in ("3", "2", "1")] == [True, True, False]


def test_two_receivers_forget_at_the_same_time(tmp_path: Path, kept: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several receivers may share a folder: a key that another one has just removed is no error."""
    monkeypatch.setattr(idempotency, "KEYS_MAX", 1)
    store(kept, "a", b"abc", "key")
    unlink = os.unlink

    def unlinked_twice(name: str, *, dir_fd: int | None = None) -> None:
        unlink(name, dir_fd=dir_fd)
        unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlinked_twice)
    assert store(kept, "b", b"abc", "key")[1] is False
    monkeypatch.undo()
    assert names_in(tmp_path / "in") == [FOLDER, "a", "b"]


def test_what_was_received_is_remembered_within_bounds(
    tmp_path: Path, shelf_in: Callable[[Path], Shelf], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of very many files the latest."""
    monkeypatch.setattr(shelf, "REMEMBERED_MAX", 2)
    kept = shelf_in(tmp_path)
    for name in ("a", "b", "c"):
        store(kept, name, b"", None)
    assert [each.path for each in kept.received()] == ["b", "c"]


def test_what_a_killed_receiver_left_is_swept(tmp_path: Path, shelf_in: Callable[[Path], Shelf]) -> None:
    """Drafts of the dead are removed at the start, in every folder; those of the living and other files stay."""
    mine = tmp_path / "acme" / ".draft-notes.txt"
    for folder in (tmp_path, tmp_path / "acme", tmp_path / FOLDER):
        folder.mkdir(exist_ok=True)
        (folder / f".draft-{'0' * 24}").write_text("half")
    mine.write_text("mine")
    living = shelf_in(tmp_path / "acme")
    with living.draft_for(("b.mp3",)) as draft:
        draft.write(b"abc")
        shelf_in(tmp_path)
        living.publish(draft, ("b.mp3",), None, {})
    assert names_in(tmp_path) == [FOLDER, "acme"]
    assert names_in(tmp_path / "acme") == [".draft-notes.txt", "b.mp3"]
    assert (tmp_path / "acme" / "b.mp3").read_bytes() == b"abc"
    assert names_in(tmp_path / FOLDER) == []


def test_the_sweep_stays_in_the_folder(tmp_path: Path, shelf_in: Callable[[Path], Shelf]) -> None:
    """A link to somewhere else is nobody's leftover."""
    draft = tmp_path / "outside" / f".draft-{'0' * 24}"
    draft.parent.mkdir()
    draft.write_text("mine")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "way").symlink_to(tmp_path / "outside")
    shelf_in(tmp_path / "in")
    assert draft.read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    """The folder is the user's: a StorageError names it."""
    (tmp_path / "in the way").write_text("")
    with pytest.raises(StorageError, match="in the way: cannot be written, .*; name another folder"):
        Shelf(tmp_path / "in the way")


def test_a_file_that_vanishes_is_left_out(tmp_path: Path, kept: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of what is there does not break when something goes meanwhile."""
    store(kept, "a.mp3", b"abc", None)
    listed = os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: [*listed(folder), "gone.mp3"])
    assert [(entry.path, entry.bytes) for entry in kept.entries()] == [("a.mp3", 3)]


def test_a_full_disk_leaves_nothing(tmp_path: Path, kept: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half-written is left, hidden or visible."""

    def write(self: Draft, block: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Draft, "write", write)
    with pytest.raises(OSError, match="No space left"):
        store(kept, "a.mp3", b"abc", "key")
    assert names_in(tmp_path / "in") == []
