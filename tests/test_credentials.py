"""No credential appears in a trace, a log, a report, a file or an error message, wherever it was given (issue 4).

Every place that takes a password gets one; the run fails to deliver, which is when messages are written; then all that
was printed, logged and written is searched for the password in each form that it has on its way.
"""

from __future__ import annotations

import json
import logging
import socket
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
from attrs import field, frozen
from click.testing import CliRunner

from callflow import uploading
from callflow.cli import verbs

USER, PASSWORD = "kleinschmidt", "g3h@im/w0rt"
TALK = ("at 1s: alice answers", "at 2s: caller speaks for 1s", "at 3s: caller hangs up")
HANDLER, CONNECTION = "a" * 32, "b" * 32
FORMS = (
    PASSWORD,
    quote(PASSWORD, safe=""),
    quote(quote(PASSWORD, safe=""), safe=""),
    b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
    USER,
)


@frozen
class Place:
    """Somewhere that a password is given: in the node's data, the account, the command line or the environment.

    `status` is that of the run which uploads: 4 where nothing arrives, 2 where the address is refused
    before, 0 where production drops it without a word.
    """

    name: str
    data: Mapping[str, Any] = field(factory=dict)
    account: Mapping[str, Any] = field(factory=dict)
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(factory=dict)
    status: int = 4


def plan(attachment: Mapping[str, Any]) -> dict[str, Any]:
    """An account whose recordings go to one handler."""
    chosen = {"call_recording": {"attachments": {"handler": HANDLER}}}
    return {"storage": {"attachments": {HANDLER: attachment}, "plan": {"modb": {"types": chosen}}}}


def at(scheme: str, rest: str = "/r") -> str:
    """An address on this machine where nobody listens, with user and password; PORT is filled in later."""
    return f"{scheme}://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:PORT{rest}"


STORES = {"store_recordings": True}
S3 = {"bucket": "recordings", "key": USER, "secret": PASSWORD, "host": "127.0.0.1", "scheme": "http", "region": "r"}
COUCH = {
    CONNECTION: {
        "driver": "kazoo_couch",
        "settings": {"ip": "127.0.0.1", "port": 1, "credentials": {"username": USER, "password": PASSWORD}},
    }
}
BY_CONNECTION = {
    "storage": {"connections": COUCH, "plan": {"modb": {"types": {"call_recording": {"connection": CONNECTION}}}}}
}
PLACES = (
    Place("http url", {"url": at("http")}),
    Place("http query", {"url": f"http://127.0.0.1:PORT/r?token={quote(PASSWORD, safe='')}&user=x"}),
    Place("https url", {"url": at("https")}),
    Place("post", {"url": at("http"), "method": "post"}),
    Place("ftp url", {"url": at("ftp")}),
    Place("ftps url", {"url": at("ftps")}),
    Place("unknown scheme", {"url": at("sftp")}, status=0),
    Place("no url at all", {"url": f"http//{USER}:{PASSWORD}@host/r"}, status=0),
    Place("bad port", {"url": at("http").replace("PORT", "99999999")}, status=0),
    Place("bigcouch", account={"system_config": {"media": STORES | {"third_party_bigcouch_host": at("http", "")}}}),
    Place(
        "bad bigcouch",
        account={"system_config": {"media": STORES | {"third_party_bigcouch_host": at("ftp", "")}}},
        status=2,
    ),
    Place("plan http", account=plan({"handler": "http", "settings": {"url": at("http")}})),
    Place("plan ftp", account=plan({"handler": "ftp", "settings": {"url": at("ftp")}})),
    Place("plan s3", account=plan({"handler": "s3", "settings": S3})),
    Place("plan azure", account=plan({"handler": "azure", "settings": {"account": USER, "key": PASSWORD}}), status=2),
    Place("plan connection", account=BY_CONNECTION),
    Place("postgres", account={"system_config": {"media": STORES}}, args=("--database", at("postgresql+psycopg"))),
    Place("mysql", account={"system_config": {"media": STORES}}, args=("--database", at("mysql+pymysql"))),
    Place("cluster", account={"system_config": {"media": STORES}}, args=("--database", at("http", ""))),
    Place("no database", account={"system_config": {"media": STORES}}, args=("--database", at("oracle")), status=2),
    Place("proxy", {"url": "http://rec.example/r"}, env={"HTTP_PROXY": at("http", "")}),
    Place("bad proxy", {"url": "http://rec.example/r"}, env={"HTTP_PROXY": at("socks9", "")}, status=2),
    Place("webhook", {"url": "http://127.0.0.1:PORT/r"}, args=("--webhook", at("http"))),
)


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port of this machine that is taken and where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def folder(tmp_path: Path, staging: ModuleType, place: Place, nobody: int) -> Path:
    """A folder with the scenario of a place."""
    data = {"action": "start", "format": "wav", **place.data}
    ring = staging.ring("alice")
    people = {"users": [{"id": "alice"}], "devices": [{"id": "alice-phone", "owner_id": "alice"}]}
    flow = {"module": "record_call", "data": data, "children": {"_": ring}}
    parts = {"callflow": "flow.json", "account": {"id": "acme", **people, **place.account}, "scenario": "a call"}
    parts |= {"start": "2026-11-30T10:00:00Z", "caller": {"number": "+14155550100", "name": "Bob", "dials": "2001"}}
    parts["timeline"] = [staging.step(each) for each in ("at 0s: caller calls", *TALK)]
    for name, document in (("flow.json", flow), ("call.json", parts)):
        (tmp_path / name).write_text(filled(json.dumps(document), nobody))
    return tmp_path


