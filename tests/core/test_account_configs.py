"""The system's `media` document and the account's own one over it (B§3.4; design §6)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.account import Account, read_account
from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import ScenarioError
from callflow.core.events import HangsUp
from callflow.schemas import document_keys


def read(document: Any, *, strict: bool = True) -> tuple[Account, tuple[Diagnostic, ...]]:
    """Read an account file's content."""
    return read_account(document, known=document_keys(), bounds_are_errors=strict)


def account(system: Any = None, own: Any = None) -> Account:
    """The account of these two `media` documents."""
    return read({"id": "acme", "system_config": {"media": system or {}}, "configs": {"media": own or {}}})[0]


@pytest.mark.parametrize(
    ("system_s", "own_s", "most_s"),
    [(None, None, 10_800), (600, None, 600), (600, 60, 60), (60, 600, 600), (None, 5, 5)],
)
def test_the_accounts_maximum_stands_in_for_the_systems(system_s: int | None, own_s: int | None, most_s: int) -> None:
    """B§3.4: a per-account override is possible: lower or higher than the system's."""
    system = {} if system_s is None else {"max_recording_time_limit": system_s}
    own = {} if own_s is None else {"max_recording_time_limit": own_s}
    assert account(system, own).system.max_recording_time_limit == most_s


def test_only_what_the_account_states_is_its_own() -> None:
    """B§3.4: setting by setting; a stated default is a statement."""
    found = account({"store_recordings": True, "record_min_sec": 3}, {"record_min_sec": 0}).system
    assert (found.store_recordings, found.record_min_sec) == (True, 0)


def test_both_may_be_wrapped_as_the_database_keeps_them() -> None:
    """Kazoo keeps config documents below `default`."""
    found = account({"default": {"max_recording_time_limit": 600}}, {"default": {"max_recording_time_limit": 60}})
    assert found.system.max_recording_time_limit == 60


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
def test_a_recording_is_bounded_by_the_accounts_maximum(build: Any, profile: str) -> None:
    """B§3.4: the maximum only lowers a node's time_limit."""
    node = {"module": "record_call", "data": {"time_limit": 100}, "children": {"_": {"module": "wait_for_hangup"}}}
    own = account({"max_recording_time_limit": 600}, {"max_recording_time_limit": 60})
    stage = build.play(node, (200_000, HangsUp()), profile=profile, account=own)
    (made,) = stage.recordings()
    assert (made["length_ms"], made["ended_by"]) == (60_000, "time_limit")
    assert stage.find("RECORDER", "LIMIT_REACHED")[0].rule == "media.max_recording_time_limit=60"


@pytest.mark.parametrize(
    ("configs", "where"),
    [
        ([], "configs"),
        ({"media": "x"}, "configs.media"),
        ({"media": {"max_recording_time_limit": 0}}, "configs.media.max_recording_time_limit"),
        ({"media": {"default": {"max_recording_time_limit": []}}}, "configs.media.default.max_recording_time_limit"),
        ({"media": {"max_recording_time_limt": 9}}, "configs.media.max_recording_time_limt"),
    ],
)
def test_a_fault_is_named_by_its_path(configs: Any, where: str) -> None:
    """Design §9: whose fault, and where."""
    with pytest.raises(ScenarioError) as found:
        read({"id": "acme", "configs": configs})
    assert str(found.value).startswith(f"{where}: ")
    assert not getattr(found.value, "__notes__", ())


def test_a_shapeless_system_config_is_one_fault() -> None:
    """Two documents are read from it, and it is wrong once."""
    with pytest.raises(ScenarioError) as found:
        read({"id": "acme", "system_config": 3})
    assert not getattr(found.value, "__notes__", ())


@pytest.mark.parametrize(
    "host", ["couch.example", "couch:5984", "[::1]:5984", "http://u:p@couch:5984/x", "https://couch", "", None]
)
def test_a_database_server(host: str | None) -> None:
    """The seed, Storage of recordings: host, host:port or a web address; an empty one is none."""
    found, remarks = read({"system_config": {"media": {"third_party_bigcouch_host": host}}})
    assert (found.system.third_party_bigcouch_host, remarks) == (host or None, ())


@pytest.mark.parametrize(
    "host", ["ftp://couch", "couch:99999", "a b", "u:p4ss@couch", "http://couch?p4ss=x", "http://"]
)
@pytest.mark.parametrize("strict", [True, False])
def test_what_is_no_database_server(host: str, strict: bool) -> None:
    """No delivery could arrive: an error in every profile, with what would be right and without a password."""
    with pytest.raises(ScenarioError) as caught:
        read({"system_config": {"media": {"third_party_bigcouch_host": host}}}, strict=strict)
    assert caught.value.where == "system_config.media.third_party_bigcouch_host"
    assert "host:port" in caught.value.hint
    assert "p4ss@" not in str(caught.value)
