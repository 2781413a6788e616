"""The `storage:` part: what every kind of target may reply, and what a reply comes to (design §6; B§6.4, B§6.6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.delivery import TargetKind
from callflow.core.errors import ScenarioError
from callflow.scenario import (
    DiskFull,
    DnsFailure,
    HttpStatus,
    Redirects,
    Refused,
    Reset,
    Slow,
    Stored,
    Timeout,
    Truncated,
    parse_document,
)
from callflow.scenario.answer_words import TONGUES, parse_answer, read_results
from callflow.scenario.answers import REDIRECTS_MAX, TIMEOUT_MS, Answer, Reply, reply_of
from callflow.scenario.nodes import Node, node_tree
from callflow.scenario.storage_part import STORAGE_KEYS, StorageScript, read_storage

WEBHOOK = "http://transcribe.example/new"


def node_of(text: str) -> Node:
    """The tree of a YAML text named `s.yaml`."""
    return node_tree(parse_document(text, file="s.yaml", format="yaml"))


failing = st.builds(HttpStatus, st.integers(300, 599), st.integers(1, 10**8))
statuses = st.one_of(st.builds(HttpStatus, st.integers(100, 599)), failing)
followed = st.lists(st.sampled_from([301, 302]), min_size=1, max_size=15).map(tuple)
words = st.sampled_from([Refused(), Timeout(), Reset(), DnsFailure(), DiskFull(), Truncated()])
prompt = st.one_of(statuses, words, st.builds(Redirects, followed, st.one_of(st.none(), statuses)))
answers = st.one_of(prompt, st.builds(Slow, st.integers(0, 10**7), prompt))


@given(answers)
def test_answers_round_trip(answer: Answer) -> None:
    """Every reply of a URL is read from the words that it writes."""
    assert parse_answer(str(answer)) == answer


@given(answers)
def test_a_reply_is_a_try_that_is_good_or_not(answer: Answer) -> None:
    """B§6.4, B§6.6: 2xx alone is success; nobody waits longer than five minutes; only a failed try can be kept."""
    reply = reply_of(answer)
    assert reply.is_stored == (reply.result.isdigit() and reply.result.startswith("2"))
    assert 0 <= reply.delay_ms <= TIMEOUT_MS and 0 <= reply.redirects <= max(REDIRECTS_MAX, 15)
    assert not (reply.is_stored and reply.is_kept) and reply.result


@pytest.mark.parametrize(
    ("written", "reply"),
    [
        ("201", Reply("201", is_stored=True)),
        ("100", Reply("100")),
        ("307", Reply("307")),
        ("302", Reply("302")),
        ("302 then 201", Reply("201", is_stored=True, redirects=1)),
        ("301 then 302 then 503", Reply("503", redirects=2)),
        ("302 loop", Reply("302, redirected in a loop", redirects=1)),
        (" then ".join(["301"] * 10 + ["201"]), Reply("201", is_stored=True, redirects=10)),
        (" then ".join(["301"] * 11 + ["201"]), Reply("301, redirected too often", redirects=10)),
        ("503 retry after 30s", Reply("503", asked_wait_ms=30_000)),
        ("302 then 503 retry after 1m", Reply("503", redirects=1, asked_wait_ms=60_000)),
        ("truncated", Reply("truncated", is_kept=True)),
        ("slow 4m then truncated", Reply("truncated", delay_ms=240_000, is_kept=True)),
        ("slow 10m then truncated", Reply("timeout", delay_ms=300_000)),
        ("slow 1s then timeout", Reply("timeout", delay_ms=300_000)),
        ("dns failure", Reply("dns failure")),
        ("disk full", Reply("disk full")),
    ],
)
def test_what_a_reply_comes_to(written: str, reply: Reply) -> None:
    """B§6.4: ten redirects by 301 and 302 are followed, in circles none (C21); B§6.6: the rest."""
    assert reply_of(parse_answer(written)) == reply


def test_every_kind_of_target_can_be_scripted() -> None:
    """Issue 4, item 6: a list for each kind of target, `answers` for URLs, and one for the documents."""
    kinds = {kind.value for kind in TargetKind} - {"none"}
    assert set(TONGUES) == kinds | {"documents"}
    assert set(STORAGE_KEYS) == kinds - {"url"} | {"answers", "documents"}


@pytest.mark.parametrize("kind", TONGUES)
def test_the_example_of_a_kind_can_be_read(kind: str) -> None:
    """The hint of an error shows what would be right: it is."""
    tongue = TONGUES[kind]
    read = [parse_answer(each, tongue) for each in tongue.example.strip("[]").split(", ")]
    assert reply_of(read[-1]).is_stored and reply_of(tongue.success).is_stored


def test_lists_of_replies() -> None:
    """Design §6: numbers and words, in turn, for each kind; a success that is slow is the kind's own."""
    text = "{answers: [503, refused, slow 2s], account_database: [disk full, slow 2s], documents: [409, stored]}"
    script = read_storage(node_of(text))
    assert script.answers == (HttpStatus(503), Refused(), Slow(2000, HttpStatus(201)))
    assert script.replies["account_database"] == (DiskFull(), Slow(2000, Stored()))
    assert script.replies["documents"] == (HttpStatus(409), Stored())
    assert read_storage(None) == read_storage(node_of("{}")) == StorageScript()


