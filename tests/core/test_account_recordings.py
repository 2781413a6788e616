"""An account's `call_recording` as a whole: who is recorded by it, and what is said about it (B§9.1, B§9.2; C15)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.account import Account, read_account
from callflow.core.call_recording import DIRECTIONS, NETWORKS
from callflow.core.errors import ScenarioError
from callflow.schemas import document_keys

ON: dict[str, Any] = {"any": {"any": {"enabled": True}}}
OFF: dict[str, Any] = {"any": {"any": {"enabled": False}}}


def read(document: dict[str, Any], *, strict: bool = True) -> tuple[Account, list[tuple[str, str, str]]]:
    """Read an account, and what is remarked on, without the words."""
    account, diagnostics = read_account(document, known=document_keys(), bounds_are_errors=strict)
    return account, [(each.code, each.severity, each.where) for each in diagnostics]


def home(account: Any = None, user: Any = None, desk: Any = None, **more: Any) -> dict[str, Any]:
    """An account with a user who owns two phones and a phone that nobody owns; keys without a value are left out."""
    documents = {
        "call_recording": account,
        "users": [{"id": "bob", **({"call_recording": user} if user is not None else {})}],
        "devices": [
            {"id": "desk", "owner_id": "bob", **({"call_recording": desk} if desk is not None else {})},
            {"id": "cell", "owner_id": "bob"},
            {"id": "lobby"},
        ],
        **more,
    }
    return {key: value for key, value in documents.items() if value is not None}


def recorded(account: Account) -> list[str]:
    """The phones of which any call is recorded."""
    return list(account.recordings.phones) if account.recordings is not None else []


@pytest.mark.parametrize(
    ("layers", "phones"),
    [
        ({}, []),
        ({"account": {"endpoint": ON}}, ["desk", "cell", "lobby"]),
        ({"user": ON}, ["desk", "cell"]),
        ({"desk": ON}, ["desk"]),
        ({"account": {"endpoint": ON}, "user": OFF}, ["lobby"]),
        ({"account": {"endpoint": ON}, "user": OFF, "desk": ON}, ["desk", "lobby"]),
        ({"user": ON, "desk": OFF}, ["cell"]),
    ],
)
def test_the_layers_decide_whose_calls_are_recorded(layers: dict[str, Any], phones: list[str]) -> None:
    """B§9.2.2: account.endpoint < owner < device; a phone without an owner has the account's layer alone."""
    account, remarks = read(home(**layers))
    assert (recorded(account), remarks) == (phones, [])


def test_an_account_without_recordings_costs_calls_nothing() -> None:
    """Law 8: where nothing could start or announce a recording there is nothing to ask during a call."""
    assert read(home())[0].recordings is None
    assert read(home({"account": OFF, "endpoint": OFF}, OFF, OFF))[0].recordings is None
    told = {"account": {"inbound": {"onnet": {"should_announce_when_recording": True}}}}
    assert read(home(told))[0].recordings is not None


def test_a_phone_has_the_keys_of_all_its_layers() -> None:
    """B§9.2.2: keys come from the last layer that states them; the account's own cells are apart (B§9.2.4)."""
    account, _ = read(
        home(
            {"endpoint": {"any": {"any": {"enabled": True, "url": "http://a/r"}}}, "account": ON},
            {"any": {"any": {"time_limit": 60}}},
            {"any": {"any": {"format": "wav"}}},
        )
    )
    assert account.recordings is not None
    cells = account.recordings.phones["desk"]
    for direction in DIRECTIONS:
        for network in NETWORKS:
            cell = cells.cell(direction, network)
            assert (cell.enabled, cell.url, cell.time_limit, cell.format) == (True, "http://a/r", 60, "wav")
    assert account.recordings.account is not None
    assert account.recordings.account.inbound_onnet.url is None


def test_a_device_with_one_cell_is_warned_of_the_others() -> None:
    """B§12 #20: inbound.offnet alone on the device switches the other three of the account off, and that is said."""
    account, remarks = read(home({"endpoint": ON}, desk={"inbound": {"offnet": {"enabled": True}}}))
    assert account.recordings is not None
    cells = account.recordings.phones["desk"]
    assert [cells.inbound_onnet.enabled, cells.outbound_onnet.enabled, cells.outbound_offnet.enabled] == [False] * 3
    assert cells.inbound_offnet.enabled
    assert remarks == [("recording-switched-off", "warning", "devices[0].call_recording")]


@pytest.mark.parametrize("legacy", [True, {"record_call": True, "format": "wav"}])
def test_the_older_record_call_records_all(legacy: object) -> None:
    """B§9.1: `record_call` of a user enables all four cells of the user's phones."""
    account, remarks = read(home(users=[{"id": "bob", "record_call": legacy}]))
    assert (recorded(account), remarks) == (["desk", "cell"], [])


def test_an_accounts_own_record_call_is_never_read() -> None:
    """B§9.1: the older key is that of users and devices; what has no effect is said."""
    account, remarks = read(home(record_call=True))
    assert (account.recordings, remarks) == (None, [("record-call-not-read", "warning", "record_call")])


@pytest.mark.parametrize(
    ("own", "phone", "is_twice"),
    [
        (ON, ON, True),
        ({"inbound": {"onnet": {"enabled": True}}}, {"outbound": {"offnet": {"enabled": True}}}, True),
        ({"inbound": {"offnet": {"enabled": True}}}, {"outbound": {"any": {"enabled": True}}}, False),
        ({"outbound": {"offnet": {"enabled": True}}}, {"inbound": {"any": {"enabled": True}}}, False),
    ],
)
def test_two_recordings_of_one_call_are_told(own: dict[str, Any], phone: dict[str, Any], is_twice: bool) -> None:
    """C15: settings by which one call is recorded by the account and by a phone are remarked on, once."""
    _, remarks = read(home({"account": own}, desk=phone))
    assert remarks == ([("two-recordings", "info", "call_recording.account")] if is_twice else [])


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (home({"account": ON, "endpont": ON}), "call_recording.endpont"),
        (home({"account": {"any": {"onnet": {"enabled": "true"}}}}), "call_recording.account.any.onnet.enabled"),
        (home(user={"any": {"any": {"time_limit": 4}}}), "users[0].call_recording.any.any.time_limit"),
        (home(desk={"any": {"any": {"url": "file:///etc/x"}}}), "devices[0].call_recording.any.any.url"),
        (home(desk={"inbound": {"any": {"url": "http://h/\n"}}}), "devices[0].call_recording.inbound.any.url"),
        (home(record_call="yes"), "record_call"),
    ],
)
def test_faults_are_refused_at_their_place(document: dict[str, Any], where: str) -> None:
    """Design §9: a call_recording's author reads where the mistake is; a file of this machine is never a target."""
    with pytest.raises(ScenarioError) as caught:
        read(document)
    assert caught.value.where == where


@pytest.mark.parametrize(("url", "code"), [("s3://bucket/r", "url-scheme"), ("http://a b/r", "bad-url")])
def test_addresses_nobody_uploads_to_are_told(url: str, code: str) -> None:
    """C17: a url that production drops without a word is remarked on, as in record_call."""
    _, remarks = read(home({"account": {"any": {"any": {"url": url}}}, "endpoint": {"any": {"any": {"url": url}}}}))
    assert remarks == [
        (code, "error", "call_recording.account.any.any.url"),
        (code, "error", "call_recording.endpoint.any.any.url"),
    ]
