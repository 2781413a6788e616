"""Where a recording goes: the seed's decision, the URL's forms, what the trace may show (the seed; B§6.1, B§6.3)."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.address import without_credentials
from callflow.core.delivery import TargetKind
from callflow.core.effects import Answer, Sleep, StartRecording
from callflow.core.endpoints import SystemMedia
from callflow.core.events import Caller
from callflow.core.storage_plan import StoragePlan
from callflow.core.targets import is_stored
from callflow.tracefile import to_line

HOST = "https://couch.example:5984"
URL = "http://h/r"


def delivered(build: Any, url: str = "", *, call_id: str = "c1", profile: str = "docs", **system: Any) -> Any:
    """Record two seconds of a call; returns the first DELIVERY row and, unless nothing is stored, its real target."""
    script = build.doing(
        Answer(), StartRecording(build.options(url=url, method=system.pop("method", "put"))), Sleep(2_000)
    )
    stage = build.stage(
        {"module": "s"}, fakes={"s": script}, profile=profile, account=build.household(**system), delivers=False
    )
    stage.offer(call_id, Caller("+1 415", "Bo & Co")).run()
    row = stage.find("DELIVERY")[0]
    return row, stage.engine.target_of(row.detail["delivery"]) if row.name == "REQUESTED" else None


DECISIONS = [
    # url, store_recordings, third_party_bigcouch_host, target in docs, target in the kazoo profiles
    *((url, store, host, "url", "url") for url in ("http://h/r", "https://h/r", "ftp://h/r", "HTTP://h/r")
      for store in (True, False) for host in (None, HOST)),
    *((url, store, host, "none", "none") for url in ("gopher://h/r", "s3://bucket/x", "sftp://h/r", "h/recordings")
      for store in (True, False) for host in (None, HOST)),
    ("", False, None, "none", "none"),
    ("", False, HOST, "none", "none"),
    ("", True, None, "account_database", "account_database"),
    ("", True, HOST, "third_party_bigcouch", "account_database"),
]  # fmt: skip


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
@pytest.mark.parametrize(("url", "store", "host", "docs", "kazoo"), DECISIONS)
def test_decision(build: Any, url: str, store: bool, host: str | None, docs: str, kazoo: str, profile: str) -> None:
    """The seed, "Storage of recordings", and B§6.1: url, then store_recordings, then third_party_bigcouch_host."""
    row, _ = delivered(build, url, profile=profile, store_recordings=store, third_party_bigcouch_host=host)
    expected = docs if profile == "docs" else kazoo
    assert row.detail["target"] == expected
    assert (row.name, row.detail["to"]) == (
        ("UNWANTED", "NOT_STORED") if expected == "none" else ("REQUESTED", "METADATA")
    )
    assert re.match(r"record_call\.url|media\.(store_recordings=(true|false)|third_party_bigcouch_host)$", row.rule)


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("gopher://h", "record_call.url: scheme 'gopher' is dropped (B§6.1)"),
        ("user:secret@h/r", "record_call.url: what has no scheme is dropped (B§6.1)"),
        ("http://[h/r", "record_call.url: what is no URL is dropped (B§6.1)"),
    ],
)
def test_a_url_that_is_dropped_says_why(build: Any, url: str, rule: str) -> None:
    """Law 5 and C17: what production drops without a word has a rule in the trace; a bad url never ends the run."""
    row, _ = delivered(build, url)
    assert (row.detail["target"], row.rule) == ("none", rule)


@pytest.mark.parametrize(("profile", "target"), [("docs", "url"), ("kazoo-4", "none"), ("kazoo-5", "url")])
def test_ftps(build: Any, profile: str, target: str) -> None:
    """B§6.3: ftps passes Kazoo 4's gate, and its sender cannot read the address: never stored, and the row says so."""
    row, _ = delivered(build, "FTPS://u:p@h/r", profile=profile)
    assert row.detail["target"] == target
    dropped = "record_call.url: an ftps address, which the sender cannot read, is dropped (B§6.3)"
    assert row.rule == (dropped if target == "none" else "record_call.url")


@pytest.mark.parametrize(
    ("plan", "store", "url", "expected"),
    [
        (None, False, "", False),
        (None, True, "", True),
        (StoragePlan(TargetKind.S3, "a rule"), False, "", True),
        (StoragePlan(TargetKind.NONE, "a rule"), True, "", False),
        (StoragePlan(TargetKind.S3, "a rule"), True, "gopher://h", False),
        (StoragePlan(TargetKind.NONE, "a rule"), False, "FTP://h", True),
    ],
)
def test_whether_it_is_stored(plan: StoragePlan | None, store: bool, url: str, expected: bool) -> None:
    """B§6.1: a url has the first word, then the account's plan, then store_recordings."""
    assert is_stored(SystemMedia(store_recordings=store, plan=plan), url) == expected


@pytest.mark.parametrize(("method", "verb"), [("put", "PUT"), ("post", "POST")])
def test_verb(build: Any, method: str, verb: str) -> None:
    """The seed, Schema: the HTTP verb is the method's."""
    assert delivered(build, URL, method=method)[0].detail["method"] == verb


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("http://h/r", "http://h/r/call_recording_c1.mp3"),
        ("http://h/r/", "http://h/r/call_recording_c1.mp3"),
        ("http://h/r///", "http://h/r/call_recording_c1.mp3"),
        ("http://h", "http://h/call_recording_c1.mp3"),
        ("http://h/r?x=1", "http://h/r/call_recording_c1.mp3?x=1"),
        ("ftp://h/r", "ftp://h/r/call_recording_c1.mp3"),
        ("http://u:p@h/r", "http://u:p@h/r/call_recording_c1.mp3"),
    ],
)
def test_url_in_the_documents_form(build: Any, base: str, expected: str) -> None:
    """The seed and B§12 scenario 12: URL/call_recording_CALL_ID.EXT and no more; credentials reach the sender only."""
    row, target = delivered(build, base)
    assert target.url == expected
    assert row.detail["url"] == expected.replace("u:p@", "***@")


