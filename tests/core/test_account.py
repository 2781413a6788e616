"""Accounts: Kazoo's document shapes, what is refused, and what a flow implies (B§9.1; design §6)."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import pytest
from attrs import astuple
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.account import (
    Account,
    Device,
    Mailbox,
    MediaFile,
    Menu,
    SystemMedia,
    User,
    implied_account,
    read_account,
)
from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import ScenarioError
from callflow.core.flow import load_flow
from callflow.core.profile import DOCS
from callflow.core.registry import Registry
from callflow.schemas import document_keys

FLOW = {"module": "user", "data": {}}


def read(document: object) -> Account:
    """Read an account that has nothing to remark on."""
    account, diagnostics = read_account(document, known=document_keys())
    assert diagnostics == ()
    return account


def remarks(document: object) -> list[tuple[str, str, str]]:
    """What reading remarks on, without the words."""
    _, diagnostics = read_account(document, known=document_keys())
    return [(each.code, each.severity, each.where) for each in diagnostics]


def test_kazoo_documents_become_records() -> None:
    """Documents keep their Kazoo keys; what is read arrives under names that say the unit."""
    account = read(
        {
            "id": "acme",
            "name": "Acme",
            "timezone": "Europe/Berlin",
            "preflow": {"always": "pre"},
            "users": [{"_id": "alice", "first_name": "Alice", "last_name": "A", "email": "a@example.com"}],
            "devices": [
                {"id": "d1", "name": "Desk", "owner_id": "alice", "do_not_disturb": {"enabled": True}},
                {"id": "d2", "owner_id": "alice", "registered": False, "enabled": False, "codec": "PCMU"},
            ],
            "vmboxes": [{"id": "b1", "mailbox": "2001", "owner_id": "alice", "media": {"unavailable": "m1"}}],
            "media": [{"id": "m1", "length_ms": 1500, "path": "sounds/hello.wav"}],
            "menus": [{"id": "menu1", "name": "Main", "retries": 3}],
            "callflows": [{"id": "f1", "name": "F", "numbers": ["2001"], "flow": FLOW}],
        }
    )
    assert (account.id, account.name, account.timezone, account.preflow_id) == ("acme", "Acme", "Europe/Berlin", "pre")
    assert account.users == {"alice": User(id="alice", name="Alice A")}
    assert account.devices["d1"] == Device(id="d1", name="Desk", owner_id="alice", do_not_disturb=True)
    second = Device(id="d2", name="d2", owner_id="alice", is_registered=False, is_enabled=False, codec="PCMU")
    assert account.devices["d2"] == second
    assert account.mailboxes == {
        "b1": Mailbox(id="b1", number="2001", name="2001", owner_id="alice", media_unavailable="m1")
    }
    assert account.media == {"m1": MediaFile(id="m1", name="m1", length_ms=1500, path="sounds/hello.wav")}
    assert account.menus == {"menu1": Menu(id="menu1", name="Main", retries=3)}
    assert account.flows[0].document["flow"] == FLOW


def test_documents_may_be_listed_by_id() -> None:
    """An object from id to document says the same as a list."""
    assert read({"users": {"alice": {"first_name": "Alice"}}}).users == {"alice": User(id="alice", name="Alice")}


def test_devices_of_a_user_keep_document_order() -> None:
    """A user's phones ring in the order of the file."""
    devices = [{"id": name, "owner_id": "alice"} for name in ("z", "a", "m")]
    account = read({"users": [{"id": "alice"}], "devices": devices})
    assert [device.id for device in account.devices_of("alice")] == ["z", "a", "m"]
    assert account.devices_of("bob") == ()


