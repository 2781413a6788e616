"""Where a recording goes in a CouchDB, and what goes with it: addresses, passwords, names, TLS (B§6.1, B§6.5)."""

from __future__ import annotations

import logging
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.core.delivery import TargetKind
from callflow.storage.carrier import Outcome
from callflow.storage.couch import CouchCarrier
from callflow.storage.parcel import Parcel

MakeRecording = Callable[..., Parcel]


def facts(outcome: Outcome) -> tuple[str, bool, bool]:
    """What the dispatcher decides by."""
    return outcome.result, outcome.is_stored, outcome.is_final


def test_a_password(little: Any, make_recording: MakeRecording, caplog: pytest.LogCaptureFixture) -> None:
    """User and password of the address are used and never shown, in no place, log or repr."""
    little.contents.password = "kazoo:s3cret/@:é"
    caplog.set_level(logging.DEBUG)
    for name in ("httpx2", "httpcore2"):
        caplog.set_level(logging.DEBUG, logger=name)
    outcomes, parcels = [], []
    for address in (f"http://kazoo:s3cret%2F%40:%C3%A9@{little.host}", f"kazoo:s3cret%2F%40:%C3%A9@{little.host}"):
        parcel = make_recording(address, kind=TargetKind.THIRD_PARTY_BIGCOUCH)
        carrier = CouchCarrier(10_000, None)
        assert carrier.save_metadata(parcel).is_stored
        outcomes.append(carrier.send(parcel))
        parcels.append(parcel)
        carrier.close()
    refused = CouchCarrier(10_000, f"http://kazoo:wr0ng@{little.host}")
    outcomes += [refused.save_metadata(parcel), refused.send(parcel)]
    refused.close()
    assert [facts(each) for each in outcomes[-2:]] == [("401", False, True)] * 2
    text = repr(outcomes) + repr(parcels) + caplog.text
    assert (
        "s3cret" not in text
        and "wr0ng" not in text
        and b64encode(little.contents.password.encode()).decode() not in text
    )


def test_no_password_where_one_is_wanted(little: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """A CouchDB of version 3 wants one."""
    little.contents.password = "a:b"
    assert facts(carrier.save_metadata(make_recording(little.host))) == ("401", False, True)


def test_a_server_behind_a_path(little_couch: ModuleType, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """A proxy may put the databases below a path."""
    server = little_couch.LittleCouch(prefix="/couch")
    parcel = make_recording(f"http://{server.host}/couch/")
    assert carrier.send(parcel).place.startswith(f"http://{server.host}/couch/account%2Fac")
    server.stop()


@pytest.mark.parametrize(
    "address",
    ["", "ftp://host", "http://", "http://h:99999999", "http://[", "ho st", "host:port", "http://host/?a=b", "host\n"],
)
def test_an_address_that_is_none(carrier: CouchCarrier, make_recording: MakeRecording, address: str) -> None:
    """What a document says is hostile: no crash, no try is worth another."""
    parcel = make_recording(address, kind=TargetKind.THIRD_PARTY_BIGCOUCH)
    assert facts(carrier.save_metadata(parcel)) == ("bad url", False, True)
    assert facts(carrier.send(parcel)) == ("bad url", False, True)


def test_a_host_alone_has_the_port_of_couchdb(
    carrier: CouchCarrier, make_recording: MakeRecording, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B§6.1: 5984 where no port is named."""
    parcel = make_recording("127.0.0.1", kind=TargetKind.THIRD_PARTY_BIGCOUCH)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # never for this machine itself
    assert carrier.save_metadata(parcel).place.startswith("http://127.0.0.1:5984/account%2F")


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"metadata": {"_id": "_design/evil"}}, "bad document id"),
        ({"metadata": {"_id": ".."}}, "bad document id"),
        ({"metadata": {"name": "_hidden.mp3"}}, "bad attachment name"),
        ({"metadata": {"name": "\ud800.mp3"}}, "bad attachment name"),
        ({"folder": "_users"}, "bad database name"),
        ({"folder": ".."}, "bad database name"),
    ],
)
def test_names_that_are_the_servers_own(
    little: Any, carrier: CouchCarrier, make_recording: MakeRecording, changes: dict[str, Any], result: str
) -> None:
    """A callflow chooses ids and names (`media_id`, `media_name`): none reaches what is not a recording."""
    parcel = make_recording(little.host, delivery_id="id", **changes)
    assert facts(carrier.save_metadata(parcel)) == (result, False, True)
    assert facts(carrier.send(parcel)) == (result, False, True)
    assert little.contents.requests == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(), document_id=st.text(), folder=st.text())
def test_a_name_reaches_its_own_place_or_none(
    little: Any, carrier: CouchCarrier, make_recording: MakeRecording, name: str, document_id: str, folder: str
) -> None:
    """Whatever database, document and attachment are called: one segment of the path each, or no request at all."""
    little.contents.requests.clear()
    metadata = {"_id": document_id, "name": name}
    parcel = make_recording(little.host, delivery_id="fixed", folder=folder, metadata=metadata, audio=b"abc")
    outcome = carrier.send(parcel)
    if outcome.result.startswith("bad "):
        assert outcome.is_final and little.contents.requests == []
    wanted = (folder, document_id or "fixed", name or parcel.file.name)
    for _, path in little.contents.requests:
        assert tuple(unquote(part) for part in path.split("/")[1:]) == wanted[: path.count("/")]


def test_fields_that_are_the_servers_own_are_not_sent(
    little: Any, carrier: CouchCarrier, make_recording: MakeRecording
) -> None:
    """`_deleted` and the like are no facts about a recording."""
    parcel = make_recording(little.host, metadata={"_deleted": True, "_attachments": {"a": {"stub": True}}})
    assert carrier.send(parcel).result == "201"


@pytest.fixture
def secured(little_couch: ModuleType) -> Iterator[tuple[Any, trustme.CA]]:
    """A little CouchDB behind TLS, and whose certificate it has."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = little_couch.LittleCouch(context)
    yield server, authority
    server.stop()


def test_tls(
    secured: tuple[Any, trustme.CA],
    make_recording: MakeRecording,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """TLS is verified: nothing goes to a server that nobody vouches for."""
    server, authority = secured
    parcel = make_recording(f"https://{server.host}")
    stranger = CouchCarrier(10_000, None)
    assert facts(stranger.save_metadata(parcel)) == ("certificate not trusted", False, False)
    stranger.close()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    friend = CouchCarrier(10_000, None)
    assert friend.send(parcel).result == "201"
    friend.close()
