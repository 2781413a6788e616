"""S3 uploads to moto: bytes, names, types; one object however often it is sent; no memory (B§6.7; design §12)."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from callflow.core.delivery import TargetKind
from callflow.storage.parcel import Parcel
from callflow.storage.s3 import S3Carrier

MakeParcel = Callable[..., Parcel]
GROWTH = Path(__file__).parent.parent / "ftp" / "growth.py"


@pytest.fixture
def carrier() -> Iterator[S3Carrier]:
    """A carrier that waits 5 s at most."""
    opened = S3Carrier(timeout_ms=5_000)
    yield opened
    opened.close()


@pytest.mark.parametrize("size", [0, 1, 300_000, 20_000_000])
def test_a_recording_arrives(carrier: S3Carrier, make_parcel: MakeParcel, moto: Any, size: int) -> None:
    """Issue 4, Must show: the object equals our file byte for byte, and keeps its type."""
    audio = hashlib.shake_128(b"audio").digest(size)
    parcel = make_parcel(moto.url("recordings/2026/a.mp3"), audio=audio, kind=TargetKind.S3)
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("200", True, True)
    assert outcome.place == f"s3://***@{moto.place}/recordings/2026/a.mp3?scheme=http"
    headers, content = moto.ask("GET", "recordings/2026/a.mp3")
    assert content == audio and headers["Content-Type"] == "audio/mpeg"


def test_the_document_stays_in_the_journal(carrier: S3Carrier, make_parcel: MakeParcel) -> None:
    """B§6.7: the handler takes the audio; no connection is made, no key is shown."""
    outcome = carrier.save_metadata(make_parcel("s3://K:S@h.example/b/a.mp3", kind=TargetKind.S3))
    assert (outcome.result, outcome.place, outcome.is_stored) == ("journalled", "s3://***@h.example/b/a.mp3", True)


@pytest.mark.parametrize(
    "key", ["account/ac/me/x-202611/id_call recording.mp3", "ä/é@b+c&d=e;f:g,h$i!j*k'(l)~.mp3", "a%2Fb?c#d", "-", "..."]
)
def test_object_names(carrier: S3Carrier, make_parcel: MakeParcel, moto: Any, key: str) -> None:
    """B§6.7: the object path; whatever is in a name is in the object's name, percent-encoded once on the way."""
    assert carrier.send(make_parcel(moto.url(f"recordings/{quote(key)}"), kind=TargetKind.S3)).is_stored
    _, content = moto.ask("GET", f"recordings/{quote(key)}")
    assert content.startswith(b"ID3")


def test_sent_twice_it_is_there_once(carrier: S3Carrier, make_parcel: MakeParcel, moto: Any) -> None:
    """Design §12: exactly once for PUT; and no parts of uploads are left in the bucket."""
    parcel = make_parcel(moto.url("recordings/a.mp3"), audio=b"x" * 12_000_000, kind=TargetKind.S3)
    assert all(carrier.send(parcel).is_stored for _ in range(2))
    _, listed = moto.ask("GET", "recordings?list-type=2")
    assert listed.count(b"<Key>") == 1
    _, unfinished = moto.ask("GET", "recordings?uploads")
    assert b"<Upload>" not in unfinished


def test_a_bucket_that_is_not_there(carrier: S3Carrier, make_parcel: MakeParcel, moto: Any) -> None:
    """404 stays 404: final."""
    outcome = carrier.send(make_parcel(moto.url("other/a.mp3"), kind=TargetKind.S3))
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("404, no such bucket", False, True)


def test_a_long_recording_takes_no_memory(moto: Any, tmp_path: Path) -> None:
    """Issue 4, item 2: constant memory; 100 MB go through less than 4 MB, and arrive whole."""
    url = moto.url("recordings/big.mp3")
    command = [sys.executable, "-P", str(GROWTH), "callflow.storage.s3:S3Carrier", url, "100", str(tmp_path)]
    done = subprocess.run(command, text=True, capture_output=True, timeout=60, check=True)
    result, growth_kb = done.stdout.split()
    assert result == "200"
    assert int(growth_kb) < 4_096
    _, content = moto.ask("GET", "recordings/big.mp3")
    assert hashlib.sha256(content).digest() == hashlib.sha256((tmp_path / "big.mp3").read_bytes()).digest()