def filled(text: str, port: int) -> str:
    """`text` with the port that nobody listens at."""
    return text.replace("PORT", str(port))


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries pass at once, and nobody's proxies are used."""

    class Clock:
        def __init__(self) -> None:
            self.at_ms = 0

        def now_ms(self) -> int:
            return self.at_ms

        def wait_ms(self, duration_ms: int) -> None:
            self.at_ms += duration_ms

    monkeypatch.setattr(uploading, "RealClock", Clock)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_no_credential_is_shown(
    folder: Path, place: Place, nobody: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Run, upload, list, retry, explain, compare, lint: none of it shows a password, nor does a log at its finest."""
    caplog.set_level(logging.DEBUG)
    for name, value in place.env.items():
        monkeypatch.setenv(name, filled(value, nobody))
    args = [filled(each, nobody) for each in place.args]
    call, flow, out = str(folder / "call.json"), str(folder / "flow.json"), str(folder / "out")
    commands = [
        ["run", call, "--out", out, "--upload", "--trace", f"{folder}/trace.jsonl", *args],
        ["outbox", "list", f"{out}/outbox"],
        ["outbox", "list", f"{out}/outbox", "--json"],
        ["outbox", "retry", f"{out}/outbox"],
        ["run", call, "--out", out, "--upload", "--json", *args],
        ["run", call, "--out", f"{folder}/virtual", "--profile", "kazoo-5"],
        ["explain", call, "0"],
        ["diff", call, "--profile", "docs", "--profile", "kazoo-4"],
        ["lint", flow],
        ["draw", flow],
        ["outbox", "purge", f"{out}/outbox", "--all", "--yes"],
    ]
    seen, status = {}, None
    for command in commands:
        if command[0] == "outbox" and not Path(out, "outbox").is_dir():
            continue
        done = CliRunner().invoke(verbs, command)
        assert done.exit_code in (0, 1, 2, 4), (command, done.output, done.exception)
        status = done.exit_code if status is None else status
        seen[" ".join(command[:2])] = done.output
        for file in written(folder):
            seen[file.name] = file.read_bytes().decode("utf-8", "replace")
    seen["log"] = caplog.text
    assert status == place.status
    assert {name: form for name, text in seen.items() for form in FORMS if form in text} == {}


def written(folder: Path) -> list[Path]:
    """Every file that a command made, but the outbox's: its journals need the password; nobody else may read them."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent != folder]
    assert all(path.stat().st_mode & 0o077 == 0 for path in files if path.parent.name == "outbox")
    return [
        path for path in [*files, *folder.glob("*.jsonl")] if path.parent.name != "outbox" and path.suffix != ".wav"
    ]
