"""An account's `storage` as it is written: what is read, refused and skipped, each at its place (B§6.7; issue 4)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callflow.core.account import Account, read_account
from callflow.core.delivery import TargetKind
from callflow.core.errors import ScenarioError
from callflow.schemas import document_keys

ID = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
HTTP = {"url": "https://rec.example/in/"}
S3 = {"bucket": "recordings"}
HANDLER = "storage.plan.modb.types.call_recording.attachments.handler"
SETTINGS = f"storage.attachments.{ID}.settings"


def storage(handler: str = "http", settings: Any = None, **plan: Any) -> dict[str, Any]:
    """A storage document whose plan for recordings names one attachment; `plan` is more of the plan's attachments."""
    entry = {"handler": handler, "name": "ours", "settings": HTTP if settings is None else settings}
    attachments = {"handler": ID, **plan}
    return {"attachments": {ID: entry}, "plan": {"modb": {"types": {"call_recording": {"attachments": attachments}}}}}


def connected(**settings: Any) -> dict[str, Any]:
    """A storage document whose plan names a connection to another CouchDB."""
    entry = {"driver": "kazoo_couch", "settings": {"ip": "couch.example", "port": 5984, **settings}}
    return {"connections": {OTHER: entry, "local": {}}, "plan": {"modb": {"connection": OTHER}}}


def read(document: Any, **choices: Any) -> tuple[Account, list[tuple[str, str, str]]]:
    """Read an account with this storage document, and what is remarked on, without the words."""
    account, diagnostics = read_account({"id": "acme", "storage": document}, known=document_keys(), **choices)
    return account, [(each.code, each.severity, each.where) for each in diagnostics]


def refused(document: Any) -> ScenarioError:
    """The first fault of a storage document."""
    with pytest.raises(ScenarioError) as caught:
        read(document)
    return caught.value


@pytest.mark.parametrize("plan", [{}, {"modb": {}}, {"modb": {"connection": "local"}}, {"account": {"x": 1}}])
def test_without_a_word_on_recordings_they_stay(plan: dict[str, Any]) -> None:
    """B§6.1 row 6: the local connection without a handler leaves the decision to the system."""
    account, remarks = read({"plan": plan, "_id": "acme", "pvt_x": 1})
    assert (account.system.plan, remarks) == (None, [])


def test_a_handler_and_a_connection() -> None:
    """The handler has the file; that the document is not sent to the connection is said."""
    document = {**storage(), "connections": connected()["connections"]}
    document["plan"]["modb"]["types"]["call_recording"]["connection"] = OTHER
    account, remarks = read(document)
    assert account.system.plan is not None and account.system.plan.kind is TargetKind.URL
    assert [code for code, _, _ in remarks] == ["plan-document-not-sent"]


@pytest.mark.parametrize("handler", ["azure", "dropbox", "google_drive", "google_storage", "onedrive"])
def test_handlers_that_need_a_cloud(handler: str) -> None:
    """Issue 4 item 3: recognised and refused, with those that work; a warning when they are skipped."""
    fault = refused(storage(handler, {"oauth_doc_id": "x"}))
    assert fault.where == HANDLER and "login of a cloud" in fault.problem
    assert fault.hint == "use one of the handlers ftp, http, s3"
    account, remarks = read(storage(handler, {"oauth_doc_id": "x"}), skip_unsimulated=True)
    assert account.system.plan is not None and account.system.plan.kind is TargetKind.NONE
    assert remarks == [("skipped-unsimulated", "warning", HANDLER)]


