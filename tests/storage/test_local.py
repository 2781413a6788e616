"""The local folder: whole files under plain names, never outside, never over other audio."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.core.errors import StorageError
from callflow.storage.durable import Draft, opened_folder
from callflow.storage.local import LocalCarrier, file_name_for
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://host/acme/call_recording_1.mp3?from=1", "call_recording_1.mp3"),
        ("http://host/a%40b.mp3", "a%40b.mp3"),
        ("http://host/a@b.mp3", "a%40b.mp3"),
        ("http://host/%2e%2e", "%2E."),
        ("http://host/..%2F..%2Fetc%2Fpasswd", "%2E.%2F..%2Fetc%2Fpasswd"),
        ("http://host/a/", "call_recording_0.mp3"),
        ("http://host", "call_recording_0.mp3"),
        ("", "call_recording_0.mp3"),
        ("http://host/" + "x" * 300, "202611-" + "0" * 32 + ".mp3"),
    ],
)
def test_the_name_is_the_urls_last_part_made_plain(make_parcel: MakeParcel, url: str, name: str) -> None:
    """Last part of the URL, else the recording's name, else its id; percent-encoded."""
    assert file_name_for(make_parcel(url)) == name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(last=st.text(), name=st.text())
def test_no_name_leaves_the_folder(make_parcel: MakeParcel, last: str, name: str) -> None:
    """Any URL and any name give one plain ASCII name, not hidden, of at most 255 bytes."""
    made = file_name_for(make_parcel(f"http://host/{last}", audio=b"", metadata={"name": name}))
    assert made == os.path.basename(made)
    assert made.isascii() and made.isprintable()
    assert not set(made) & set("/\\ \0")
    assert 0 < len(made) <= 255 and not made.startswith(".")


def test_a_recording_is_copied_and_a_second_time_changes_nothing(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """Delivered twice, there once."""
    carrier = LocalCarrier(tmp_path / "kept")
    parcel = make_parcel("http://host/a.mp3")
    for _ in range(2):
        outcome = carrier.send(parcel)
        assert (outcome.result, outcome.place) == ("copied", str(tmp_path / "kept" / "a.mp3"))
    assert os.listdir(tmp_path / "kept") == ["a.mp3"]
    assert (tmp_path / "kept" / "a.mp3").read_bytes() == parcel.file.read_bytes()


def test_other_audio_under_the_same_name_stays(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """Two recordings of one call have the same URL (B§6.3): both stay, the second under its id."""
    carrier = LocalCarrier(tmp_path / "kept")
    first, second = make_parcel("http://host/a.mp3", audio=b"one"), make_parcel("http://host/a.mp3", audio=b"two")
    places = {carrier.send(parcel).place for parcel in (first, second, first, second)}
    assert places == {str(tmp_path / "kept" / "a.mp3"), str(tmp_path / "kept" / f"{second.delivery_id}.mp3")}
    assert sorted(path.read_bytes() for path in (tmp_path / "kept").iterdir()) == [b"one", b"two"]


def test_threads_do_not_overwrite_each_other(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """Different audio for one name at the same time: all of it stays."""
    carrier = LocalCarrier(tmp_path / "kept")
    parcels = [make_parcel("http://host/a.mp3", audio=bytes([number]) * 10) for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        assert all(outcome.is_stored for outcome in pool.map(carrier.send, parcels))
    assert {path.read_bytes() for path in (tmp_path / "kept").iterdir()} == {bytes([n]) * 10 for n in range(16)}


def test_a_name_is_given_while_the_folder_is_locked(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """Else two uploads into one folder could both find a name free, and one recording would be overwritten."""

    class Looking(LocalCarrier):
        def _free_name(self, parcel: Parcel, draft: Draft) -> str:
            with opened_folder(tmp_path) as folder, pytest.raises(BlockingIOError):
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return super()._free_name(parcel, draft)

    assert Looking(tmp_path).send(make_parcel("http://host/a.mp3")).is_stored


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """A kill in the midst of a copy leaves a hidden file as large as the recording: not for ever."""
    (tmp_path / f".draft-{'0' * 24}").write_bytes(b"half")
    (tmp_path / ".mine").write_bytes(b"the user's")
    LocalCarrier(tmp_path)
    assert os.listdir(tmp_path) == [".mine"]


def test_a_link_of_that_name_is_not_written_through(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """A link in the folder leads nowhere."""
    carrier = LocalCarrier(tmp_path / "kept")
    (tmp_path / "outside").write_text("mine")
    (tmp_path / "kept" / "a.mp3").symlink_to(tmp_path / "outside")
    assert carrier.send(make_parcel("http://host/a.mp3")).is_stored
    assert (tmp_path / "outside").read_text() == "mine"
    assert (tmp_path / "kept" / "a.mp3").is_symlink()


def test_a_full_disk_is_an_outcome(tmp_path: Path, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be tried again, and nothing half-written is left."""

    def write(self: Draft, block: bytes) -> None:
        raise OSError(28, "No space left on device")

    carrier = LocalCarrier(tmp_path / "kept")
    monkeypatch.setattr(Draft, "write", write)
    outcome = carrier.send(make_parcel("http://host/a.mp3"))
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("disk full", False, False)
    assert os.listdir(tmp_path / "kept") == []


def test_a_missing_file_is_final(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """No try can copy what is not there."""
    parcel = make_parcel("http://host/a.mp3")
    parcel.file.unlink()
    assert LocalCarrier(tmp_path / "kept").send(parcel).is_final


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    """The folder is the user's: a StorageError names it."""
    (tmp_path / "in the way").write_text("")
    with pytest.raises(StorageError, match="in the way: cannot be written, .*; name another folder"):
        LocalCarrier(tmp_path / "in the way")
