"""Drafts: files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from callflow.storage.clock import RealClock
from callflow.storage.durable import Draft, opened_folder, sync_folder


def test_a_draft_is_invisible_until_it_is_published(tmp_path: Path) -> None:
    """Hidden name first, then the name in one step."""
    with opened_folder(tmp_path / "new" / "folder") as folder, Draft(folder) as draft:
        draft.write(b"abc")
        assert [name[0] for name in os.listdir(folder)] == ["."]
        draft.publish("a.mp3")
        assert os.listdir(folder) == ["a.mp3"]
        assert (draft.bytes, draft.sha256) == (3, hashlib.sha256(b"abc").hexdigest())
    assert (tmp_path / "new" / "folder" / "a.mp3").read_bytes() == b"abc"


def test_what_is_not_published_is_removed(tmp_path: Path) -> None:
    """An error on the way leaves nothing behind, not even a hidden file."""
    with pytest.raises(ValueError, match="on the way"), opened_folder(tmp_path) as folder, Draft(folder) as draft:
        draft.write(b"abc")
        raise ValueError("on the way")
    assert os.listdir(tmp_path) == []


def test_everything_is_synced_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order that survives a power failure: fsync the file, rename, fsync the folder."""
    steps: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(file: int) -> None:
        steps.append("fsync folder" if os.path.isdir(f"/dev/fd/{file}") else "fsync file")
        real_fsync(file)

    def replace(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        steps.append("rename")
        real_replace(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    with opened_folder(tmp_path) as folder, Draft(folder) as draft:
        draft.write(b"abc")
        draft.publish("a")
    assert steps == ["fsync file", "rename", "fsync folder"]


def test_a_folder_that_cannot_be_synced_for_other_reasons_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mounts without folder syncing are left alone; a disk error is not swallowed."""
    errors = iter([OSError(22, "no such thing here"), OSError(5, "disk broken")])

    def fsync(file: int) -> None:
        raise next(errors)

    monkeypatch.setattr(os, "fsync", fsync)
    with opened_folder(tmp_path) as folder:
        sync_folder(folder)
        with pytest.raises(OSError, match="disk broken"):
            sync_folder(folder)


def test_the_real_clock_never_goes_back() -> None:
    """Deliveries count on a monotonic clock in whole milliseconds."""
    clock = RealClock()
    before = clock.now_ms()
    clock.wait_ms(0)
    assert clock.now_ms() >= before > 0
