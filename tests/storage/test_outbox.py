"""The outbox: audio is never lost (design §4)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.delivery import Body, Target, TargetKind
from callflow.core.errors import StorageError
from callflow.storage import outbox
from callflow.storage.durable import Draft
from callflow.storage.holdings import held
from callflow.storage.journal import PastTry
from callflow.storage.outbox import Outbox
from callflow.storage.parcel import Attempt, Parcel
from callflow.storage.routes import Destinations

MakeParcel = Callable[..., Parcel]
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def where(tmp_path: Path) -> Destinations:
    """An outbox, and nothing else."""
    return Destinations(None, None, tmp_path / "outbox")


@pytest.fixture
def box(where: Destinations) -> Iterator[Outbox]:
    """The outbox in the hands of this process, at noon."""
    with Outbox(where.outbox, lambda: NOON) as opened:
        yield opened


def visible(where: Destinations) -> list[str]:
    """The names that lie in the outbox, without hidden ones."""
    return sorted(name for name in os.listdir(where.outbox) if not name.startswith("."))


def test_a_kept_parcel_comes_back_whole(box: Outbox, where: Destinations, make_parcel: MakeParcel) -> None:
    """Everything that a later retry needs is in the outbox, the audio as a copy of its own."""
    target = Target(TargetKind.URL, "POST", "http://me:geheim@host/a.mp3", "record_call.url", Body.MULTIPART)
    parcel = make_parcel(audio=b"abc", target=target, webhook="http://me:geheim@hook/")
    meant_for = Destinations("sqlite:////x/account.db", Path("/x/kept"), where.outbox)
    entry = box.keep(parcel, meant_for)
    parcel.file.write_bytes(b"another run wrote here")
    assert held(where.outbox).entries == (entry,)
    assert outbox.pending(where.outbox) == (entry.parcel,)
    assert entry.parcel == evolve(parcel, file=entry.parcel.file, digest=sha256(b"abc").hexdigest()[:16])
    assert (entry.bytes, entry.kept_at, entry.meant_for) == (3, "2026-11-30T12:00:00+00:00", meant_for)
    assert entry.parcel.file.read_bytes() == b"abc"
    assert "geheim" not in repr(entry) + repr(held(where.outbox))


def test_paths_are_remembered_from_the_root(
    box: Outbox, where: Destinations, make_parcel: MakeParcel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry on another day is started in another folder."""
    monkeypatch.chdir(tmp_path)
    box.keep(make_parcel(), Destinations("sqlite:///out/account.db", Path("arrived"), where.outbox))
    monkeypatch.chdir("/")
    (entry,) = held(where.outbox).entries
    assert entry.meant_for.database_url == f"sqlite:///{tmp_path}/out/account.db"
    assert entry.meant_for.local_folder == tmp_path / "arrived"


def test_only_the_owner_can_read_the_outbox(box: Outbox, where: Destinations, make_parcel: MakeParcel) -> None:
    """The journal holds the URL's credentials for the retry: 0600, in a folder of 0700."""
    box.keep(make_parcel("http://me:geheim@host/a.mp3"), where)
    modes = {path.stat().st_mode & 0o777 for path in where.outbox.iterdir()}
    assert modes == {0o600}
    assert where.outbox.stat().st_mode & 0o777 == 0o700


def test_a_cleared_parcel_leaves_nothing(where: Destinations, make_parcel: MakeParcel) -> None:
    """What arrived is removed; clearing twice is no error, and nothing hidden stays."""
    with Outbox(where.outbox) as box:
        first, second = box.keep(make_parcel(), where), box.keep(make_parcel(), where)
        box.clear(first)
        box.clear(first)
        assert outbox.pending(where.outbox) == (second.parcel,)
        box.clear(second)
    assert os.listdir(where.outbox) == []


def test_the_same_id_again_gives_way_to_the_newer(box: Outbox, where: Destinations, make_parcel: MakeParcel) -> None:
    """A run that is repeated has the same ids: the outbox holds one entry each, the latest, and no orphans."""
    box.keep(make_parcel(audio=b"old", delivery_id="one"), where)
    kept = box.keep(make_parcel(audio=b"new", delivery_id="one"), where)
    assert outbox.pending(where.outbox) == (kept.parcel,)
    assert kept.parcel.file.read_bytes() == b"new"
    assert len(visible(where)) == 2


