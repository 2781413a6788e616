"""Remarks on one node's data: where a recording is sent, and what is refused (B§6.1; C17; design §12)."""

from __future__ import annotations

import pytest

from callflow.core.node_remarks import node_remarks, url_remarks

WHERE = "flow.data"


def start(url: str) -> dict[str, str]:
    """The data of a start with a url."""
    return {"action": "start", "url": url}


@pytest.mark.parametrize("module", ["record_call", "record_caller"])
@pytest.mark.parametrize("url", ["gopher://h/r", "s3://bucket", "sftp://h", "no scheme", "{SERVER}/r"])
def test_other_schemes_are_never_stored(module: str, url: str) -> None:
    """Only http, https, ftp and ftps are uploaded to; others are recorded and never stored (C17)."""
    faults, diagnostics = node_remarks(module, start(url), WHERE)
    assert faults == ()
    assert [(each.code, each.severity, each.where) for each in diagnostics] == [
        ("url-scheme", "error", "flow.data.url")
    ]


@pytest.mark.parametrize("url", ["http://h/r", "HTTPS://h", "ftp://u:p@h", "http://h/{USER_ID}", ""])
def test_upload_schemes_pass(url: str) -> None:
    """The four schemes are fine in any case of letters; an empty url is none (B§6.1)."""
    assert node_remarks("record_call", start(url), WHERE) == ((), ())


@pytest.mark.parametrize(
    ("url", "codes"),
    [
        ("ftps://h", ["ftps-url"]),
        ("FTPS://h/r", ["ftps-url"]),
        ("http://h/r#top", ["url-fragment"]),
        ("http://h/{user_id}/{user_id}", ["unfilled-placeholder"]),
        ("http://h/{}?x={USER_ID}", ["unfilled-placeholder"]),
    ],
)
def test_what_a_right_address_may_not_do(url: str, codes: list[str]) -> None:
    """B§6.3: Kazoo 4 cannot read ftps, a fragment is never sent, and nobody expands braces."""
    faults, diagnostics = node_remarks("record_call", start(url), WHERE)
    assert (faults, [each.code for each in diagnostics]) == ((), codes)
    assert {(each.severity, each.where) for each in diagnostics} == {("warning", "flow.data.url")}


def test_an_account_has_no_names_to_fill() -> None:
    """Design §6: `with` fills a callflow's names; in an account file even those stay as they are."""
    _, (remark,) = url_remarks("http://h/{ACCOUNT_ID}", "call_recording.url")
    assert (remark.code, remark.severity) == ("unfilled-placeholder", "warning")
    assert remark.message == '"{ACCOUNT_ID}" is taken literally: nobody fills it in here'


@pytest.mark.parametrize("url", ["file:///etc/x", " FILE:/etc/x", "file:x"])
def test_files_are_refused(url: str) -> None:
    """The document never chooses a file of the user's machine (design §12)."""
    faults, _ = node_remarks("record_call", start(url), WHERE)
    assert [fault.where for fault in faults] == ["flow.data.url"]
    assert "must not choose a file" in faults[0].problem


@pytest.mark.parametrize("url", ["http://[::1", "http:///r", "http:h", "http://h:port/", " http://h", "ftp://a b/"])
def test_a_url_that_is_none_is_said(url: str) -> None:
    """B§6.1: what names no server is never sent to: an error when the flow is loaded, not a try that fails."""
    faults, diagnostics = node_remarks("record_call", start(url), WHERE)
    assert faults == ()
    assert [(each.code, each.severity, each.where) for each in diagnostics] == [("bad-url", "error", "flow.data.url")]


def test_a_password_with_a_slash_is_a_bad_url_that_is_not_shown() -> None:
    """Design §9: the remark on an address whose password breaks it does not show the password."""
    _, (remark,) = node_remarks("record_call", start("http://user:s3/cret@my.server/x"), WHERE)
    assert remark.code == "bad-url" and "http://***@my.server/x" in remark.message
    assert "cret" not in str(remark) and "%2F" in str(remark)


@pytest.mark.parametrize("url", ["http://h/\n", "http://h\x00/r", "http://h/\x1b[31m", "http://h/\x85"])
def test_control_characters_in_a_url_are_refused(url: str) -> None:
    """The document is hostile: no control character gets into a request or onto a terminal."""
    faults, diagnostics = node_remarks("record_caller", start(url), WHERE)
    assert ([fault.where for fault in faults], diagnostics) == (["flow.data.url"], ())
    assert str(faults[0]).isprintable()


def test_a_remark_reads_as_one_line() -> None:
    """Place, level, what is the matter, what to write instead, and the stable code."""
    _, (remark,) = node_remarks("record_call", {}, WHERE)
    assert str(remark) == (
        'flow.data: warning: record_call has no action, and starts a recording; write "action": "start" [no-action]'
    )
    _, (bare,) = node_remarks("user", {"id": "alice"}, WHERE)
    assert str(bare) == 'flow.data.id: info: "alice" has 5 characters, Kazoo\'s ids have 32 [id-length]'


@pytest.mark.parametrize("name", ["a" * 32, "/system_media/hello", "prompt://acme/hello", "{USER_ID}"])
def test_only_ids_have_a_length(name: str) -> None:
    """Media paths and unfilled names are no ids, and 32 characters are what an id has."""
    assert node_remarks("play", {"id": name}, WHERE) == ((), ())


def test_other_modules_urls_are_their_own() -> None:
    """A module that uploads nothing has no say in schemes here."""
    assert node_remarks("pivot", {"url": "gopher://h"}, WHERE) == ((), ())
