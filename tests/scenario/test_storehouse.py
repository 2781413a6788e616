"""The storehouse: faults of every kind of target, documents, webhooks, and files that overwrite each other (B§6)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from callflow.core.errors import ScenarioError
from callflow.report.delivery_words import storage_words
from callflow.report.results import DeliveryResult
from callflow.scenario.preparing import Choices
from callflow.simulate import Run

TWO_TAKES = (
    "at 1s: alice answers",
    "at 5s: caller hangs up",
)
HOOK = "http://transcribe.example/new"
ACCOUNT = {
    "id": "acme",
    "users": [{"id": "alice"}, {"id": "bob"}],
    "devices": [{"id": "alice-desk", "owner_id": "alice"}, {"id": "bob-desk", "owner_id": "bob"}],
    "system_config": {"media": {"store_recordings": True}},
}


def answered(staging: ModuleType, folder: Path, *replies: object, **parts: Any) -> Run:
    """A recorded call whose target replies so."""
    run = staging.played(
        folder, *TWO_TAKES, flow=staging.record(staging.ring()), storage={"answers": list(replies)}, **parts
    )
    assert isinstance(run, Run)
    return run


def deliveries(run: Run) -> list[DeliveryResult]:
    """What became of each file."""
    return [one.delivery for one in run.result().recordings if one.delivery]


def results(run: Run) -> list[tuple[str, list[str]]]:
    """State and results of each delivery."""
    return [(each.state, [one.result for one in each.attempts]) for each in deliveries(run)]


@pytest.mark.parametrize(
    ("replies", "state", "expected"),
    [
        (["302 then 201"], "stored", ["201"]),
        (["302 loop", "301 then 302 then 503", 201], "stored", ["302, redirected in a loop", "503", "201"]),
        (
            ["503 retry after 30s", "dns failure", "disk full", 201],
            "stored",
            ["503", "dns failure", "disk full", "201"],
        ),
        (["truncated", 201], "stored", ["truncated", "201"]),
        (["slow 2s then refused", 201], "stored", ["refused", "201"]),
        (["truncated"], "failed", ["truncated"] * 6),
    ],
)
def test_every_fault_is_a_try(
    staging: ModuleType, tmp_path: Path, replies: list[object], state: str, expected: list[str]
) -> None:
    """Issue 4, item 6: each fault is a try, in its own words."""
    assert results(answered(staging, tmp_path, *replies)) == [(state, expected)]


def test_a_wait_that_is_asked_for_is_not_kept(staging: ModuleType, tmp_path: Path) -> None:
    """B§6.6: Retry-After changes nothing; the row says what was asked."""
    asked, plain = (answered(staging, tmp_path, each, 201) for each in ("503 retry after 9m", 503))
    times = [[each.at_ms for each in deliveries(run)[0].attempts] for run in (asked, plain)]
    assert times[0] == times[1]
    assert staging.rows_of(asked, "DELIVERY", "TRY_FAILED")[0].detail["asked_wait_ms"] == 540_000


def test_the_account_database_may_fail(staging: ModuleType, tmp_path: Path) -> None:
    """Issue 4, item 6: each kind of target reads its own list; URLs have another."""
    storage = {"answers": [201], "account_database": ["disk full", "refused", "stored"]}
    flow = staging.record(staging.record(staging.ring(), url=None))
    run = staging.played(tmp_path, *TWO_TAKES, flow=flow, storage=storage, account=ACCOUNT)
    assert results(run) == [("stored", ["201"]), ("stored", ["disk full", "refused", "stored"])]


def test_documents_may_fail(staging: ModuleType, tmp_path: Path) -> None:
    """Issue 4, item 1: the document is saved before the file, and tried again; its failures are listed as such."""
    storage = {"documents": [409, "disk full", "stored"], "answers": [503, 201]}
    run = staging.played(tmp_path, *TWO_TAKES, flow=staging.record(staging.ring()), storage=storage)
    assert results(run) == [("stored", ["document: 409", "document: disk full", "503", "201"])]
    run = staging.played(
        tmp_path, *TWO_TAKES, flow=staging.record(staging.ring()), storage={"documents": ["refused"]}, profile="kazoo-5"
    )
    assert results(run) == [("failed", ["document: refused"])]


def test_storage_fails_for_a_kind_and_works_again(staging: ModuleType, tmp_path: Path) -> None:
    """Issue 4, item 6: steps overrule the lists from then on, until it works again."""
    lines = ("at 1s: storage fails with refused for account_database", "at 5s: caller hangs up")
    for last, expected in (("at 3s: storage works again", "stored"), ("at 3s: storage fails with 500", "failed")):
        run = staging.played(
            tmp_path, lines[0], last, lines[1], flow=staging.record(staging.ring(), url=None), account=ACCOUNT,
            storage={"account_database": ["timeout"]},
        )  # fmt: skip
        assert results(run)[0][0] == expected
        assert set(results(run)[0][1]) == {"stored" if expected == "stored" else "refused"}


def test_documents_may_fail_from_a_step_on(staging: ModuleType, tmp_path: Path) -> None:
    """A step about documents makes each saving of one a request, as a list does."""
    lines = ("at 1s: storage fails with 500 for documents", "at 5s: caller hangs up")
    run = staging.played(tmp_path, *lines, flow=staging.record(staging.ring()))
    assert results(run) == [("failed", ["document: 500"] * 6)]
    assert not staging.rows_of(answered(staging, tmp_path, 201), "REQUEST", "save document")


def test_a_webhook_is_told_after_the_file_is_stored(staging: ModuleType, tmp_path: Path) -> None:
    """Issue 4, item 2: every stored recording, voicemail too; it has a state and tries of its own in the result."""
    lines = ("when voicemail records: caller speaks for 2s", "after 0s: caller hangs up")
    storage = {"answers": ["refused"], "webhook": {"url": HOOK, "answers": ["truncated", 503, 200]}}
    run = staging.played(tmp_path, *lines, flow=staging.RECORDED, storage=storage)
    call, message = deliveries(run)
    assert call.state == "failed" and call.webhook is None
    assert message.state == "stored" and message.webhook is not None
    assert (message.webhook.url, message.webhook.state) == (HOOK, "stored")
    assert [each.result for each in message.webhook.attempts] == ["truncated", "503", "200"]
    assert [each.code for each in run.result().diagnostics].count("stored-twice") == 1


def test_no_webhook_is_told_where_uploads_are_real(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12, Deliveries: the uploader finds its address in the setting, and the trace knows nothing of it."""
    storage = {"webhook": {"url": f"{HOOK}?token=geheim"}}
    run = staging.played(
        tmp_path, *TWO_TAKES, flow=staging.record(staging.ring()), storage=storage, choices=Choices(uploads=True)
    )
    assert run.prepared.setting.webhook_url == f"{HOOK}?token=geheim"
    assert [row.name for row in staging.rows_of(run, "DELIVERY")] == ["REQUESTED"]
    assert not [each for each in run.result().diagnostics if each.code == "storage-ignored"]
    assert "geheim" not in repr(run.rows) + repr(run.prepared)


