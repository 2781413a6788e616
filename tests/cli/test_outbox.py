"""`callflow outbox`: what uploads have left is shown, sent and removed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs
from callflow.core.delivery import Target, TargetKind
from callflow.storage.outbox import Outbox
from callflow.storage.parcel import Parcel
from callflow.storage.receiver import RunningReceiver
from callflow.storage.routes import Destinations


class QuietLog:
    """A log that shows nothing."""

    def info(self, event: str, /, **facts: object) -> None:
        """Drop the line."""


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[RunningReceiver]:
    """A receiver on a port of its own."""
    with RunningReceiver(tmp_path / "received", log=QuietLog()) as running:
        yield running


@pytest.fixture
def keep(tmp_path: Path) -> Callable[..., Path]:
    """Leave a delivery in the outbox as a run would; returns the outbox."""

    def leave(delivery_id: str, url: str = "", **changes: Any) -> Path:
        file = tmp_path / f"{delivery_id}.mp3"
        file.write_bytes(b"ID3" + delivery_id.encode())
        kind = TargetKind.URL if url else TargetKind.ACCOUNT_DATABASE
        target = Target(kind, "PUT" if url else "", url, "record_call.url")
        metadata = {"_id": delivery_id, "name": f"call_recording_{delivery_id}.mp3"}
        outbox = tmp_path / "out" / "answered" / "outbox"
        where = Destinations(changes.get("database"), changes.get("folder"), outbox)
        with Outbox(outbox) as box:
            box.keep(Parcel(delivery_id, file, "audio/mpeg", target, metadata, "account/ac/me/x-202611"), where)
        return outbox

    return leave


def call(*arguments: object, **options: Any) -> Result:
    """Run the verb in this process."""
    return CliRunner().invoke(verbs, ["outbox", *map(str, arguments)], **options)


def test_what_a_run_left_is_listed_and_sent(
    staging: ModuleType, tmp_path: Path, receiver: RunningReceiver, patient_clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The main use: the target was down, `run` says the command, which brings the file when the target is back."""
    monkeypatch.chdir(tmp_path)
    flow = staging.record(staging.ring(), url="http://me:geheim@127.0.0.1:9/r", format="mp3")
    staging.scenario(tmp_path, "at 2s: caller hangs up", flow=flow)
    done = CliRunner().invoke(verbs, ["run", "call.json", "--upload"])
    assert done.exit_code == 4, done.output
    command = done.stdout.splitlines()[-1].partition("callflow outbox retry ")[2]
    assert command == "out/call/outbox"
    listed = call("list")
    assert listed.exit_code == 0
    for text in (
        "out/call/outbox:",
        "call_recording_",
        "PUT http://***@127.0.0.1:9/r/",
        "tries  4, the last",
        "refused",
    ):
        assert text in listed.stdout
    assert "geheim" not in done.output + listed.output
    (journal,) = (tmp_path / "out" / "call" / "outbox").glob("*.json")
    again = receiver.url.removeprefix("http://")
    journal.write_text(journal.read_text().replace("me:geheim@127.0.0.1:9", f"me:geheim@{again}"))
    sent = call("retry", command)
    assert sent.exit_code == 0, sent.output
    assert "1 stored: 1 at the first try" in sent.stdout and "geheim" not in sent.output
    (arrived,) = receiver.folder.rglob("*.mp3")
    assert arrived.read_bytes() == (tmp_path / "out" / "call" / "recording-0-call.mp3").read_bytes()
    assert call("list").stdout == "nothing is left in out/*\n"
    assert call("retry").stdout == "nothing is left to send\n"


def test_the_object_of_list(keep: Callable[..., Path], tmp_path: Path) -> None:
    """`--json`: one object with what a script needs, and no credential."""
    outbox = keep("one", "http://me:geheim@h/one.mp3")
    keep("two", database="postgresql://me:geheim@h/d")
    keep("three", "http://h/x.mp3", folder=tmp_path / "arrived")
    keep("four")
    (outbox / "five.json").write_text("{}")
    done = call("list", outbox, "--json")
    printed = json.loads(done.stdout)
    assert "geheim" not in done.stdout
    assert list(printed) == ["format", "outboxes"]
    (shown,) = printed["outboxes"]
    assert [each["place"] for each in shown["entries"]] == [
        "an account database that was not named: give it with retry --database",
        "url PUT http://***@h/one.mp3",
        f"folder {tmp_path / 'arrived'}",
        "account database postgresql://***@h/d, account/ac/me/x-202611",
    ]
    first = shown["entries"][1]
    assert list(first) == ["id", "name", "bytes", "file", "target", "place", "kept_at", "under_way", "tries"]
    assert (first["id"], first["name"], first["bytes"]) == ("one", "call_recording_one.mp3", 6)
    assert first["kept_at"].endswith("+00:00") and Path(first["file"]).is_file()
    (damage,) = shown["damaged"]
    assert (damage["name"], damage["problem"]) == ("five.json", "not a journal of this outbox")
    assert "five.json" in call("list", outbox).stdout


