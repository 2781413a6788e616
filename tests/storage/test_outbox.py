"""The outbox: audio is never lost (design §4)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import StorageError
from callflow.storage import outbox
from callflow.storage.durable import Draft
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]


def test_a_kept_parcel_comes_back_whole(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """Everything that a later retry needs is in the outbox, the audio as a copy of its own."""
    parcel = make_parcel("http://me:geheim@host/a.mp3", audio=b"abc")
    kept = outbox.keep(tmp_path / "outbox", parcel)
    parcel.file.write_bytes(b"another run wrote here")
    assert outbox.pending(tmp_path / "outbox") == (kept,)
    assert kept == evolve(parcel, file=kept.file)
    assert kept.file.read_bytes() == b"abc"


def test_only_the_owner_can_read_the_outbox(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """The journal holds the URL's credentials for the retry: 0600, in a folder of 0700."""
    outbox.keep(tmp_path / "outbox", make_parcel("http://me:geheim@host/a.mp3"))
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "outbox").iterdir()}
    assert modes == {0o600}
    assert (tmp_path / "outbox").stat().st_mode & 0o777 == 0o700


def test_a_cleared_parcel_leaves_nothing(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """What arrived is removed; clearing twice is no error."""
    first, second = make_parcel(), make_parcel()
    outbox.keep(tmp_path / "outbox", first)
    kept = outbox.keep(tmp_path / "outbox", second)
    outbox.clear(tmp_path / "outbox", first.delivery_id)
    outbox.clear(tmp_path / "outbox", first.delivery_id)
    assert outbox.pending(tmp_path / "outbox") == (kept,)
    outbox.clear(tmp_path / "outbox", second.delivery_id)
    assert os.listdir(tmp_path / "outbox") == []


def test_the_same_id_again_gives_way_to_the_newer(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """A run that is repeated has the same ids: the outbox holds one entry each, the latest, and no orphans."""
    outbox.keep(tmp_path / "outbox", make_parcel(audio=b"old", delivery_id="one"))
    kept = outbox.keep(tmp_path / "outbox", make_parcel(audio=b"new", delivery_id="one"))
    assert outbox.pending(tmp_path / "outbox") == (kept,)
    assert kept.file.read_bytes() == b"new"
    assert len(os.listdir(tmp_path / "outbox")) == 2


def test_a_crash_before_the_journal_leaves_the_older_entry(
    tmp_path: Path, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal's name is the commit: until it appears, what was there before is whole."""
    kept = outbox.keep(tmp_path / "outbox", make_parcel(audio=b"old", delivery_id="one"))
    real_publish = Draft.publish

    def publish(self: Draft, name: str) -> None:
        if name.endswith(".json"):
            raise OSError(28, "no space")
        real_publish(self, name)

    monkeypatch.setattr(Draft, "publish", publish)
    with pytest.raises(StorageError, match="disk full"):
        outbox.keep(tmp_path / "outbox", make_parcel(audio=b"new", delivery_id="one"))
    assert outbox.pending(tmp_path / "outbox") == (kept,)
    assert kept.file.read_bytes() == b"old"


def test_audio_that_is_called_like_a_journal_is_no_journal(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """The extension of the audio is kept, unless it is the journal's."""
    parcel = make_parcel(audio=b"abc")
    renamed = evolve(parcel, file=parcel.file.rename(tmp_path / "x.json"))
    kept = outbox.keep(tmp_path / "outbox", renamed)
    assert kept.file.suffix != ".json"
    assert outbox.pending(tmp_path / "outbox") == (kept,)


def test_a_missing_file_or_folder_is_one_clear_error(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """Where the outbox cannot do its work, a StorageError says which file and why."""
    (tmp_path / "in the way").write_text("")
    with pytest.raises(StorageError, match=r"in the way: rendered-0.mp3 cannot be kept, .*; name a folder"):
        outbox.keep(tmp_path / "in the way", make_parcel())
    with pytest.raises(StorageError, match=r"gone.mp3 cannot be kept, no such file"):
        outbox.keep(tmp_path / "outbox", make_parcel(file=tmp_path / "gone.mp3"))
    with pytest.raises(StorageError, match="cannot be cleared"):
        outbox.clear(tmp_path / "in the way", "one")


def test_no_outbox_has_nothing_pending(tmp_path: Path) -> None:
    """Asking does not make the folder."""
    assert outbox.pending(tmp_path / "outbox") == ()
    assert not (tmp_path / "outbox").exists()


def changed(journal: dict[str, Any], field: str, value: Any) -> str:
    """The journal with one field set to something else."""
    return json.dumps({**journal, field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 2),
        ("delivery_id", "../x"),
        ("delivery_id", 5),
        ("audio", "../secret"),
        ("audio", "/etc/passwd"),
        ("audio", None),
        ("target", {"kind": "url"}),
        ("target", {"kind": "pigeon", "method": "", "url": "", "rule": ""}),
        ("target", {"kind": "url", "method": "PUT", "url": 5, "rule": ""}),
        ("metadata", []),
        ("folder", 1),
    ],
)
def test_a_tampered_journal_is_refused_without_its_text(
    tmp_path: Path, make_parcel: MakeParcel, field: str, value: Any
) -> None:
    """Journals are read as hostile input: nothing outside the folder is named, no credential is shown."""
    outbox.keep(tmp_path / "outbox", make_parcel("http://me:geheim@host/a.mp3", delivery_id="one"))
    journal = tmp_path / "outbox" / "one.json"
    journal.write_text(changed(json.loads(journal.read_text()), field, value))
    with pytest.raises(StorageError, match=r"one\.json: not a journal") as raised:
        outbox.pending(tmp_path / "outbox")
    assert "geheim" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_a_journal_without_its_audio_is_named(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """Audio that is gone, or is a link to elsewhere, is told, not sent."""
    kept = outbox.keep(tmp_path / "outbox", make_parcel(delivery_id="one"))
    kept.file.unlink()
    with pytest.raises(StorageError, match="audio is not beside it"):
        outbox.pending(tmp_path / "outbox")
    kept.file.symlink_to("/etc/passwd")
    with pytest.raises(StorageError, match="audio is not beside it"):
        outbox.pending(tmp_path / "outbox")


@given(text=st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_is_taken_for_a_journal(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever lies under a journal's name gives a StorageError, nothing else."""
    folder = tmp_path_factory.mktemp("outbox")
    (folder / "one.json").write_text(text, errors="surrogatepass")
    with pytest.raises(StorageError):
        outbox.pending(folder)