def test_tries_of_webhooks_keep_no_call_up(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: nothing is left to happen to the call once only a webhook is tried again and again."""
    flow = staging.record(staging.ring(), time_limit=5)
    storage = {"webhook": {"url": HOOK, "answers": [500]}}
    run = staging.played(tmp_path, "at 1s: alice answers", flow=flow, storage=storage)
    (call,) = run.result().calls
    assert (call.ended_ms, call.hangup_by) == (5_000, "end of scenario")
    assert deliveries(run)[0].webhook.state == "failed"  # type: ignore[union-attr]


def test_events_of_deliveries_are_not_those_of_webhooks(staging: ModuleType, tmp_path: Path) -> None:
    """Design §6: `delivery succeeds` and `delivery fails` are about files."""
    storage = {"webhook": {"url": HOOK, "answers": [500, 200]}}
    expect = {"exactly": {"delivery succeeds": 1, "delivery starts": 1}, "never": ["delivery fails"]}
    run = staging.played(tmp_path, *TWO_TAKES, flow=staging.record(staging.ring()), storage=storage, expect=expect)
    assert run.result().failures == ()


@pytest.mark.parametrize(
    ("method", "profile", "overwritten"),
    [("put", "docs", 1), ("put", "kazoo-4", 1), ("put", "kazoo-5", 1), ("post", "docs", None)],
)
def test_two_recordings_to_one_url(
    staging: ModuleType, tmp_path: Path, method: str, profile: str, overwritten: int | None
) -> None:
    """B§6.3: the name is the call's, so by PUT the second file takes the first one's place; a POST adds one."""
    flow = staging.record(staging.record(staging.ring(), method=method), method=method)
    expect = {"recordings": [{"overwritten_by": 1} if overwritten else {"webhook": "none"}, {"delivery": "stored"}]}
    run = staging.played(tmp_path, *TWO_TAKES, flow=flow, profile=profile, expect=expect)
    first, second = deliveries(run)
    assert (first.overwritten_by, second.overwritten_by) == (overwritten, None)
    assert [each.code for each in run.result().diagnostics].count("overwritten-upload") == (overwritten or 0)
    assert run.result().failures == ()


COUCH_PLAN = {
    "connections": {"0" * 32: {"settings": {"ip": "couch.example"}}},
    "plan": {"modb": {"types": {"call_recording": {"connection": "0" * 32}}}},
}


@pytest.mark.parametrize(
    "more",
    [
        {"system_config": {"media": {"store_recordings": True, "third_party_bigcouch_host": "couch.example:5984"}}},
        {"storage": COUCH_PLAN},
    ],
)
def test_documents_of_one_server_do_not_overwrite_each_other(
    staging: ModuleType, tmp_path: Path, more: dict[str, Any]
) -> None:
    """B§6.5: in a CouchDB each recording is a document of its own, although both go to one address."""
    flow = staging.record(staging.record(staging.ring(), url=None), url=None)
    run = staging.played(tmp_path, *TWO_TAKES, flow=flow, account={**ACCOUNT, **more})
    assert [(each.state, each.overwritten_by) for each in deliveries(run)] == [("stored", None)] * 2
    assert "overwritten-upload" not in [each.code for each in run.result().diagnostics]


@pytest.mark.parametrize("method", ["put", "post"])
def test_a_document_that_was_saved_is_no_file(staging: ModuleType, tmp_path: Path, method: str) -> None:
    """C48, C10: a lost answer to the document's saving neither stores the audio twice nor overwrites any."""
    flow = staging.record(staging.record(staging.ring(), method=method), method=method)
    storage = {"documents": ["truncated", "stored"], "answers": [500]}
    run = staging.played(tmp_path, *TWO_TAKES, flow=flow, storage=storage)
    assert [(each.state, each.overwritten_by) for each in deliveries(run)] == [("failed", None)] * 2
    run = staging.played(tmp_path, *TWO_TAKES, flow=flow, storage={"documents": ["truncated", "stored"]})
    assert "stored-twice" not in [each.code for each in run.result().diagnostics]


def test_a_plan_whose_query_takes_the_path_overwrites_nothing(staging: ModuleType, tmp_path: Path) -> None:
    """B§6.7: the path goes to the end of the url's query, whatever its field is called, and has the document's id."""
    handler = {"handler": "http", "settings": {"url": "http://h.example/up?recording_id="}}
    plan = {"modb": {"types": {"call_recording": {"attachments": {"handler": "0" * 32}}}}}
    account = {**ACCOUNT, "storage": {"attachments": {"0" * 32: handler}, "plan": plan}}
    flow = staging.record(staging.record(staging.ring(), url=None), url=None)
    run = staging.played(tmp_path, *TWO_TAKES, flow=flow, account=account)
    assert [each.overwritten_by for each in deliveries(run)] == [None, None]


def test_what_is_stored_nowhere_says_by_which_rule(staging: ModuleType, tmp_path: Path) -> None:
    """C17, C47: an address that is dropped does not look like recordings that nobody wants."""
    words = []
    for url in ("s3://bucket/x", None):
        run = staging.played(tmp_path, *TWO_TAKES, flow=staging.record(staging.ring(), url=url))
        words += [storage_words(each) for each in deliveries(run)]
    assert words == [
        "not stored: record_call.url: scheme 's3' is dropped (B§6.1)",
        "not stored: media.store_recordings=false",
    ]


def test_the_one_that_is_stored_last_is_left(staging: ModuleType, tmp_path: Path) -> None:
    """B§6.3: a file that arrives late, after a failure, takes the place of the one that was sent after it."""
    flow = staging.record(staging.record(staging.ring()), time_limit=5)
    lines = ("at 1s: storage fails with 503", "at 6s: storage works again", "at 9s: caller hangs up")
    run = staging.played(tmp_path, *lines, flow=flow)
    first, second = deliveries(run)
    assert (len(first.attempts), first.overwritten_by, second.overwritten_by) == (2, None, 0)
    (remark,) = [each for each in run.result().diagnostics if each.code == "overwritten-upload"]
    assert remark.message.startswith("recording 0 has overwritten recording 1: both were sent to http://my.server/r/")


def test_pieces_of_one_file_overwrite_nothing(staging: ModuleType, tmp_path: Path) -> None:
    """B§3.5: where the second recording goes on with the first one's file, what is sent last has everything."""
    again = staging.record(staging.ring(), media_name="one.wav")
    stop = {"module": "record_call", "data": {"action": "stop"}, "children": {"_": again}}
    wait = {"module": "sleep", "data": {"duration": 3}, "children": {"_": stop}}
    flow = staging.record(wait, media_name="one.wav")
    for profile, expected in (("docs", 1), ("kazoo-5", None)):
        run = staging.played(tmp_path, "at 9s: caller hangs up", flow=flow, profile=profile)
        assert [each.overwritten_by for each in deliveries(run)] == [expected, None]


def test_expectations_about_months_and_ids(staging: ModuleType, tmp_path: Path) -> None:
    """C22: the id's month is that of the start, the database's that of the stop; what is not so is named."""
    expect = {"recordings": [{"id": "202612-*", "month": 202611}]}
    run = staging.played(
        tmp_path, "at 15s: caller hangs up", flow=staging.record(staging.ring()), expect=expect,
        start="2026-11-30T22:59:50Z", timezone="Europe/Berlin",
    )  # fmt: skip
    (failure,) = run.result().failures
    assert "id 202611-" in failure.message and "month 202612 instead of 202611" in failure.message
    with pytest.raises(ScenarioError, match="is no year and month; write it like 202612"):
        staging.scenario(tmp_path, expect={"recordings": [{"month": "2026-12"}]})


@pytest.mark.parametrize("key", ["documents", "account_database", "s3"])
def test_every_list_is_ignored_with_uploads(staging: ModuleType, tmp_path: Path, key: str) -> None:
    """Design §12, Deliveries: with `--upload` the scenario's storage has no say, and a warning says so."""
    run = staging.played(
        tmp_path, *TWO_TAKES, flow=staging.record(staging.ring()), storage={key: ["refused"]},
        choices=Choices(uploads=True),
    )  # fmt: skip
    assert [each.code for each in run.prepared.diagnostics].count("storage-ignored") == 1


def test_a_file_that_is_put_there_again_is_left(staging: ModuleType, tmp_path: Path) -> None:
    """B§6.3: whoever was overwritten, and is sent again because its answer was lost, lies there in the end."""
    flow = staging.record(staging.record(staging.ring()), time_limit=5)
    lines = ("at 1s: storage fails with truncated", "at 6s: storage works again", "at 9s: caller hangs up")
    run = staging.played(tmp_path, *lines, flow=flow)
    assert [(len(each.attempts), each.overwritten_by) for each in deliveries(run)] == [(2, None), (1, 0)]
    assert [each.code for each in run.result().diagnostics].count("overwritten-upload") == 1
