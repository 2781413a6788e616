"""Which names the receiver takes: nothing leads out of its folder, in whatever spelling (C26)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.storage.shelf import Shelf
from callflow.storage.shelf_names import NameRefused, check_parts, fields_of, parts_of, upload_parts_of


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


REFUSED = [
    "",
    "a.mp3",
    "http://host/a.mp3",
    "/",
    "//a",
    "//etc/passwd",
    "/a/",
    "/./a",
    "/../a",
    "/a/%2e%2e/b",
    "/a/.%2E/b",
    "/..%2fa",
    "/a%2Fb",
    "/a%5Cb",
    "/a\\b",
    "/..%5c..%5ca",
    "/a%00b",
    "/a.mp3%00.txt",
    "/a%0Ab",
    "/a%C2%85b",
    "/%1b[31m",
    "/.hidden",
    "/.draft-0",
    "/.receiver-keys/a",
    "/a/.git/b",
    "/%ff",
    "/%C0%AE%C0%AE/a",
    "/%ED%A0%80",
    "/" + "x" * 256,
    "/" + "%C3%BC" * 128,
    "/a" * 17,
]


@pytest.mark.parametrize("path", REFUSED)
def test_names_that_are_not_plain_are_refused(path: str) -> None:
    """Empty, dots, NUL, separators, hidden, too long, not UTF-8: refused; the reason does not repeat the name."""
    with pytest.raises(NameRefused, match="^(a part of )?the path [a-z]"):
        parts_of(path)


@pytest.mark.parametrize("name", ["..", ".", ".hidden", "a/b", "/etc/passwd", "../a.mp3", "a\\b", "a\0b", "x" * 256])
def test_a_name_in_the_query_is_checked_like_a_part_of_the_path(name: str) -> None:
    """What the seed's PHP writes to whatever it holds (C26)."""
    with pytest.raises(NameRefused):
        upload_parts_of("/kzr", fields_of(f"recording={quote(name, safe='')}".encode()))


def test_a_surrogate_is_no_name() -> None:
    """A file that lies there under no UTF-8 name cannot be asked for."""
    with pytest.raises(NameRefused, match="not UTF-8"):
        check_parts(("\udcff.mp3",))


@pytest.mark.parametrize(
    ("path", "query", "parts"),
    [
        ("/kzr/call_recording_1.mp3", "recording=1.mp3", ("kzr", "call_recording_1.mp3")),
        ("/kzr/call_recording_1.mp3", "from=1&to=2&call_id=1", ("kzr", "call_recording_1.mp3")),
        ("/kzr", "x=y&recording=call_recording_1.mp3&from=", ("kzr", "call_recording_1.mp3")),
        ("/", "recording=a%20b%2Bc.wav", ("a b+c.wav",)),
        ("/kzr/", "recording=1.mp3", ("kzr", "1.mp3")),
        ("/kzr/index.php", "recording=1.mp3", ("kzr", "index.php", "1.mp3")),
        ("/v1.2", "recording=first&recording=call_recording_1.mp3", ("v1.2", "call_recording_1.mp3")),
        ("/kzr", "recording=", ("kzr",)),
        ("/kzr", "", ("kzr",)),
    ],
)
def test_the_path_decides_and_else_the_query_names_the_file(path: str, query: str, parts: tuple[str, ...]) -> None:
    """B§6.3: a `url` with a query of its own carries the name as `recording`; many recordings have not one name."""
    assert upload_parts_of(path, fields_of(query.encode())) == parts


@pytest.mark.parametrize("query", [b"a=%ff", b"a=1" + b"&a=1" * 64, b"a=\xc3\xbc"])
def test_a_query_that_is_none_is_refused(query: bytes) -> None:
    """Not UTF-8, not ASCII on the wire, endless."""
    with pytest.raises(NameRefused, match="query"):
        fields_of(query)


PIECES = (
    *("/", ".", "..", "\\", "%", "a", "~", " ", "\0", "\n"),
    *("%2e", "%2E%2e", "%2f", "%5c", "%00", "%252e", "ü", "u\u0308", "\u202e", "x" * 90),
)
PATHS = st.lists(st.sampled_from(PIECES), max_size=24).map(lambda pieces: "/" + "".join(pieces))


@given(PATHS | st.text().map(lambda text: "/" + quote(text)), st.sampled_from(PIECES) | st.text())
def test_no_path_leaves_the_folder(tmp_path_factory: pytest.TempPathFactory, path: str, name: str) -> None:
    """Whatever the path and the query: refused, or there is one new file, below the folder, where its names say."""
    folder = tmp_path_factory.mktemp("shelf")
    kept = Shelf(folder / "in")
    try:
        parts = upload_parts_of(path, {"recording": name})
    except NameRefused:
        return
    finally:
        kept.close()
    kept = Shelf(folder / "in")
    with kept.draft_for(parts) as draft:
        draft.write(b"abc")
        kept.publish(draft, parts, None, {})
    files = [Path(base, name) for base, _, names in os.walk(folder) for name in names]
    assert files == [folder.joinpath("in", *parts)]
    assert files[0].resolve().is_relative_to((folder / "in").resolve())
    file = kept.open(parts)
    assert file is not None
    file.close()
    kept.close()


def test_twins_of_normalisation_are_two_recordings(tmp_path: Path) -> None:
    """One name composed, one decomposed: neither overwrites the other, on file systems that tell them apart."""
    kept = Shelf(tmp_path)
    for name in ("\u00fc.mp3", "u\u0308.mp3"):
        with kept.draft_for((name,)) as draft:
            draft.write(name.encode())
            kept.publish(draft, (name,), None, {})
    for entry in kept.entries():
        assert (tmp_path / entry.path).read_bytes() == entry.path.encode()
    assert len(list(kept.entries())) == len(os.listdir(tmp_path))
    kept.close()
