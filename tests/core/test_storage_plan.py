"""Storage plans: which handler or connection a recording goes to, what is refused, and where (B§6.1, B§6.7; C19)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.account import Account, read_account
from callflow.core.delivery import Body, Target, TargetKind
from callflow.core.effects import Answer, Sleep, StartRecording
from callflow.core.endpoints import Device, User
from callflow.core.events import Caller
from callflow.core.recording_document import DOCUMENT_FIELDS
from callflow.core.storage_plan import StoragePlan
from callflow.schemas import document_keys
from callflow.tracefile import to_line

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


def plan_of(document: Any, **choices: Any) -> StoragePlan:
    """The plan of a storage document on which there is nothing to remark."""
    account, remarks = read(document, **choices)
    assert remarks == []
    assert account.system.plan is not None
    return account.system.plan


NAMES = {"account_id": "acme", "db": "account/ac/me/-202611", "id": "202611-ab", "attachment": "a b.mp3"}


def place(document: Any, owner: str = "alice") -> Target:
    """Where the plan sends the recording of those names."""
    return plan_of(document).target(NAMES, {"owner_id": owner, "call_id": "c@1"})


def placed(build: Any, document: Any, *, url: str = "", profile: str = "docs", **options: Any) -> tuple[Any, Any]:
    """Record a call of Alice's phone in an account with the plan; the first DELIVERY row and the real target."""
    plan = read(document, skip_unsimulated=True)[0].system.plan
    account = evolve(
        build.household(store_recordings=False, third_party_bigcouch_host="couch.example", plan=plan),
        users={"alice": User("alice")},
        devices={"desk": Device("desk", owner_id="alice")},
    )
    script = build.doing(Answer(), StartRecording(build.options(url=url, **options)), Sleep(2_000))
    stage = build.stage({"module": "s"}, fakes={"s": script}, profile=profile, account=account, delivers=False)
    stage.offer("c1", Caller("1", "Alice", device_id="desk")).run()
    row = stage.find("DELIVERY")[0]
    return row, stage.engine.target_of(row.detail["delivery"]) if row.name == "REQUESTED" else None


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
def test_a_plan_goes_before_the_systems_words(build: Any, profile: str) -> None:
    """B§6.1 row 5: a plan stores although store_recordings is false, and no third party's host has a say."""
    row, target = placed(build, storage(), profile=profile)
    assert (row.detail["target"], row.detail["method"], row.rule) == ("url", "PUT", f"{HANDLER}: http")
    scheme, host, path, *_ = urlsplit(target.url)
    account, owner, document, name = path.removeprefix("/in/").split("/")
    assert (scheme, host, account, owner) == ("https", "rec.example", "acme", "alice")
    assert document.startswith("197001-") and name.endswith(".mp3")


@pytest.mark.parametrize(("url", "kind"), [("http://h/r", "url"), ("gopher://h", "none")])
def test_a_url_goes_before_the_plan(build: Any, url: str, kind: str) -> None:
    """B§6.1 rows 3 and 4: a url has the first word, also one that nobody sends to."""
    row, _ = placed(build, storage("s3", S3), url=url)
    assert (row.detail["target"], row.rule.partition(":")[0]) == (kind, "record_call.url")


def test_names_are_the_recordings_own(build: Any) -> None:
    """B§6.7: the document's id and the recording's name are those that the recording has everywhere."""
    row, target = placed(build, storage(), media_id="my-id", media_name="a/b ü.mp3")
    assert target.url == "https://rec.example/in/acme/alice/my-id/a%2Fb%20%C3%BC.mp3"
    assert row.detail["url"] == target.url


@pytest.mark.parametrize("name", ["..", "."])
def test_a_name_never_leads_out_of_its_folder(build: Any, name: str) -> None:
    """A callflow is hostile: a recording of this name is not stored, and the trace says why."""
    row, _ = placed(build, storage(), media_name=name)
    assert (row.name, row.rule) == ("UNWANTED", f"{HANDLER}: http: a path out of its folder is dropped")


@pytest.mark.parametrize(
    ("settings", "owner", "url"),
    [
        ({}, "alice", "https://rec.example/in/acme/alice/202611-ab/a%20b.mp3"),
        ({}, "", "https://rec.example/in/acme/202611-ab/a%20b.mp3"),
        ({"url": "http://h/r?f="}, "", "http://h/r?f=acme/202611-ab/a%20b.mp3"),
        ({"url": "http://h/r?"}, "", "http://h/r/acme/202611-ab/a%20b.mp3"),
        ({"url": "http://h/r#x"}, "", "http://h/r/acme/202611-ab/a%20b.mp3"),
        ({"folder_base_path": "a/", "folder_path": "b"}, "", "https://rec.example/in/a/b/acme/202611-ab/a%20b.mp3"),
        ({"folder_base_path": "a", "folder_path": "/b/"}, "", "https://rec.example/in//b/acme/202611-ab/a%20b.mp3"),
        ({"field_separator": "_"}, "", "https://rec.example/in/acme_202611-ab_a%20b.mp3"),
        ({"field_list": [{"field": "call_id"}, "x", {"arg": "db"}]}, "",
         "https://rec.example/in/c%401/x/account%2Fac%2Fme%2F-202611"),
        ({"field_list": [{"group": [{"arg": "id"}, {"const": "-"}, {"group": [{"arg": "attachment"}]}]}]}, "",
         "https://rec.example/in/202611-ab-a%20b.mp3"),
        ({"field_list": [{"const": "?path="}, {"arg": "id"}]}, "", "https://rec.example/in/?path=/202611-ab"),
    ],
)  # fmt: skip
def test_the_path_of_http(settings: dict[str, Any], owner: str, url: str) -> None:
    """B§6.7: the default path, its folders, its fields; a URL with a query gets the path at its end."""
    account, _ = read(storage(settings={**HTTP, **settings}))
    assert account.system.plan is not None
    assert account.system.plan.target(NAMES, {"owner_id": owner, "call_id": "c@1"}).url == url


