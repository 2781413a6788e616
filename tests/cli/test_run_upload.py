"""`callflow run --upload`: what is said, kept and told when recordings are really sent."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callflow import uploading
from callflow.cli import verbs
from callflow.core.errors import StorageError
from callflow.storage.outbox import Outbox


def scenario(folder: Path, url: str) -> Path:
    """A scenario in `folder` whose flow records to `url` and rings Alice, who answers."""
    ring = {"module": "user", "data": {"id": "alice"}}
    data = {"action": "start", "format": "mp3", "url": url}
    (folder / "flow.json").write_text(json.dumps({"module": "record_call", "data": data, "children": {"_": ring}}))
    file = folder / "call.yaml"
    file.write_text(
        "scenario: A call\ncallflow: flow.json\nstart: 2026-11-30T10:00:00Z\n"
        'caller: {number: "+14155550100", name: Bob, dials: "2001"}\n'
        "timeline:\n  - at 0s: caller calls\n  - at 4s: alice answers\n  - at 9s: caller hangs up\n"
    )
    return file


def run(*arguments: object) -> Result:
    """Run the verb in this process."""
    return CliRunner().invoke(verbs, ["run", *map(str, arguments)])


def test_upload_to_a_dead_target_is_status_4_and_loses_nothing(tmp_path: Path, patient_clock: None) -> None:
    """Design §7: status 4 when a delivery did not arrive; the audio stays in the outbox."""
    file = scenario(tmp_path, "http://user:secret@127.0.0.1:9/recordings")
    done = run(file, "--upload", "--out", tmp_path / "out")
    assert done.exit_code == 4, done.output
    assert "secret" not in done.output
    assert list((tmp_path / "out" / "outbox").rglob("*.mp3"))


def test_an_unusable_destination_is_said_before_the_first_call(tmp_path: Path) -> None:
    """Nothing is played or kept when nothing could be delivered: status 2, one line."""
    done = run(
        scenario(tmp_path, "http://my.server/r"), "--upload", "--database", "nonsense", "--out", tmp_path / "out"
    )
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "caller" not in done.stdout
    assert not list((tmp_path / "out").rglob("*.mp3"))


def test_a_webhook_is_an_address(tmp_path: Path, patient_clock: None) -> None:
    """`--webhook` is http or https, and is told when --upload has stored; what it missed is kept: status 4."""
    file = scenario(tmp_path, "http://my.server/r")
    bad = run(file, "--upload", "--webhook", "ftp://me:geheim@h/x")
    assert bad.exit_code == 2 and "write it like https://host/path" in bad.stderr and "geheim" not in bad.output
    options = ("--upload", "--to-folder", tmp_path / "arrived", "--out", tmp_path / "out", "--parallel", 2)
    done = run(file, *options, "--webhook", "http://me:geheim@127.0.0.1:9/new")
    assert done.exit_code == 4, done.output
    assert "geheim" not in done.output
    command = f"callflow outbox retry {tmp_path / 'out' / 'outbox'}"
    assert f"1 word to the webhook did not arrive, kept: {command}" in done.stdout
    again = run(file, *options, "--webhook", "http://127.0.0.1:9/new", "--json")
    hook = json.loads(again.stdout)["calls"][0]["recordings"][0]["delivery"]["webhook"]
    assert (hook["state"], len(hook["attempts"])) == ("failed", 4)


def test_an_interrupted_upload_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C between two tries: status 130; what has not arrived is in the outbox, and the command is said."""

    class Interrupted:
        def now_ms(self) -> int:
            return 0

        def wait_ms(self, duration_ms: int) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(uploading, "RealClock", Interrupted)
    done = run(scenario(tmp_path, "http://127.0.0.1:9/r"), "--upload", "--out", tmp_path / "out")
    assert done.exit_code == 130, done.output
    assert f"what has not arrived is kept: callflow outbox retry {tmp_path / 'out' / 'outbox'}" in done.stdout
    assert list((tmp_path / "out" / "outbox").glob("*.json"))


def test_what_the_outbox_does_not_take_is_not_called_kept(
    tmp_path: Path, patient_clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: the audio is where it was rendered, and that is what is said; status 2, with the reason."""

    def full(*_: object, **__: object) -> None:
        raise StorageError("outbox: recording-0-call.mp3 cannot be kept, disk full; name a folder that can be written")

    monkeypatch.setattr(Outbox, "keep", full)
    done = run(scenario(tmp_path, "http://127.0.0.1:9/r"), "--upload", "--out", tmp_path / "out")
    assert done.exit_code == 2 and "disk full" in done.stderr
    assert "1 recording did not arrive and could not be kept: see file, above" in done.stdout
    assert ", kept:" not in done.stdout


@pytest.mark.parametrize("option", ["--out", "--outbox", "--to-folder"])
def test_a_folder_that_may_not_be_looked_at_is_wrong_input(
    tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback: one line that names it, status 2."""
    real = os.stat

    def stat(path: Any, **options: Any) -> os.stat_result:
        if "private" in os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else False:
            raise PermissionError(13, "no")
        return real(path, **options)

    file = scenario(tmp_path, "http://my.server/r")
    monkeypatch.setattr(os, "stat", stat)
    done = run(file, "--upload", "--out", tmp_path / "out", option, tmp_path / "private" / "x")
    assert done.exit_code == 2, done.output
    assert "permission denied" in done.stderr and done.stderr.count("\n") == 1


def test_upload_options_need_upload(tmp_path: Path) -> None:
    """Nothing leaves the machine unless the user says so, and half said is an error."""
    done = run(scenario(tmp_path, "http://my.server/r"), "--to-folder", tmp_path / "x")
    assert done.exit_code == 2
    assert "go with --upload" in done.stderr


def test_to_folder_takes_the_place_of_the_network(tmp_path: Path) -> None:
    """Issue 2, item 9: delivered for real into the local folder."""
    file = scenario(tmp_path, "http://my.server/r")
    done = run(file, "--upload", "--to-folder", tmp_path / "arrived", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    (arrived,) = (tmp_path / "arrived").iterdir()
    assert arrived.read_bytes() == (tmp_path / "out" / "recording-0-call.mp3").read_bytes()
