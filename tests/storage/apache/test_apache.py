"""Uploads into a real Apache: a rewrite rule and a PHP receiver of our own (issue 4, Must show)."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from callflow.storage.carrier import Outcome
from callflow.storage.http import HttpCarrier
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]


@pytest.fixture
def carrier() -> Iterator[HttpCarrier]:
    """A carrier that is closed after the test."""
    opened = HttpCarrier(timeout_ms=10_000)
    yield opened
    opened.close()


def noise(size: int) -> bytes:
    """Bytes of every value, the same each time."""
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("size", [0, 1, 300_000, 30_000_000])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_the_file_that_arrives_is_ours(
    apache: Any, carrier: HttpCarrier, make_parcel: MakeParcel, method: str, size: int
) -> None:
    """Issue 4, Must show: byte for byte, by both verbs; the same parcel again leaves one file."""
    name = f"{method}-{size}/call_recording_a%40b ü.mp3"
    parcel = make_parcel(f"{apache.url}/recordings/{quote(name)}", noise(size), method=method)
    assert [carrier.send(parcel) for _ in range(2)] == [
        Outcome.stored("201", parcel.target.url),
        Outcome.stored("200", parcel.target.url),
    ]
    assert (apache.kept / name).read_bytes() == noise(size)
    assert os.listdir((apache.kept / name).parent) == [(apache.kept / name).name]


def test_without_a_rule_apache_takes_no_upload(apache: Any, carrier: HttpCarrier, make_parcel: MakeParcel) -> None:
    """The commonest mistake: the rewrite rule is missing. 405 it is, and no try more."""
    parcel = make_parcel(f"{apache.url}/plain/a.mp3", noise(3_000_000))
    assert carrier.send(parcel) == Outcome.failed("405", parcel.target.url, is_final=True)


def test_a_password_in_the_url(apache: Any, carrier: HttpCarrier, make_parcel: MakeParcel) -> None:
    """Basic authentication by the URL's own user part, percent-decoded, whatever characters are in it."""
    user = f"{quote(apache.user)}:{quote(apache.password, safe='')}@"
    parcel = make_parcel(f"{apache.url}/locked/a.mp3".replace("://", f"://{user}"), noise(3_000_000))
    assert carrier.send(parcel) == Outcome.stored("201", f"{apache.url}/locked/a.mp3")
    assert (apache.kept / "a.mp3").read_bytes() == noise(3_000_000)


@pytest.mark.parametrize("user", ["", "me:wrong@"])
def test_a_wrong_password_or_none(apache: Any, carrier: HttpCarrier, make_parcel: MakeParcel, user: str) -> None:
    """401 comes while the body is on its way: it is heard, and a try more would not help."""
    parcel = make_parcel(f"{apache.url}/locked/b.mp3".replace("://", f"://{user}"), noise(30_000_000))
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("401", False, True)
    assert not (apache.kept / "b.mp3").exists()
