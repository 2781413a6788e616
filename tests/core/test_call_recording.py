"""`call_recording`: its shapes, the folding of `any`, and the layers over each other (B§9.1, B§9.2)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.call_recording import (
    DIRECTIONS,
    NETWORKS,
    AccountRecordingDocument,
    LegacyRecording,
    RecordingCells,
    RecordingDirections,
    RecordingParameters,
    endpoint_layer,
    fold,
    merge_layers,
    unstated,
)
from callflow.core.settings import Reading, read_settings, settings_problem

PLACES = [(direction, network) for direction in DIRECTIONS for network in NETWORKS]


def reading(document: object, cls: type[Any] = RecordingDirections, *, strict: bool = True) -> Reading[Any]:
    """Read a `call_recording`."""
    return read_settings(cls, document, "call_recording", bounds_are_errors=strict, of="call_recording")


def layer(document: object) -> RecordingDirections:
    """Read a layer that has nothing to remark on."""
    read = reading(document)
    assert (read.faults, read.diagnostics) == ((), ())
    assert isinstance(read.settings, RecordingDirections)
    return read.settings


def folded(document: object) -> RecordingCells:
    """Read a layer and fold it."""
    return fold(layer(document))


def enabled(cells: RecordingCells) -> list[str]:
    """The cells that record, as `inbound.onnet`."""
    return [f"{place[0]}.{place[1]}" for place in PLACES if cells.cell(*place).enabled]


@pytest.mark.parametrize("cls", [AccountRecordingDocument, RecordingDirections, LegacyRecording])
def test_shapes_are_settings(cls: type[Any]) -> None:
    """B§9.1: the shapes are read as every other document's are."""
    assert settings_problem(cls) is None


@pytest.mark.parametrize(
    ("document", "where", "problem"),
    [
        ([], "call_recording", "a list is not an object"),
        ({"inbound": True}, "call_recording.inbound", "true is not an object"),
        ({"inbond": {}}, "call_recording.inbond", 'unknown setting "inbond" of call_recording'),
        ({"any": {"offnett": {}}}, "call_recording.any.offnett", 'unknown setting "offnett" of any'),
        ({"any": {"any": {"enabled": "yes"}}}, "call_recording.any.any.enabled", '"yes" is not true or false'),
        ({"any": {"any": {"time_limit": 4}}}, "call_recording.any.any.time_limit", "4 is out of bounds"),
        ({"any": {"any": {"time_limit": 10_801}}}, "call_recording.any.any.time_limit", "10801 is out of bounds"),
        ({"any": {"any": {"url": "ftp:/"}}}, "call_recording.any.any.url", "5 characters are out of bounds"),
        ({"any": {"any": {"format": "ogg"}}}, "call_recording.any.any.format", '"ogg" is not one of its values'),
        (
            {"any": {"any": {"record_sample_rate": 9000}}},
            "call_recording.any.any.record_sample_rate",
            "files made here cannot have 9000 samples a second (our limit)",
        ),
    ],
)
def test_faults_name_their_place(document: object, where: str, problem: str) -> None:
    """B§9.1: a wrong type, a misspelt key and a value out of bounds are faults with their JSON path."""
    assert [(fault.where, fault.problem) for fault in reading(document).faults] == [(where, problem)]


def test_kazoo_profiles_warn_of_bounds_only() -> None:
    """Design §12, Documents: out of bounds is a warning in the kazoo profiles, and the value is used."""
    read = reading({"any": {"any": {"time_limit": "3"}}}, strict=False)
    assert [each.code for each in read.diagnostics] == ["numeric-string", "out-of-bounds"]
    assert read.settings is not None
    assert fold(read.settings).inbound_onnet.time_limit == 3


@pytest.mark.parametrize(
    ("document", "records"),
    [
        ({}, []),
        ({"any": {"any": {"enabled": True}}}, ["inbound.onnet", "inbound.offnet", "outbound.onnet", "outbound.offnet"]),
        ({"any": {"offnet": {"enabled": True}}}, ["inbound.offnet", "outbound.offnet"]),
        ({"inbound": {"any": {"enabled": True}}}, ["inbound.onnet", "inbound.offnet"]),
        ({"outbound": {"onnet": {"enabled": True}}}, ["outbound.onnet"]),
        (
            {"any": {"any": {"enabled": True}}, "inbound": {"onnet": {"enabled": False}}},
            ["inbound.offnet", "outbound.onnet", "outbound.offnet"],
        ),
        (
            {"any": {"onnet": {"enabled": True}}, "inbound": {"any": {"enabled": False}}},
            ["inbound.onnet", "outbound.onnet"],
        ),
        ({"inbound": {"onnet": {"url": "http://h/r"}}}, []),
    ],
)
def test_any_is_folded_into_directions_then_networks(document: object, records: list[str]) -> None:
    """B§9.2.1: the specific key wins; a network under any direction is more specific than any under a direction."""
    assert enabled(folded(document)) == records


