"""Parcels: what may be an id, and what a repr shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from callflow.core.errors import StorageError
from callflow.storage.audio_types import content_type_of
from callflow.storage.parcel import Parcel, check_id


@pytest.mark.parametrize("text", ["", ".hidden", "..", "a/b", "a\\b", "a b", "ä", "a\n", "a\0", "x" * 129])
def test_ids_that_could_leave_the_folder_are_refused(text: str) -> None:
    """Ids become file names: [A-Za-z0-9._-]{1,128} without a leading dot."""
    with pytest.raises(StorageError, match="not usable"):
        check_id(text)


@pytest.mark.parametrize("text", ["a", "202611-0123456789abcdef", "A.b_c-d", "x" * 128])
def test_usual_ids_are_taken(text: str) -> None:
    """The ids of B§6.5, a month and 32 hex digits, are among them."""
    assert check_id(text) == text


def test_a_parcel_refuses_a_bad_id(make_parcel: Callable[..., Parcel]) -> None:
    """No parcel with a hostile id exists."""
    with pytest.raises(StorageError):
        make_parcel(delivery_id="../x")


def test_no_repr_shows_a_credential(make_parcel: Callable[..., Parcel]) -> None:
    """The URL's password is neither in the parcel's repr nor in the document that is saved (B§6.5 `url`)."""
    url = "http://me:geheim@host/a.mp3"
    parcel = make_parcel(url, metadata={"url": url})
    assert "geheim" not in repr(parcel) + str(parcel)
    assert parcel.metadata == {"url": "http://***@host/a.mp3"}
    assert parcel.target.url == url


def test_content_types_go_by_extension() -> None:
    """B§6.4: audio/mpeg and audio/x-wav; what is no audio is never given a type that a browser would run."""
    names = ("a.mp3", "A.WAV", "a.html", "a")
    assert [content_type_of(name) for name in names] == [
        "audio/mpeg",
        "audio/x-wav",
        "application/octet-stream",
        "application/octet-stream",
    ]
