"""The receiver's folder: which names may be in it, and that nothing leaves it (C26)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import StorageError
from callflow.storage import shelf
from callflow.storage.index_page import LISTED_MAX, index_page
from callflow.storage.shelf import Entry, KeyReused, NameRefused, Received, Shelf, parts_of


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/a.mp3", ("a.mp3",)),
        ("/acme/alice/call_recording_a%40b.mp3", ("acme", "alice", "call_recording_a@b.mp3")),
        ("/%C3%BC ber.mp3", ("ü ber.mp3",)),
        ("/" + "x" * 255, ("x" * 255,)),
        ("/%252e%252e", ("%2e%2e",)),
        ("/a..", ("a..",)),
    ],
)
def test_usual_names_are_taken(path: str, parts: tuple[str, ...]) -> None:
    """Split first, decode once."""
    assert parts_of(path) == parts


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a.mp3",
        "http://host/a.mp3",
        "/",
        "//a",
        "/a/",
        "/./a",
        "/../a",
        "/a/%2e%2e/b",
        "/..%2fa",
        "/a%2Fb",
        "/a%5Cb",
        "/a\\b",
        "/a%00b",
        "/a%0Ab",
        "/%1b[31m",
        "/.hidden",
        "/.draft-0",
        "/a/.git/b",
        "/%ff",
        "/" + "x" * 256,
        "/" + "%C3%BC" * 128,
        "/a" * 17,
    ],
)
def test_names_that_are_not_plain_are_refused(path: str) -> None:
    """Empty, dots, NUL, separators, hidden, too long, not UTF-8: refused; the reason does not repeat the name."""
    with pytest.raises(NameRefused, match="path"):
        parts_of(path)


PIECES = (
    "/",
    ".",
    "..",
    "\\",
    "%",
    "a",
    "~",
    " ",
    "\0",
    "\n",
    "%2e",
    "%2E%2e",
    "%2f",
    "%5c",
    "%00",
    "ü",
    "\u202e",
    "x" * 90,
)
PATHS = st.lists(st.sampled_from(PIECES), max_size=24).map(lambda pieces: "/" + "".join(pieces))


@given(PATHS | st.text().map(lambda text: "/" + quote(text)))
def test_no_path_leaves_the_folder(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    """Whatever the path: it is refused, or there is one new file, below the folder, where its names say."""
    folder = tmp_path_factory.mktemp("shelf")
    kept = Shelf(folder / "in")
    try:
        parts = parts_of(path)
    except NameRefused:
        return
    with kept.draft_for(parts) as draft:
        draft.write(b"abc")
        kept.publish(draft, parts, None)
    files = [Path(base, name) for base, _, names in os.walk(folder) for name in names]
    assert files == [folder.joinpath("in", *parts)]
    assert files[0].resolve().is_relative_to((folder / "in").resolve())
    assert kept.find(parts) is not None


def test_a_link_on_the_way_is_not_followed(tmp_path: Path) -> None:
    """Links are followed neither when writing nor when reading, wherever they lead."""
    kept = Shelf(tmp_path / "in")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.mp3").write_text("mine")
    (tmp_path / "in" / "way").symlink_to(tmp_path / "outside")
    (tmp_path / "in" / "b.mp3").symlink_to(tmp_path / "outside" / "a.mp3")
    with pytest.raises(OSError, match="way"):
        kept.draft_for(("way", "a.mp3"))
    assert kept.find(("way", "a.mp3")) is None
    assert kept.find(("b.mp3",)) is None
    assert list(kept.entries()) == []
    with kept.draft_for(("b.mp3",)) as draft:
        kept.publish(draft, ("b.mp3",), None)
    assert (tmp_path / "outside" / "a.mp3").read_text() == "mine"
    assert not (tmp_path / "in" / "b.mp3").is_symlink()


def store(kept: Shelf, name: str, content: bytes, key: str | None) -> tuple[Received, bool]:
    """Store a file with a key."""
    with kept.draft_for((name,)) as draft:
        draft.write(content)
        return kept.publish(draft, (name,), key)


def test_a_key_with_the_same_bytes_stores_once(tmp_path: Path) -> None:
    """POST carries an idempotency key: the first record again, no second file, no second entry."""
    kept = Shelf(tmp_path)
    first = store(kept, "a", b"abc", "key")
    assert store(kept, "b", b"abc", "key") == (first[0], True)
    assert os.listdir(tmp_path) == ["a"]
    assert kept.received() == (first[0],)


def test_a_key_with_other_bytes_is_refused(tmp_path: Path) -> None:
    """A key names one recording."""
    kept = Shelf(tmp_path)
    store(kept, "a", b"abc", "key")
    with pytest.raises(KeyReused):
        store(kept, "a", b"abcd", "key")
    assert (tmp_path / "a").read_bytes() == b"abc"


def test_a_key_whose_file_is_gone_stores_again(tmp_path: Path) -> None:
    """201 promises that the bytes are safe: a remembered key does not stand for a file that was removed."""
    kept = Shelf(tmp_path)
    store(kept, "a", b"abc", "key")
    (tmp_path / "a").unlink()
    assert store(kept, "a", b"abc", "key")[1] is False
    assert (tmp_path / "a").read_bytes() == b"abc"


def test_the_memory_of_keys_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come from the network: the oldest are forgotten."""
    monkeypatch.setattr(shelf, "REMEMBERED_MAX", 2)
    kept = Shelf(tmp_path)
    for key in ("1", "2", "3"):
        store(kept, key, b"abc", key)
    assert [store(kept, "again" + key, b"abc", key)[1] for key in ("3", "2", "1")] == [True, True, False]


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    """The folder is the user's: a StorageError names it."""
    (tmp_path / "in the way").write_text("")
    with pytest.raises(StorageError, match="in the way: cannot be written, .*; name another folder"):
        Shelf(tmp_path / "in the way")


def test_names_on_the_page_are_escaped() -> None:
    """Senders choose names: they are text on the page, never markup, and nothing on it is a script."""
    page = index_page([Entry("<script>\"a&b'.mp3", 1234), Entry("x/y.txt", 1)])
    assert "<script" not in page
    assert 'src="/%3Cscript%3E%22a%26b%27.mp3"' in page
    assert "1,234 bytes" in page
    assert page.count("<audio") == 1


def test_the_page_is_bounded() -> None:
    """Five hundred players are enough, and the page says so."""
    page = index_page(Entry(f"{number}.mp3", 1) for number in range(LISTED_MAX + 1))
    assert page.count("<audio") == LISTED_MAX
    assert f"first {LISTED_MAX}" in page
    assert "Nothing has been received yet" in index_page([])


def test_a_name_that_is_no_text_can_be_listed(tmp_path: Path) -> None:
    """Files may come in another way than through the receiver."""
    kept = Shelf(tmp_path)
    (tmp_path / os.fsdecode(b"\xff.mp3")).write_text("")
    assert 'href="/%FF.mp3"' in index_page(kept.entries())