def test_folding_is_key_by_key() -> None:
    """B§9.2.1: each key comes from the most specific place that states it."""
    cells = folded(
        {
            "any": {"any": {"enabled": True, "format": "wav", "time_limit": 60}, "onnet": {"time_limit": 90}},
            "inbound": {"any": {"format": "mp3"}, "onnet": {"url": "http://h/r"}},
        }
    )
    assert cells.inbound_onnet == RecordingParameters(enabled=True, format="mp3", time_limit=90, url="http://h/r")
    assert cells.inbound_offnet == RecordingParameters(enabled=True, format="mp3", time_limit=60)
    assert cells.outbound_onnet == RecordingParameters(enabled=True, format="wav", time_limit=90)


def test_a_cell_with_nothing_is_off() -> None:
    """B§9.2.1: what neither the layer's own key nor an `any` states says `enabled: false` to the layers below."""
    cells = folded({"inbound": {"onnet": {"format": "wav"}, "any": {"time_limit": 9}}})
    assert cells.inbound_onnet == RecordingParameters(format="wav", time_limit=9)
    assert cells.outbound_offnet == RecordingParameters(enabled=False)


def test_a_device_switches_off_what_it_leaves_out() -> None:
    """B§12 #20: a device that sets inbound.offnet alone switches the other three cells of the account off."""
    account, device = folded({"any": {"any": {"enabled": True}}}), layer({"inbound": {"offnet": {"enabled": True}}})
    merged = merge_layers(account, None, fold(device))
    assert merged is not None
    assert enabled(merged) == ["inbound.offnet"]
    assert list(unstated(device)) == [("inbound", "onnet"), ("outbound", "onnet"), ("outbound", "offnet")]


def test_device_over_owner_over_account() -> None:
    """B§9.2.2: account.endpoint < owner < device, key by key."""

    def all_cells(**parameters: Any) -> RecordingCells:
        return folded({"any": {"any": parameters}})

    account = all_cells(enabled=True, format="wav", time_limit=60, url="http://a/r")
    owner = all_cells(format="mp3", time_limit=90)
    merged = merge_layers(account, owner, all_cells(time_limit=120))
    assert merged is not None
    expected = RecordingParameters(enabled=True, format="mp3", time_limit=120, url="http://a/r")
    assert [merged.cell(*place) for place in PLACES] == [expected] * 4
    off = merge_layers(account, all_cells(enabled=False), None)
    assert off is not None
    assert not off.is_any_enabled
    assert merge_layers(None, None) is None


@pytest.mark.parametrize(
    ("legacy", "records"),
    [
        (None, None),
        (False, None),
        (True, RecordingParameters(enabled=True)),
        (LegacyRecording(format="wav"), None),
        (LegacyRecording(record_call=True, format="wav"), RecordingParameters(enabled=True, format="wav")),
    ],
)
def test_legacy_record_call_enables_all_four(
    legacy: bool | LegacyRecording | None, records: RecordingParameters | None
) -> None:
    """B§9.1: the older key turns every cell on, in both of its forms."""
    cells = endpoint_layer(None, legacy)
    assert (cells and [cells.cell(*place) for place in PLACES]) == (records and [records] * 4)


def test_legacy_is_read_only_without_the_newer_key() -> None:
    """B§9.1: a document with `call_recording`, even an empty one, says nothing by `record_call`."""
    cells = endpoint_layer(RecordingDirections(), True)
    assert cells is not None
    assert enabled(cells) == []


parameters = st.builds(
    RecordingParameters,
    enabled=st.none() | st.booleans(),
    format=st.none() | st.sampled_from(["mp3", "wav"]),
    time_limit=st.none() | st.integers(5, 7),
)
cells_of = st.builds(RecordingCells, parameters, parameters, parameters, parameters)
stated = st.fixed_dictionaries({}, optional={"enabled": st.booleans(), "time_limit": st.integers(5, 7)})
documents = st.fixed_dictionaries(
    {},
    optional={
        direction: st.fixed_dictionaries({}, optional={network: stated for network in ("any", *NETWORKS)})
        for direction in ("any", *DIRECTIONS)
    },
)


@given(cells_of, cells_of, cells_of)
def test_merging_may_be_grouped_anyhow(account: RecordingCells, owner: RecordingCells, device: RecordingCells) -> None:
    """B§9.2.2: layers over each other are associative, and a layer over itself changes nothing."""
    assert device.over(owner.over(account)) == device.over(owner).over(account)
    assert device.over(device) == device


@given(documents)
def test_folding_agrees_with_looking_a_key_up(document: dict[str, Any]) -> None:
    """B§9.2.1: for each key, the first of cell, any-direction cell, direction's any and any's any that states it."""
    cells = folded(document)
    for direction, network in PLACES:
        own, every = document.get(direction, {}), document.get("any", {})
        tried = [own.get(network, {}), every.get(network, {}), own.get("any", {}), every.get("any", {})]
        has_any = "any" in own or "any" in every
        for key in ("enabled", "time_limit"):
            last = False if key == "enabled" and not has_any else None
            expected = next((each[key] for each in tried if key in each), last)
            assert getattr(cells.cell(direction, network), key) == expected