def test_system_documents_become_one_record() -> None:
    """Both system documents are read, with or without Kazoo's `default` level; a mailbox's silence is from there."""
    media = {
        "store_recordings": True,
        "max_recording_time_limit": 600,
        "third_party_bigcouch_host": "db.example.com",
        "record_min_sec": 2,
        "call_recording": {"extension": "wav", "storage_retry_times": 1},
    }
    voicemail = {"max_message_count": 3, "min_message_size": 1, "max_message_length": 9, "silence_hits": 2}
    config = {"media": {"default": media}, "callflow": {"voicemail": voicemail}}
    account = read({"system_config": config, "vmboxes": [{"id": "b", "mailbox": "1"}]})
    assert astuple(account.system) == astuple(
        SystemMedia(
            store_recordings=True,
            max_recording_time_limit=600,
            third_party_bigcouch_host="db.example.com",
            record_min_sec=2,
            extension="wav",
            storage_retry_times=1,
            max_message_count=3,
            min_message_size_ms=1,
            max_message_length_s=9,
        )
    )
    assert account.mailboxes["b"].silence_hits == 2
    assert astuple(read({}).system) == astuple(SystemMedia())


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ({"enabled": True, "number": "123"}, "users[0].call_forward"),
        ({"busy": {"enabled": True, "number": "8"}}, "users[0].call_forward.busy"),
    ],
)
def test_call_forwarding_is_refused_and_never_ignored(written: dict[str, Any], where: str) -> None:
    """What is switched on and not simulated is a fault at its place (issue 2, item 7)."""
    with pytest.raises(ScenarioError, match=re.escape(f"{where}: call forwarding is not simulated yet")):
        read({"users": [{"id": "u", "call_forward": written}]})


def test_call_forwarding_that_is_off_passes() -> None:
    """Kazoo writes a disabled forward into every user that once had one."""
    assert "u" in read({"users": [{"id": "u", "call_forward": {"enabled": False, "number": "1"}}]}).users


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "a list is no account; write an object"),
        ({"users": 3}, "users: 3 is not a list; write a list of documents, each with its id"),
        ({"users": ["alice"]}, 'users[0]: "alice" is not an object'),
        ({"users": [{"name": "x"}]}, "users[0]: a document of users needs 'id'; give it a string"),
        ({"devices": [{"id": "d", "enabled": "yes"}]}, 'devices[0].enabled: "yes" is not true or false'),
        ({"devices": [{"id": "d", "ownr_id": "u"}]}, 'devices[0].ownr_id: unknown setting "ownr_id"'),
        ({"vmboxes": [{"id": "b", "mailbox": 2001}]}, "vmboxes[0].mailbox: 2001 is not a string; put it in quotes"),
        ({"vmboxes": [{"id": "b", "mailbox": "1", "pin": "1"}]}, "vmboxes[0].pin: 1 characters are out of bounds"),
        ({"media": [{"id": "m", "path": "../x.wav"}]}, 'media[0].path: "../x.wav" leaves the folder; write a path'),
        ({"media": [{"id": "m", "path": "C:\\x.wav"}]}, "media[0].path:"),
        ({"callflows": [{"id": "f"}]}, "callflows[0]: the callflow has no 'flow'"),
        ({"callflows": [{"flow": FLOW, "patterns": ["("]}]}, "callflows[0].patterns[0]: not a regular expression"),
        ({"temporal_rules": [{"name": "x"}]}, "temporal_rules[0]: the document has no 'id'"),
        ({"uers": []}, "uers: unknown setting \"uers\" of an account; did you mean 'users'?"),
        ({"system_config": 1}, "system_config: 1 is not an object"),
        ({"call_recording": []}, "call_recording: a list is not an object"),
        ({"metaflows": []}, "metaflows: a list is not an object"),
        ({"callflows": [{"flow": FLOW, "numbers": [1]}]}, "callflows[0].numbers[0]: 1 is not a string"),
        ({"system_config": {"media": 1}}, "system_config.media: 1 is not an object"),
        ({"system_config": {"media": {"store_recording": 1}}}, "system_config.media.store_recording: unknown setting"),
    ],
)
def test_mistakes_have_their_path(document: object, message: str) -> None:
    """An account's author reads where, what and what would be right (design §9)."""
    with pytest.raises(ScenarioError) as caught:
        read_account(document, known=document_keys())
    assert str(caught.value).startswith(message)


def test_further_mistakes_are_notes_of_the_first() -> None:
    """Every fault is told, not only the first."""
    with pytest.raises(ScenarioError) as caught:
        read_account({"users": [{"id": 1}, {"id": 2}], "devices": 3}, known=document_keys())
    assert caught.value.where == "users[0].id"
    assert [note.split(":")[0] for note in caught.value.__notes__] == ["users[1].id", "devices"]


@pytest.mark.parametrize("kind", ["numbers", "patterns"])
def test_metaflows_that_nobody_simulates_are_refused(kind: str) -> None:
    """B§10: at every level, and only warned of when that is asked for; a device has what is left."""
    part = {"metaflows": {kind: {"9": {"module": "transfer"}}}}
    for document in (part, {"users": [{"id": "u", **part}]}, {"devices": [{"id": "d", **part}]}):
        with pytest.raises(ScenarioError, match="not simulated yet"):
            read_account(document, known=document_keys())
        _, diagnostics = read_account(document, known=document_keys(), skip_unsimulated=True)
        assert [each.code for each in diagnostics] == ["skipped-unsimulated"]