def test_a_webhook_has_an_address_and_replies() -> None:
    """Issue 4, item 2: an optional webhook; its address may hold a password, which a repr does not show."""
    script = read_storage(node_of(f'webhook: {{url: "{WEBHOOK}?token=geheim", answers: [503, 200]}}'))
    assert script.webhook_url == f"{WEBHOOK}?token=geheim" and "geheim" not in repr(script)
    assert script.replies == {"webhook": (HttpStatus(503), HttpStatus(200))}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("answers: [600]", "from 100 to 599"),
        ("answers: [99]", "from 100 to 599"),
        ("answers: [refusd]", 'did you mean "refused"'),
        ("answers: [slow 2]", "has no unit; write 2s"),
        ("answers: [true]", "the truth value true"),
        ("answers: []", "empty"),
        ("answers: 503", "where a list is wanted"),
        ("answer: [503]", 'did you mean "answers"'),
        ("answers: [slow 2s then slow 2s]", "unknown reply"),
        ("answers: [stored]", "is nothing that this target says; write 201"),
        ("answers: [503 retry after 30]", "has no unit"),
        ("answers: [201 retry after 30s]", "what is stored is not sent again; write 201"),
        ("answers: [307 then 201]", r"only 301 and 302 are followed \(C21\); write 307"),
        ("answers: [200 then 201]", "write 302 then 201"),
        ("answers: [302 then 999]", "is not an HTTP status"),
        ("account_database: [503]", "a database has no HTTP status; write one of .refused, timeout"),
        ("account_database: [slow 2s then 503]", "a database has no HTTP status"),
        ("account_database: [302 then 201]", "only an address redirects; write one of .refused"),
        ("couchdb: [302 loop]", "only an address redirects"),
        ("s3: [disk full]", "is nothing that this target says; write one of"),
        ("s5: [503]", 'did you mean "s3"'),
        ("webhook: {answers: [503]}", "no url is told"),
        ("webhook: {url: 'ftp://h/x'}", "is no http address"),
        ("webhook: {url: 'http:///x'}", "is no http address"),
        ("webhook: {url: 'http://h/x', answer: [503]}", 'did you mean "answers"'),
        ("webhook: {url: 'http://h/x', answers: [stored]}", "is nothing that this target says; write 200"),
        ("webhook: http://h/x", "where a mapping is wanted"),
    ],
)
def test_wrong_replies(text: str, message: str) -> None:
    """A reply that no target, or not this one, can give is an error that says what would be right."""
    with pytest.raises(ScenarioError, match=message):
        read_storage(node_of(text))


def test_a_wrong_webhook_does_not_show_its_password() -> None:
    """Issue 4: no credential in an error."""
    with pytest.raises(ScenarioError) as caught:
        read_storage(node_of("webhook: {url: 'ftp://me:geheim@h/x'}"))
    assert "geheim" not in str(caught.value)


def test_expected_results_are_what_the_result_object_says() -> None:
    """Design §7: `results` are those of the tries, also of the ones for the document."""
    text = "[503, slow 2s then 500, refused, '302 loop', 'document: 409', stored]"
    expected = ("503", "500", "refused", "302, redirected in a loop", "document: 409", "stored")
    assert read_results(node_of(text)) == expected