@pytest.mark.parametrize(
    ("settings", "method", "body"),
    [
        ({}, "PUT", Body.RAW),
        ({"verb": "post"}, "POST", Body.RAW),
        ({"verb": "POST", "send_multipart": True}, "POST", Body.MULTIPART),
        ({"base64_encode_data": True}, "PUT", Body.BASE64),
    ],
)
def test_the_request_of_http(settings: dict[str, Any], method: str, body: Body) -> None:
    """B§6.7: verb, form and base64 are the handler's settings."""
    account, remarks = read(storage(settings={**HTTP, **settings}))
    assert account.system.plan is not None
    target = account.system.plan.target(NAMES, {})
    assert (target.kind, target.method, target.body) == (TargetKind.URL, method, body)
    assert [code for code, _, _ in remarks] == ["base64-without-multipart"] * (body is Body.BASE64)


def test_every_field_of_the_document_can_be_named(build: Any) -> None:
    """B§6.5, B§6.7: the fields that a path can name are those that the recording's document gets."""
    listed = [{"group": [{"const": f"{name}="}, {"field": name}]} for name in DOCUMENT_FIELDS]
    _, target = placed(build, storage(settings={**HTTP, "field_list": listed}), media_id="my-id", media_name="n.mp3")
    told = dict(unquote(step).split("=", 1) for step in target.url.removeprefix("https://rec.example/in/").split("/"))
    assert list(told) == list(DOCUMENT_FIELDS)
    assert (told["id"], told["recording_id"], told["name"], told["owner_id"]) == ("my-id", "my-id", "n.mp3", "alice")
    assert (told["duration"], told["duration_ms"], told["start"]) == ("2", "2000", "62167219200")
    assert (told["endpoint_id"], told["from"], told["cdr_id"]) == ("desk", "1", "197001-c1")


def test_a_plans_own_folder_lies_over_the_handlers() -> None:
    """B§6.7: `params` of the plan are settings that win."""
    document = storage(settings={**HTTP, "folder_path": "a"}, params={"folder_path": "b"})
    assert place(document).url == "https://rec.example/in/b/acme/alice/202611-ab/a%20b.mp3"


def test_the_type_says_more_than_the_database() -> None:
    """B§6.7: what the plan of the type leaves out, that of the database says."""
    document = storage()
    modb = document["plan"]["modb"]
    modb["attachments"] = modb["types"].pop("call_recording")["attachments"]
    assert plan_of(document).rule == "storage.plan.modb.attachments.handler: http"
    document["attachments"][OTHER] = {"handler": "s3", "settings": S3}
    modb["types"]["call_recording"] = {"attachments": {"handler": OTHER}}
    assert plan_of(document).rule == f"{HANDLER}: s3"


def test_ftp() -> None:
    """B§6.7: the handler ftp has a url and the path of http."""
    target = place(storage("ftp", {"url": "ftp://u:p@files.example/in//"}))
    assert (target.kind, target.method) == (TargetKind.URL, "PUT")
    assert target.url == "ftp://u:p@files.example/in/acme/alice/202611-ab/a%20b.mp3"
    assert place(storage("ftp", {"url": "ftp://h/in?x"})).url == "ftp://h/in?x/acme/alice/202611-ab/a%20b.mp3"


def test_ftps_is_warned_of() -> None:
    """B§6.3: Kazoo 4's sender cannot read an ftps address."""
    _, remarks = read(storage("ftp", {"url": "ftps://files.example/in"}))
    assert remarks == [("ftps-url", "warning", f"{SETTINGS}.url")]


OBJECT = "/account%252Fac%252Fme%252F-202611/202611-ab_a%2520b.mp3"