def test_what_took_its_place_is_not_cleared(where: Destinations, make_parcel: MakeParcel) -> None:
    """Two runs share an outbox and a delivery id: the one that arrives first takes nothing of the other's."""
    with Outbox(where.outbox) as one, Outbox(where.outbox) as other:
        first = one.keep(make_parcel(audio=b"first", delivery_id="one"), where)
        second = other.keep(make_parcel(audio=b"second", delivery_id="one"), where)
        assert first.parcel.file.read_bytes() == b"first"  # still being sent
        one.clear(first)
        assert held(where.outbox).entries == (second,)
        assert not first.parcel.file.exists()
        same = one.keep(make_parcel(audio=b"second", delivery_id="one"), where)
        other.clear(second)
        assert held(where.outbox).entries == (same,)
        one.clear(same)
    assert os.listdir(where.outbox) == []


def test_a_delivery_is_in_the_hands_of_one_living_process(where: Destinations, make_parcel: MakeParcel) -> None:
    """Two processes may share an outbox: the second leaves alone what the first sends, and takes over when it died."""
    with Outbox(where.outbox) as one, Outbox(where.outbox) as other:
        entry = one.keep(make_parcel(delivery_id="one"), where)
        assert held(where.outbox).under_way == {"one"}
        assert other.take("one") is None
        one.__exit__()
        assert held(where.outbox).under_way == frozenset()
        taken = other.take("one")
        assert taken is not None and taken.parcel == entry.parcel
        assert other.take("none") is None
        with Outbox(where.outbox) as third:
            assert third.take("one") is None
        assert held(where.outbox).under_way == {"one"}
        other.clear(taken)


def test_tries_are_remembered(box: Outbox, where: Destinations, make_parcel: MakeParcel) -> None:
    """When and with what result each try failed; a line that a crash cut off spoils no other."""
    entry = box.keep(make_parcel(delivery_id="one"), where)
    box.note(entry, Attempt(0, "503", False, False, "http://host/a.mp3"))
    with open(where.outbox / "one.json", "ab") as journal:
        journal.write(b'\n{"at": "2026-11-30T12:00')
    box.note(entry, Attempt(1_000, "refused", False, True, "http://host/a.mp3"))
    (seen,) = held(where.outbox).entries
    assert seen.tries == (
        PastTry("2026-11-30T12:00:00+00:00", "503", "http://host/a.mp3"),
        PastTry("2026-11-30T12:00:00+00:00", "refused", "http://host/a.mp3"),
    )
    box.clear(entry)
    box.note(entry, Attempt(0, "503", False, False, ""))
    assert visible(where) == []