def test_only_what_is_named_is_sent(keep: Callable[..., Path], tmp_path: Path, patient_clock: None) -> None:
    """Ids after the folder; what is still left of those makes the status 4."""
    outbox = keep("one", "http://h/one.mp3", folder=tmp_path / "arrived")
    keep("two", "http://127.0.0.1:9/two.mp3")
    done = call("retry", outbox, "one")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "arrived" / "one.mp3").read_bytes() == b"ID3one"
    failed = call("retry", outbox, "--parallel", "2")
    assert failed.exit_code == 4
    assert f"1 is still left, shown by: callflow outbox list {outbox}" in failed.stdout
    assert "0 stored; 1 left in the outbox" in failed.stdout
    unknown = call("retry", outbox, "none")
    assert unknown.exit_code == 2 and "there is no delivery 'none'; list shows" in unknown.stderr


def test_the_account_database_can_be_named_later(keep: Callable[..., Path], tmp_path: Path) -> None:
    """A run that named none, or another one."""
    outbox = keep("one")
    url = f"sqlite:///{tmp_path}/account.db"
    assert call("retry", outbox, "--database", url).exit_code == 0
    assert (tmp_path / "account.db").exists()
    keep("one")
    wrong = call("retry", outbox, "--database", "pigeon://me:geheim@h/x")
    assert wrong.exit_code == 2 and "no such kind of database" in wrong.stderr and "geheim" not in wrong.output


def test_what_another_process_sends_is_left_to_it(keep: Callable[..., Path], tmp_path: Path) -> None:
    """Two processes may share an outbox."""
    outbox = keep("one", "http://h/one.mp3", folder=tmp_path / "arrived")
    with Outbox(outbox) as busy:
        assert busy.take("one") is not None
        assert "being sent by another process" in call("list", outbox).stdout
        done = call("retry", outbox)
        assert done.exit_code == 4 and "one is being sent by another process" in done.stdout
        refused = call("purge", outbox, "one", "--yes")
        assert refused.exit_code == 2 and "is being sent" in refused.stderr
    assert call("retry", outbox).exit_code == 0


def test_purging_asks_and_names(keep: Callable[..., Path]) -> None:
    """Nothing is removed without a name, and not before the user has said yes."""
    outbox = keep("one")
    keep("two")
    keep("three")
    assert call("purge", outbox).exit_code == 2
    assert call("purge", outbox, "one", "--all").exit_code == 2
    unasked = call("purge", outbox, "one", input="")
    assert unasked.exit_code == 2 and "give --yes" in unasked.stderr
    kept = call("purge", outbox, "one", input="n\n")
    assert kept.exit_code == 0 and "nothing was removed" in kept.stdout and (outbox / "one.json").exists()
    removed = call("purge", outbox, "one", input="y\n")
    assert "remove 1 recording from" in removed.stdout and f"removed {outbox / 'one.json'}" in removed.stdout
    unknown = call("purge", outbox, "one", "--yes")
    assert unknown.exit_code == 2 and "there is no 'one'" in unknown.stderr
    assert call("purge", outbox, "--all", "--yes").exit_code == 0
    assert [path.name for path in outbox.iterdir()] == []
    assert "nothing is left" in call("purge", outbox, "--all").stdout


def test_a_wrong_folder_is_said(tmp_path: Path) -> None:
    """A path that is no outbox is not an empty one."""
    for arguments in (("list", tmp_path / "none"), ("retry", tmp_path / "none"), ("purge", tmp_path / "none", "x")):
        done = call(*arguments)
        assert done.exit_code == 2 and done.stderr.count("\n") == 1


def test_a_database_that_cannot_be_used_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    """Issue 4, item 5: a mistyped --database is wrong input, also when nothing left is for the account database."""
    done = call("retry", tmp_path, "--database", "nonsense")
    assert done.exit_code == 2 and "not a database URL" in done.stderr
