"""What senders say about their recordings, kept beside them in the receiver's folder (issue 4, item 7; B§6.3)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from callflow.storage.durable import Draft
from callflow.storage.shelf import Shelf


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Shelf]:
    """A shelf in a folder of its own."""
    with closing(Shelf(tmp_path)) as shelf:
        yield shelf


def put(kept: Shelf, path: str, content: bytes, particulars: dict[str, str]) -> None:
    """Store a file and its particulars."""
    parts = tuple(path.split("/"))
    with kept.draft_for(parts) as draft:
        draft.write(content)
        kept.publish(draft, parts, None, particulars)


def test_particulars_are_kept_beside_the_file(tmp_path: Path, kept: Shelf) -> None:
    """Hidden, readable, and those of the version that is there: a later upload without any has none."""
    put(kept, "acme/a.mp3", b"", {"from": "Jürgen"})
    assert json.loads((tmp_path / "acme" / ".a.mp3.json").read_text()) == {"from": "Jürgen"}
    assert kept.particulars_of(("acme", "a.mp3")) == {"from": "Jürgen"}
    put(kept, "acme/a.mp3", b"", {})
    assert kept.particulars_of(("acme", "a.mp3")) == {}
    assert os.listdir(tmp_path / "acme") == ["a.mp3"]


def test_particulars_that_find_no_room_leave_all_as_it_was(
    tmp_path: Path, kept: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused is not stored either: a full disk is met before the file has its name."""
    put(kept, "a.mp3", b"old", {})
    write = Draft.write

    def refuse_particulars(self: Draft, block: bytes | bytearray) -> None:
        if b"Jim" in block:
            raise OSError(28, "No space left on device")
        write(self, block)

    monkeypatch.setattr(Draft, "write", refuse_particulars)
    with pytest.raises(OSError, match="No space"):
        put(kept, "a.mp3", b"new", {"from": "Jim"})
    assert (tmp_path / "a.mp3").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.mp3"]


def test_a_long_name_has_particulars_too(kept: Shelf) -> None:
    """Where the hidden name would be too long, it is a digest."""
    name = "x" * 251 + ".mp3"
    put(kept, name, b"", {"to": "2001"})
    assert kept.particulars_of((name,)) == {"to": "2001"}


@pytest.mark.parametrize("damage", [b"", b"{", b"[" * 100_000, b"\xff", b"[]", b'{"from": 1, "other": "x"}'])
def test_damaged_particulars_are_none(tmp_path: Path, kept: Shelf, damage: bytes) -> None:
    """The page does not break on what lies in the folder."""
    put(kept, "a.mp3", b"", {})
    (tmp_path / ".a.mp3.json").write_bytes(damage)
    assert kept.particulars_of(("a.mp3",)) == {}