K4 = "from to caller_id_name caller_id_number call_id cdr_id interaction_id account_id".split()
K5 = [*K4, "duration_ms", "owner_id", "start", "recording_id"]


@pytest.mark.parametrize(("profile", "keys"), [("kazoo-4", K4), ("kazoo-5", K5)])
@pytest.mark.parametrize(
    ("base", "head"),
    [
        ("http://h/r", "http://h/r/call_recording_c1.mp3?"),
        ("http://h/r//", "http://h/r/call_recording_c1.mp3?"),
        ("http://h/r?x", "http://h/r?x=call_recording_c1.mp3&"),
        ("http://h/r?x=", "http://h/r?x=call_recording_c1.mp3&"),
        ("http://h/r?x=1", "http://h/r?x=1&recording=call_recording_c1.mp3&"),
        ("http://h/r?a=1&b", "http://h/r?a=1&b=call_recording_c1.mp3&"),
    ],
)
def test_url_in_the_codes_form(build: Any, profile: str, keys: list[str], base: str, head: str) -> None:
    """B§6.3 and B§12 scenario 12: fields after the name; a base with a query gets the name as a value."""
    _, target = delivered(build, base, profile=profile)
    assert target.url.startswith(head)
    fields = dict(parse_qsl(target.url.removeprefix(head), keep_blank_values=True))
    assert list(fields) == keys
    assert (fields["from"], fields["to"], fields["caller_id_name"]) == ("+1 415", "2001", "Bo & Co")
    assert (fields["call_id"], fields["cdr_id"], fields["account_id"]) == ("c1", "197001-c1", "acme")
    assert fields.get("duration_ms", "2000") == "2000"


@pytest.mark.parametrize("media_id", ["", "my-own-id"])
def test_the_calls_document_is_of_the_month_of_the_end(build: Any, media_id: str) -> None:
    """B§6.5, C22: recorded over the end of a month, or under an id of its own, the call's record is that of the end."""
    script = build.doing(Answer(), StartRecording(build.options(url="http://h/r", media_id=media_id)), Sleep(2_000))
    stage = build.perform(script, profile="kazoo-4", start_s=31 * 86_400 - 1)
    (row,) = stage.find("DELIVERY", "REQUESTED")
    assert "cdr_id=197002-" in row.detail["url"]
    assert stage.recordings()[0]["id"].startswith(media_id or "197001-")


@pytest.mark.parametrize("profile", ["kazoo-4", "kazoo-5"])
def test_ftp_gets_no_fields(build: Any, profile: str) -> None:
    """B§6.3: ftp: base and name only."""
    assert delivered(build, "ftp://h/r", profile=profile)[1].url == "ftp://h/r/call_recording_c1.mp3"
    assert delivered(build, "ftp://h/r?x", profile=profile)[1].url == "ftp://h/r?x/call_recording_c1.mp3"


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
@pytest.mark.parametrize(
    ("call_id", "encoded"),
    [
        ("a@10.0.0.1", "a%4010.0.0.1"),
        ("../../etc/passwd", "..%2F..%2Fetc%2Fpasswd"),
        ("..", ".."),
        ("a b?c#d&e=f%2F", "a%20b%3Fc%23d%26e%3Df%252F"),
        ("Grüße\n", "Gr%C3%BC%C3%9Fe%0A"),
    ],
)
def test_call_id_is_percent_encoded(build: Any, profile: str, call_id: str, encoded: str) -> None:
    """Design §12, Results, and B§6.3: call ids are percent-encoded in every profile: none leaves its folder."""
    _, target = delivered(build, URL, call_id=call_id, profile=profile)
    assert urlsplit(target.url).path == f"/r/call_recording_{encoded}.mp3"


SECRET = st.text(st.sampled_from("SECRETx:%$!@"), min_size=1).map(lambda text: f"S3{text}S3")
BASES = [
    "http://{}@h/r",
    "HTTPS://{}@h:80/a@b?x=1",
    "ftp://{}@h",
    "gopher://{}@h/r",
    "{}@h/r",
    "//{}@h",
    "http:/{}@h",
    "http://{}@[h/",
]


@pytest.mark.parametrize("profile", ["docs", "kazoo-5"])
@given(st.tuples(SECRET, SECRET).map(":".join) | SECRET, st.sampled_from(BASES), st.booleans())
def test_no_row_ever_holds_a_credential(build: Any, profile: str, credentials: str, base: str, is_url: bool) -> None:
    """Design §9: user and password of a URL or of the third party's host are in no row, not in a rule either."""
    url = base.format(credentials)
    options = build.options(url=url if is_url else "")
    account = build.household(third_party_bigcouch_host=None if is_url else url)
    script = build.doing(Answer(), StartRecording(options), Sleep(1_000))
    stage = build.perform(script, profile=profile, account=account, replies=("503", "201"))
    assert "S3" not in b"".join(to_line(row) for row in stage.rows).decode().upper()
    assert "S3" not in json.dumps(without_credentials(url)).upper()