@pytest.mark.parametrize(
    ("document", "key", "where", "problem"),
    [
        (storage(stub=True), "stub", f"{HANDLER.removesuffix('handler')}stub", "kept in the database as well"),
        (
            storage(settings={**HTTP, "send_multipart": True, "base64_encode_data": True}),
            "base64",
            f"{SETTINGS}.base64_encode_data",
            "base64 inside a form",
        ),
    ],
)
def test_what_is_not_simulated(document: Any, key: str, where: str, problem: str) -> None:
    """Design §12, Documents: refused unless it is to be skipped."""
    assert (refused(document).where, problem in refused(document).problem) == (where, True)
    account, remarks = read(document, skip_unsimulated=True)
    assert account.system.plan is not None and remarks == [("skipped-unsimulated", "warning", where)]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The storage document with one value at a path of its own, slashes between the keys."""
    document = json.loads(json.dumps({**storage(), "connections": connected()["connections"]}))
    *folders, last = path.split("/")
    inside = document
    for each in folders:
        inside = inside[each]
    inside[last] = value
    result: dict[str, Any] = document
    return result


INSIDE = f"attachments/{ID}/settings"


@pytest.mark.parametrize(
    ("path", "value", "where", "hint"),
    [
        ("plann", {}, "storage.plann", "did you mean 'plan'?"),
        ("plan/modb/typs", {}, "storage.plan.modb.typs", "did you mean 'types'?"),
        ("plan", 3, "storage.plan", "write {…} with the settings inside"),
        (f"attachments/{ID}/handler", "htttp", f"storage.attachments.{ID}.handler", "did you mean 'http'?"),
        (f"attachments/{ID}/handler", "sftp", f"storage.attachments.{ID}.handler", "did you mean 'ftp'?"),
        (f"attachments/{ID}/handler", "carrier pigeon", f"storage.attachments.{ID}.handler", "write ftp, http, s3"),
        ("attachments/short", {"handler": "http", "settings": HTTP}, "storage.attachments.short",
         "write one like 0123456789abcdef0123456789abcdef"),
        ("plan/modb/types/call_recording/attachments/handler", f"{ID[:-1]}0", HANDLER, f"did you mean '{ID}'?"),
        ("plan/modb/types/call_recording/attachments/handler", OTHER, HANDLER, "write it under storage.attachments"),
        ("plan/modb/connection", ID, "storage.plan.modb.connection", "write it under storage.connections"),
        (INSIDE, {"url": "ftp://h/r"}, f"{SETTINGS}.url", "write an address that starts with http:// or https://"),
        (INSIDE, {"url": "s3://bucket"}, f"{SETTINGS}.url",
         "write an address that starts with http://, https://, ftp:// or ftps://"),
        (INSIDE, {"url": "http://h/\n"}, f"{SETTINGS}.url", None),
        (INSIDE, {**HTTP, "verb": "get"}, f"{SETTINGS}.verb", None),
        (INSIDE, {**HTTP, "ulr": "x"}, f"{SETTINGS}.ulr", "did you mean 'url'?"),
        (INSIDE, {**HTTP, "folder_path": "a/../b"}, f"{SETTINGS}.folder_path", "write a path without . and .. steps"),
        (INSIDE, {**HTTP, "field_separator": "#"}, f"{SETTINGS}.field_separator", None),
        (INSIDE, {**HTTP, "field_list": [{"arg": "x"}]}, f"{SETTINGS}.field_list[0]", None),
        (INSIDE, {**HTTP, "field_list": ["..", 3]}, f"{SETTINGS}.field_list", None),
        (INSIDE, {**HTTP, "field_list": [{"const": "%2e%2e"}]}, f"{SETTINGS}.field_list[0]", None),
        (INSIDE, {**HTTP, "field_list": [{"const": "a", "arg": "id"}]}, f"{SETTINGS}.field_list[0]", None),
        (f"attachments/{ID}", {"handler": "s3", "settings": {}}, SETTINGS, "give it a string"),
        (f"attachments/{ID}", {"handler": "s3", "settings": {**S3, "key": "k"}}, SETTINGS,
         "give it both key and secret"),
        (INSIDE, {**HTTP, "field_list": []}, f"{SETTINGS}.field_list",
         "name what a recording's path is made of, or leave it out for the usual one"),
        (f"attachments/{ID}", {"handler": "s3", "settings": {**S3, "folder_path": "a//b"}}, SETTINGS,
         "write each slash once"),
        (f"attachments/{ID}", {"handler": "s3", "settings": {**S3, "field_list": [{"arg": "db"}, "/x"]}}, SETTINGS,
         "write each slash once"),
        (f"attachments/{ID}", {"handler": "s3", "settings": {"bucket": "rec/ord"}}, f"{SETTINGS}.bucket",
         "write letters, digits and . _ - with a letter or digit first"),
        (f"attachments/{ID}", {"handler": "s3", "settings": {**S3, "region": "eu_west"}}, f"{SETTINGS}.region",
         "write it like eu-west-1"),
        (f"attachments/{ID}", {"handler": "s3", "settings": {**S3, "host": "a/b"}}, f"{SETTINGS}.host", None),
        (f"attachments/{ID}", {"handler": "s3", "settings": {**S3, "host": "a:9000"}}, f"{SETTINGS}.host", None),
        (f"connections/{OTHER}/settings", {"port": 1}, f"storage.connections.{OTHER}.settings", None),
        (f"connections/{OTHER}/settings", {"ip": "a b"}, f"storage.connections.{OTHER}.settings.ip", None),
        (f"connections/{OTHER}/driver", "mysql", f"storage.connections.{OTHER}.driver", 'write "kazoo_couch"'),
    ],
)  # fmt: skip
def test_what_is_refused(path: str, value: Any, where: str, hint: str | None) -> None:
    """Issue 4 item 3: a misspelt key, a wrong type, an id of another shape or of nothing: place and remedy."""
    fault = refused(changed(path, value))
    assert fault.where == where or (hint is None and fault.where.startswith(where))
    assert fault.hint == hint if hint is not None else fault.hint
    assert str(fault).isprintable()


def test_bounds_are_warnings_in_the_kazoo_profiles() -> None:
    """Design §12, Documents: what leaves the documented bounds only is used there."""
    entry = {"handler": "s3", "settings": {"bucket": "b"}}
    document = {"attachments": {"b": entry}, "plan": {"modb": {"attachments": {"handler": "b"}}}}
    _, remarks = read(document, bounds_are_errors=False)
    assert [(code, where) for code, _, where in remarks] == [
        ("out-of-bounds", "storage.attachments.b"),
        ("out-of-bounds", "storage.attachments.b.settings.bucket"),
    ]


@pytest.mark.parametrize("document", [storage(), connected()], ids=["handler", "connection"])
def test_deep_groups_are_refused(document: Any) -> None:
    """A hostile file ends no run: groups in groups are read to a depth that nobody needs."""
    deep: Any = {"const": "x"}
    for _ in range(100):
        deep = {"group": [deep]}
    document = {**document, "attachments": {ID: {"handler": "http", "settings": {**HTTP, "field_list": [deep]}}}}
    assert "a group inside" in refused(document).problem


def test_a_field_that_no_document_has_is_said() -> None:
    """B§6.7: a field without a value is left out of the path; one that never has any is warned of."""
    listed = [{"field": "owner_id"}, {"group": [{"field": "ownr_id"}]}]
    _, remarks = read(storage(settings={**HTTP, "field_list": listed}))
    assert remarks == [("unknown-field", "warning", f"{SETTINGS}.field_list[1].group[0]")]


SECRETS = ("S3KRET", "S3KEY", "p4ss")


def test_no_fault_shows_a_credential() -> None:
    """Design §9: neither the first fault nor its notes."""
    for broken in (
        storage("s3", {**S3, "key": "S3KEY", "secret": ["S3KRET"]}),
        storage("s3", {**S3, "key": "S3KEY\n", "secret": "S3 KRET"}),
        storage(settings={"url": "http://u:p4ss/x@h/r"}),
        storage(settings={"url": "gopher://u:p4ss@h/r"}),
        connected(credentials={"username": "u", "password": ["p4ss"]}),
        connected(credentials="u:p4ss"),
        connected(ip="u:p4ss@h"),
    ):
        fault = refused(broken)
        seen = " ".join((str(fault), *getattr(fault, "__notes__", ())))
        assert not any(secret in seen for secret in SECRETS), seen
