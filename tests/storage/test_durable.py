"""Drafts: files that appear whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from callflow.storage.clock import RealClock, utc_now
from callflow.storage.durable import (
    Draft,
    is_being_written,
    locked_folder,
    make_folder,
    opened_folder,
    sweep,
    sync_folder,
)


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


def test_new_folders_are_durable_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder's own name is in the folder above: each that is made is synced there, an old one is not."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
    make_folder(tmp_path / "a" / "b", 0o700)
    make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path.stat().st_ino, (tmp_path / "a").stat().st_ino]
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_only_what_nobody_writes_is_swept(tmp_path: Path) -> None:
    """Drafts of the living, of this process as of another, stay; those of a killed one and nothing else go."""
    script = (
        "import os, sys\n"
        "from callflow.storage.durable import Draft\n"
        "draft = Draft(os.open(sys.argv[1], os.O_RDONLY))\n"
        "print(draft.name, flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None and child.stdout is not None
    name = child.stdout.readline().strip()
    for other in (".draft-kept", ".draft-0", "a.mp3", ".hidden"):
        (tmp_path / other).write_text("")
    (tmp_path / f".draft-{'a' * 24}").symlink_to("/etc/passwd")
    with opened_folder(tmp_path) as folder, Draft(folder) as draft:
        assert sweep(folder) == 0
        assert is_being_written(folder, name) and is_being_written(folder, draft.name)
        assert not is_being_written(folder, "a.mp3") and not is_being_written(folder, f".draft-{'b' * 24}")
        child.kill()
        child.communicate()
        assert not is_being_written(folder, name)
        assert sweep(folder) == 1
        assert (tmp_path / draft.name).exists() and not (tmp_path / name).exists()
        draft.publish("b.mp3")
    assert set(os.listdir(tmp_path)) == {
        f".draft-{'a' * 24}",
        ".draft-0",
        ".draft-kept",
        ".hidden",
        "a.mp3",
        "b.mp3",
    }


def test_a_draft_swept_while_it_was_made_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may sweep between the making and the locking of a file: the lock's owner looks, and goes on."""
    real_flock = fcntl.flock
    swept: list[str] = []

    def flock(file: int, how: int) -> None:
        if not swept:
            swept.append(os.listdir(tmp_path)[0])
            os.unlink(tmp_path / swept[0])
        real_flock(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with opened_folder(tmp_path) as folder, Draft(folder) as draft:
        draft.write(b"abc")
        draft.publish("a")
    assert (tmp_path / "a").read_bytes() == b"abc" and draft.name not in swept


def test_a_mount_without_locks_is_written_and_never_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be told whose a draft is, it stays, and is nobody's."""

    def flock(file: int, how: int) -> None:
        raise OSError(95, "not supported")

    monkeypatch.setattr(fcntl, "flock", flock)
    with locked_folder(tmp_path) as folder, Draft(folder) as draft:
        assert sweep(folder) == 0 and not is_being_written(folder, draft.name)
        draft.publish("a")
    assert os.listdir(tmp_path) == ["a"]


def test_a_locked_folder_is_one_threads_alone(tmp_path: Path) -> None:
    """Whoever comes second waits; the lock ends with the block although a draft was made inside."""
    is_inside = threading.Event()

    def enter() -> None:
        with locked_folder(tmp_path):
            is_inside.set()

    second = threading.Thread(target=enter)
    with locked_folder(tmp_path) as folder:
        draft = Draft(folder)
        second.start()
        assert not is_inside.wait(0.05)
    second.join(60)
    assert is_inside.is_set()
    draft.__exit__()
    with locked_folder(tmp_path, is_shared=True), locked_folder(tmp_path, is_shared=True):
        assert os.listdir(tmp_path) == []


def test_the_wall_clock_is_utc() -> None:
    """Times that are written down have a zone."""
    assert str(utc_now().tzinfo) == "UTC"


def test_the_real_clock_never_goes_back() -> None:
    """Deliveries count on a monotonic clock in whole milliseconds."""
    clock = RealClock()
    before = clock.now_ms()
    clock.wait_ms(0)
    assert clock.now_ms() >= before > 0
