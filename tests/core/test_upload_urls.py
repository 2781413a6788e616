"""The addresses of recordings: the seed's form, the code's, a plan's path; nothing leads out (B§6.3, B§6.7; C16)."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.address import is_url
from callflow.core.upload_urls import PathPart, climbs, database_name, plan_path, recording_url

FIELDS = {"from": "+1 415", "to": "2001", "caller_id_name": "Bo & Co", "owner_id": ""}
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NASTY = st.text(st.sampled_from("./\\%2eE?#@:;&= \n\tüß☎Aa0")) | ANY_TEXT
BASES = st.sampled_from(
    ["http://h", "http://h/", "https://u:p@h:8443/a/b///", "http://h/r?x", "http://h/r?x=", "http://h/r?x=y&z",
     "ftp://h/in", "ftps://u@h", "http://[::1]:80/r#part", "http://h/%2E/x?a=b#c"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("base", "plain", "coded"),
    [
        ("http://h/r", "http://h/r/NAME", "http://h/r/NAME?"),
        ("http://h/r///", "http://h/r/NAME", "http://h/r/NAME?"),
        ("http://h/r?", "http://h/r/NAME", "http://h/r/NAME?"),
        ("http://h/r?x", "http://h/r/NAME?x", "http://h/r?x=NAME&"),
        ("http://h/r?x=", "http://h/r/NAME?x=", "http://h/r?x=NAME&"),
        ("http://h/r?x=y", "http://h/r/NAME?x=y", "http://h/r?x=y&recording=NAME&"),
        ("http://h/r?x=y/", "http://h/r/NAME?x=y/", "http://h/r?x=y&recording=NAME&"),
        ("http://h/r/?x=y", "http://h/r/NAME?x=y", "http://h/r/?x=y&recording=NAME&"),
        ("http://h/r#top", "http://h/r/NAME", "http://h/r/NAME?"),
        ("http://h/r?x=y#top", "http://h/r/NAME?x=y", "http://h/r?x=y&recording=NAME&"),
    ],
)
def test_both_forms(base: str, plain: str, coded: str) -> None:
    """B§6.3, C16: the seed's form and the code's, for every kind of query; a fragment is never sent."""
    name = "call_recording_c%401.mp3"
    assert recording_url(base, "c@1", "mp3", {}) == plain.replace("NAME", name)
    built = recording_url(base, "c@1", "mp3", FIELDS)
    assert built.startswith(coded.replace("NAME", name))
    assert dict(parse_qsl(built.removeprefix(coded.replace("NAME", name)), keep_blank_values=True)) == FIELDS


def test_a_blank_in_a_field_is_percent_encoded() -> None:
    """B§6.3: as the code encodes, a blank is %20 and no plus sign."""
    assert recording_url("http://h", "c", "mp3", {"caller_id_name": "Bo b"}).endswith("?caller_id_name=Bo%20b")


@given(BASES, NASTY, st.booleans())
def test_a_call_id_never_leads_elsewhere(base: str, call_id: str, has_fields: bool) -> None:
    """Issue 4: same origin as given, no step up, it parses, and the name can be read back from it."""
    given_url, url = urlsplit(base), recording_url(base, call_id, "wav", FIELDS if has_fields else {})
    built, name = urlsplit(url), f"call_recording_{call_id}.wav"
    assert is_url(url)
    assert (built.scheme, built.netloc, built.fragment) == (given_url.scheme, given_url.netloc, "")
    if has_fields and given_url.query:
        assert built.path == given_url.path
        assert name in [value for _, value in parse_qsl(built.query, keep_blank_values=True)]
    else:
        folder, _, last = built.path.rpartition("/")
        assert (folder, unquote(last)) == (given_url.path.rstrip("/"), name)


PARTS = (PathPart("arg", "account_id"), PathPart("field", "owner_id"), PathPart("arg", "id"), PathPart("arg", "name"))


@given(NASTY, NASTY, NASTY.filter(bool))
def test_a_planned_path_has_a_step_for_each_part(account: str, owner: str, name: str) -> None:
    """B§6.7: one step each, empty ones left out, the last is the name; what climbs is noticed."""
    path = plan_path(PARTS, "/", {"account_id": account, "name": name}, {"owner_id": owner})
    steps = [unquote(step) for step in path.split("/")]
    assert steps == [text for text in (account, owner, name) if text]
    assert climbs(path) == any(text in (".", "..") for text in steps)


def test_groups_and_constants() -> None:
    """B§6.7: a group is joined without a separator and is there even when empty; constants stand as they are."""
    group = PathPart("group", parts=(PathPart("arg", "id"), PathPart("const", "_"), PathPart("field", "name")))
    assert plan_path((PathPart("const", "?path="), group), "-", {"id": "a/b"}, {"name": "c d"}) == "?path=-a%2Fb_c%20d"
    assert plan_path((PathPart("group"), PathPart("const", "x")), "/", {}, {}) == "/x"


@pytest.mark.parametrize("path", ["..", "a/../b", ".", "a/%2e%2E", "%2e/a", "a/.%2e/"])
def test_what_climbs(path: str) -> None:
    """A receiver may decode before it looks: encoded dots count."""
    assert climbs(path) and not climbs(path.replace(".", "..x").replace("%2e", "x"))


def test_the_database_of_a_month() -> None:
    """B§6.5: two letters, two letters, the rest, and the month."""
    assert database_name("abcdef0123", "202611") == "account/ab/cd/ef0123-202611"