@pytest.mark.parametrize(
    ("settings", "place_of_bucket", "query"),
    [
        ({}, "s3:///recordings", {"scheme": "https", "access": "path"}),
        ({"region": "eu-west-1"}, "s3:///recordings", {"region": "eu-west-1", "scheme": "https", "access": "vhost"}),
        ({"region": "eu", "bucket": "Re_cordings"}, "s3:///Re_cordings", {"region": "eu", "access": "path"}),
        ({"region": "eu", "host": "127.0.0.1", "port": 9000, "scheme": "http"}, "s3://127.0.0.1:9000/recordings",
         {"scheme": "http", "access": "path"}),
        ({"region": "eu", "bucket_access_method": "path"}, "s3:///recordings", {"access": "path"}),
        ({"host": "s3.example", "bucket_access_method": "auto"}, "s3://s3.example/recordings", {"access": "vhost"}),
        ({"port": 8443}, "s3://s3.amazonaws.com:8443/recordings", {"access": "path"}),
        ({"region": "eu", "port": 8443}, "s3://s3.eu.amazonaws.com:8443/recordings", {"access": "vhost"}),
        ({"key": "K/Y", "secret": "s@/+"}, "s3://K%2FY:s%40%2F%2B@/recordings", {"access": "path"}),
    ],
)  # fmt: skip
def test_s3(settings: dict[str, Any], place_of_bucket: str, query: dict[str, str]) -> None:
    """B§6.7: `<db>/<doc id>_<attachment>`, whose own %2F is part of the object's name; server and access as told."""
    target = place(storage("s3", {**S3, **settings}))
    address, _, written = target.url.partition("?")
    assert (target.kind, target.method, address) == (TargetKind.S3, "PUT", place_of_bucket + OBJECT)
    assert query.items() <= {key: value for key, (value,) in parse_qs(written).items()}.items()


def test_a_folder_in_a_bucket_has_a_name() -> None:
    """B§6.7: a folder that begins with a slash is the object's first, and no empty one stands before it."""
    target = place(storage("s3", {**S3, "folder_base_path": "/calls/"}))
    assert target.url.startswith(f"s3:///recordings/calls{OBJECT}?")


def test_another_couchdb() -> None:
    """B§6.1 row 5: a connection that is not the local one takes the document and the file."""
    target = place(connected(credentials={"username": "u@x", "password": 7}))
    assert target == Target(
        TargetKind.COUCHDB, "PUT", "http://u%40x:7@couch.example:5984", "storage.plan.modb.connection"
    )
    assert place(connected(port=443)).url == "https://couch.example:443"
    assert place(connected(ip=None, host="[::1]", port=None)).url == "http://[::1]:5984"


@pytest.mark.parametrize("handler", ["azure", "dropbox", "google_drive", "google_storage", "onedrive"])
def test_a_skipped_handler_stores_nothing(build: Any, handler: str) -> None:
    """Issue 4 item 3: with --skip-unsimulated the recording is stored nowhere, and the row says why."""
    row, _ = placed(build, storage(handler, {"oauth_doc_id": "x"}))
    assert (row.name, row.rule) == ("UNWANTED", f"{HANDLER}: {handler} is not simulated")


SECRETS = ("S3KRET", "S3KEY", "p4ss")


def test_no_credential_is_shown(build: Any) -> None:
    """Design §9: not in a row, not in a rule, not in a repr."""
    documents = [
        storage("s3", {**S3, "key": "S3KEY", "secret": "S3KRET"}),
        storage(settings={"url": "http://u:p4ss@h/r"}),
        connected(credentials={"username": "u", "password": "p4ss"}),
    ]
    for document in documents:
        row, target = placed(build, document)
        seen = to_line(row).decode() + repr(read(document)[0].system)
        assert "***@" in row.detail["url"] and not any(secret in seen for secret in SECRETS)
        assert any(secret in target.url for secret in SECRETS)


PARTS = st.sampled_from(
    [
        {"arg": "account_id"},
        {"arg": "db"},
        {"arg": "id"},
        {"arg": "attachment"},
        {"field": "owner_id"},
        "x",
        {"const": "?"},
    ]
)
TEXT = st.text(st.sampled_from("./\\%2eE?#@:;&= \n\tüß☎Aa0")) | st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(PARTS, min_size=1), TEXT, TEXT, TEXT)
def test_no_path_leads_elsewhere(parts: list[Any], account: str, document: str, name: str) -> None:
    """Issue 4: whatever ids and names hold: the origin is the plan's, it parses, and no step leads up."""
    plan = read(storage(settings={**HTTP, "field_list": parts}))[0].system.plan
    assert plan is not None
    names = {"account_id": account, "db": f"account/{account}", "id": document, "attachment": name}
    target = plan.target(names, {"owner_id": name})
    if target.kind is TargetKind.NONE:
        assert target.rule.endswith("is dropped")
        return
    built = urlsplit(target.url)
    assert (built.scheme, built.netloc, built.fragment) == ("https", "rec.example", "")
    assert built.path.startswith("/in/")
    assert not {".", ".."} & {unquote(step) for step in built.path.split("/")}


@given(TEXT.filter(lambda name: name not in ("", ".", "..")))
def test_the_name_can_be_read_back(name: str) -> None:
    """B§6.7: the last step of the path is the recording's name, percent-encoded."""
    plan = read(storage())[0].system.plan
    assert plan is not None
    target = plan.target({**NAMES, "attachment": name}, {})
    assert unquote(urlsplit(target.url).path.rpartition("/")[2]) == name