def test_a_failure_before_the_journal_leaves_the_older_entry(
    box: Outbox, where: Destinations, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal's name is the commit: until it appears, what was there before is whole, and nothing else."""
    kept = box.keep(make_parcel(audio=b"old", delivery_id="one"), where)
    real_publish = Draft.publish

    def publish(self: Draft, name: str, *, is_synced: bool = True) -> None:
        if name.endswith(".json"):
            raise OSError(28, "no space")
        real_publish(self, name, is_synced=is_synced)

    monkeypatch.setattr(Draft, "publish", publish)
    with pytest.raises(StorageError, match="disk full"):
        box.keep(make_parcel(audio=b"new", delivery_id="one"), where)
    assert outbox.pending(where.outbox) == (kept.parcel,)
    assert kept.parcel.file.read_bytes() == b"old"
    assert len(visible(where)) == 2


def test_audio_that_is_called_like_a_journal_is_no_journal(
    box: Outbox, where: Destinations, make_parcel: MakeParcel, tmp_path: Path
) -> None:
    """The extension of the audio is kept, unless it is the journal's."""
    parcel = make_parcel(audio=b"abc")
    renamed = evolve(parcel, file=parcel.file.rename(tmp_path / "x.json"))
    kept = box.keep(renamed, where)
    assert kept.parcel.file.suffix != ".json"
    assert outbox.pending(where.outbox) == (kept.parcel,)


def test_a_missing_file_or_folder_is_one_clear_error(
    tmp_path: Path, box: Outbox, where: Destinations, make_parcel: MakeParcel
) -> None:
    """Where the outbox cannot do its work, a StorageError says which file and why."""
    (tmp_path / "in the way").write_text("")
    with pytest.raises(StorageError, match=r"gone.mp3 cannot be kept, no such file"):
        box.keep(make_parcel(file=tmp_path / "gone.mp3"), where)
    entry = box.keep(make_parcel(), where)
    with Outbox(tmp_path / "in the way") as blocked:
        with pytest.raises(StorageError, match=r"in the way: rendered-\d.mp3 cannot be kept, .*; name a folder"):
            blocked.keep(make_parcel(), where)
        with pytest.raises(StorageError, match="cannot be cleared"):
            blocked.clear(entry)
        with pytest.raises(StorageError, match="cannot be read"):
            blocked.take("one")


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
        ("format", 3),
        ("bytes", "many"),
        ("sha256", "x"),
        ("delivery_id", "../x"),
        ("delivery_id", 5),
        ("audio", "../secret"),
        ("audio", "/etc/passwd"),
        ("audio", None),
        ("audio", "one.json"),
        ("audio", "another.0123456789abcdef.mp3"),
        ("metadata", {"duration": float("inf")}),
        ("local_folder", "/\ud800"),
        ("target", {"kind": "url"}),
        ("target", {"kind": "pigeon", "method": "", "url": "", "rule": ""}),
        ("target", {"kind": "url", "method": "PUT", "url": 5, "rule": ""}),
        ("metadata", []),
        ("folder", 1),
        ("database_url", 1),
        ("local_folder", "a\0b"),
        ("webhook", None),
        ("kept_at", 5),
        ("by", []),
    ],
)
def test_a_tampered_journal_is_refused_without_its_text(
    box: Outbox, where: Destinations, make_parcel: MakeParcel, field: str, value: Any
) -> None:
    """Journals are read as hostile input: nothing outside the folder is named, no credential is shown."""
    box.keep(make_parcel("http://me:geheim@host/a.mp3", delivery_id="one"), where)
    journal = where.outbox / "one.json"
    journal.write_text(changed(json.loads(journal.read_text()), field, value))
    with pytest.raises(StorageError, match=r"one\.json: (not a journal|the journal of another)") as raised:
        outbox.pending(where.outbox)
    assert "geheim" not in str(raised.value)
    assert raised.value.__context__ is None or raised.value.__suppress_context__


def test_a_journal_of_the_first_format_is_named_as_such(tmp_path: Path) -> None:
    """Format 1 was one object of many lines; it lacks what a retry needs, and is refused with its reason."""
    (tmp_path / "one.json").write_text(json.dumps({"format": 1, "delivery_id": "one"}, indent=1))
    with pytest.raises(StorageError, match="one.json: a journal of format 1, which is no longer read"):
        outbox.pending(tmp_path)


def test_a_journal_without_its_audio_is_named(box: Outbox, where: Destinations, make_parcel: MakeParcel) -> None:
    """Audio that is gone, cut short, or a link to elsewhere, is told, not sent."""
    file = box.keep(make_parcel(delivery_id="one"), where).parcel.file
    file.write_bytes(b"short")
    with pytest.raises(StorageError, match=r"audio .* has 5 bytes, 300000 were kept"):
        outbox.pending(where.outbox)
    file.unlink()
    with pytest.raises(StorageError, match="audio .* is not beside it"):
        outbox.pending(where.outbox)
    file.symlink_to("/etc/passwd")
    with pytest.raises(StorageError, match="audio .* is no plain file"):
        outbox.pending(where.outbox)


@given(text=st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_is_taken_for_a_journal(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever lies under a journal's name gives a StorageError, nothing else."""
    folder = tmp_path_factory.mktemp("outbox")
    (folder / "one.json").write_text(text, errors="surrogatepass")
    with pytest.raises(StorageError):
        outbox.pending(folder)