def test_metaflows_of_a_device() -> None:
    """B§10: what account, device and user bind to digits is the device's."""
    nine = {"numbers": {"9": {"module": "record_call"}}}
    eight = {"numbers": {"8": {"module": "hangup"}}}
    users, devices = [{"id": "u", "metaflows": eight}], [{"id": "d", "owner_id": "u"}, {"id": "e"}]
    account = read({"metaflows": nine, "users": users, "devices": devices})
    assert {device: set(bound.numbers) for device, bound in account.metaflows.items()} == {"d": {"9", "8"}, "e": {"9"}}


def test_what_is_switched_off_passes() -> None:
    """Bindings without numbers have no effect to miss."""
    bindings = {"binding_digit": "*", "numbers": {}}
    user = {"id": "u", "metaflows": bindings}
    assert read({"metaflows": bindings, "users": [user]}).users["u"].id == "u"


def test_doubles_and_strangers_are_warnings() -> None:
    """The first of two ids counts, the first of two numbers answers, an owner that nobody is owns nothing."""
    document = {
        "users": [{"id": "u", "name": "first"}, {"id": "u", "name": "second"}],
        "devices": [{"id": "d", "owner_id": "nobody"}],
        "callflows": [{"id": "f", "flow": FLOW, "numbers": ["1"]}, {"id": "g", "flow": FLOW, "numbers": ["1", "1"]}],
    }
    assert remarks(document) == [
        ("duplicate-id", "warning", "users[1]"),
        ("unknown-owner", "warning", "devices[0].owner_id"),
        ("duplicate-number", "warning", "callflows[1].numbers"),
        ("duplicate-number", "warning", "callflows[1].numbers"),
    ]
    account, _ = read_account(document, known=document_keys())
    assert account.users["u"].name == "first"
    match = account.find_flow("1")
    assert match is not None and match.flow.id == "f"


def test_unknown_keys_are_infos_and_known_ones_pass() -> None:
    """A key that no Kazoo document has is an info; the database's own fields and known keys pass unremarked."""
    user = {"id": "u", "_rev": "1-a", "pvt_type": "user", "ui_metadata": {}, "timezone": "UTC", "shoe_size": 44}
    assert remarks({"users": [user]}) == [("unknown-key", "info", "users[0].shoe_size")]


def test_an_account_is_implied_by_the_flow() -> None:
    """Without an account everybody whom the flow names exists, one registered phone each (design §6)."""
    ring = {"endpoints": [{"endpoint_type": "user", "id": "carol"}, {"endpoint_type": "device", "id": "door"}, "x"]}
    flow = load_flow(
        {
            "module": "user",
            "data": {"id": "alice"},
            "children": {
                "a": {"module": "voicemail", "data": {"id": "box"}},
                "b": {"module": "device", "data": {"id": "lobby"}},
                "c": {"module": "ring_group", "data": ring},
                "d": {"module": "user", "data": {"id": "alice"}},
            },
        },
        registry=Registry.collect([ModuleType("empty")]),
        profile=DOCS,
        known={},
    )
    account = implied_account(flow.nodes(), id="acme")
    assert account.id == "acme"
    assert list(account.users) == ["alice", "carol"]
    assert account.devices_of("alice") == (Device(id="alice-phone", name="alice-phone", owner_id="alice"),)
    assert list(account.devices) == ["alice-phone", "lobby", "carol-phone", "door"]
    assert account.mailboxes == {"box": Mailbox(id="box", number="box", name="box")}
    assert astuple(account.system) == astuple(SystemMedia())


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
KEYS = st.sampled_from("users devices vmboxes callflows id flow numbers patterns system_config".split())
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=5),
    max_leaves=25,
)


@given(DOCUMENTS)
def test_reading_raises_nothing_but_its_error(document: object) -> None:
    """Whatever a file holds: an account with diagnostics, or a ScenarioError on one line."""
    try:
        account, diagnostics = read_account(document, known=document_keys())
    except ScenarioError as error:
        assert "\n" not in str(error)
    else:
        assert isinstance(account, Account)
        assert all(isinstance(each, Diagnostic) for each in diagnostics)
