"""The bindings of an account's devices: merged from account, device and user, the later over the earlier (B§10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callflow.core.account_metaflows import AccountMetaflows, read_account_metaflows

Document = Mapping[str, Any]


def record(**data: Any) -> dict[str, Any]:
    """A record_call node."""
    return {"module": "record_call", "data": data}


def nine(**data: Any) -> dict[str, Any]:
    """Bindings of 9 to a record_call."""
    return {"numbers": {"9": record(**data)}}


def merged(
    account: Document | None = None, device: Document | None = None, user: Document | None = None, **more: Any
) -> AccountMetaflows:
    """The account's metaflows with one device, `desk`, that alice owns."""
    return read_account_metaflows(
        {"metaflows": account},
        [("users[0]", {"id": "alice", "metaflows": user})],
        [("devices[0]", {"id": "desk", "owner_id": "alice", "metaflows": device})],
        **{"strict": True, **more},
    )


def test_nothing_bound_is_left_out() -> None:
    """Law 8: a device that binds nothing has no bindings, so that its digits cost nothing."""
    assert merged().by_device == {}
    assert merged({"binding_digit": "#"}).by_device == {}


def test_each_layer_counts() -> None:
    """B§10: bindings of the account, of the device and of its owner are the device's."""
    for layers in ({"account": nine()}, {"device": nine()}, {"user": nine()}):
        assert set(merged(**layers).by_device["desk"].numbers) == {"9"}


def test_user_over_device_over_account() -> None:
    """B§10: account, then device, then user; the later one wins key by key."""
    account = {"binding_digit": "1", "digit_timeout": 1, "listen_on": "peer", **nine()}
    device = {"binding_digit": "2", "digit_timeout": 2}
    found = merged(account, device, {"binding_digit": "3"}).by_device["desk"]
    assert (found.binding_digit, found.digit_timeout_ms, found.listen_on) == ("3", 2, "peer")


def test_nodes_are_merged_inside() -> None:
    """B§10: objects are merged inside objects: a user's node keeps the account's url and format."""
    found = merged(nine(action="start", url="http://h/r", format="wav"), None, nine(action="stop", format="mp3"))
    node = found.by_device["desk"].numbers["9"]
    assert (node.settings.action, node.settings.url, node.settings.format) == ("stop", "http://h/r", "mp3")
    assert node.where == "users[0].metaflows.numbers.9"


def test_an_empty_value_does_not_win() -> None:
    """B§10: what is empty above leaves what is below."""
    found = merged(nine(action="start"), {"binding_digit": None, "numbers": {}}, {"numbers": {"9": record()}})
    assert found.by_device["desk"].numbers["9"].settings.action == "start"


def test_where_a_number_stands() -> None:
    """Law 5: a node is known by the document that states it last."""
    found = merged(nine(), {"numbers": {"8": record()}}).by_device["desk"]
    assert {node.where for node in found.numbers.values()} == {"metaflows.numbers.9", "devices[0].metaflows.numbers.8"}


def test_a_device_of_nobody() -> None:
    """B§10: a device without an owner has the account's and its own."""
    found = read_account_metaflows({"metaflows": nine()}, [], [("devices[0]", {"id": "lobby"})], strict=True)
    assert set(found.by_device) == {"lobby"}


def test_devices_of_one_user_share() -> None:
    """Law 8: documents are merged once for all devices that have no bindings of their own."""
    devices = [(f"devices[{n}]", {"id": f"d{n}", "owner_id": "alice"}) for n in range(3)]
    users = [("users[0]", {"id": "alice", "metaflows": nine()})]
    found = read_account_metaflows({}, users, devices, strict=True).by_device
    assert len(found) == 3 and len(set(map(id, found.values()))) == 1


def test_a_fault_stands_where_it_is_written() -> None:
    """Design §9: each layer is checked by itself, at its own JSON path, once."""
    found = merged({"listen_on": 5}, {"numbers": {"1": {}}}, {"patterns": {"(": record()}})
    assert [each.where for each in found.faults] == [
        "metaflows.listen_on",
        'users[0].metaflows.patterns["("]',
        "devices[0].metaflows.numbers.1.module",
    ]
    assert found.by_device == {}


def test_remarks_are_made_once() -> None:
    """A remark belongs to the document, however many devices merge it."""
    devices = [(f"devices[{n}]", {"id": f"d{n}"}) for n in range(3)]
    account = {"metaflows": {"numbers": {"9": {"module": "nobody"}}}}
    found = read_account_metaflows(account, [], devices, strict=True)
    assert [each.code for each in found.diagnostics] == ["unknown-module"]


def test_only_together_wrong() -> None:
    """A node whose merged settings contradict each other is a fault of the last document."""
    device = {"numbers": {"9": {"module": "hangup", "data": {"action": {"x": 1}}}}}
    user = {"numbers": {"9": {"module": "record_call"}}}
    (fault,) = merged(None, device, user).faults
    assert fault.where == "users[0].metaflows.numbers.9.data.action"


def test_skipped_modules() -> None:
    """`--skip-unsimulated` reaches the account's metaflows."""
    document = {"numbers": {"5": {"module": "transfer"}}}
    assert merged(document).faults
    assert not merged(document, skip_unsimulated=True).faults
