"""Which recordings a call gets: both matrices of B§9.3, feature codes and the announcement."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.call_recording import DIRECTIONS, NETWORKS, Direction, Network, RecordingCells, RecordingParameters
from callflow.core.recording_plan import Moment, PlannedRecording, RecordedSides, announces, plan_recordings

ON, OFF = RecordingParameters(enabled=True), RecordingParameters(enabled=False)
MOMENTS: tuple[Moment, ...] = ("route win", "bridging", "callee answers")
CALLS: tuple[tuple[Network, Network], ...] = (("onnet", "onnet"), ("onnet", "offnet"), ("offnet", "onnet"))

Place = tuple[Direction, Network]
ALL: tuple[Place, ...] = tuple((direction, network) for direction in DIRECTIONS for network in NETWORKS)


def only(*places: Place, on: RecordingParameters = ON) -> RecordingCells:
    """Cells of which these record."""
    return RecordingCells(*(on if place in places else OFF for place in ALL))


def planned(
    sides: RecordedSides,
    source: Network,
    destination: Network,
    *,
    outbound_at: Moment = "route win",
    is_feature_call: bool = False,
) -> list[tuple[Moment, PlannedRecording]]:
    """Everything that a call gets from beginning to end."""
    return [
        (moment, recording)
        for moment in MOMENTS
        for recording in plan_recordings(
            moment,
            sides,
            source=source,
            destination=destination,
            outbound_at=outbound_at,
            is_feature_call=is_feature_call,
        )
    ]


# The matrix: for each call, the cell that is set, whether it records, and the words in `origin`.
ACCOUNT: list[tuple[tuple[Network, Network], Place, str]] = [
    (("onnet", "onnet"), ("inbound", "onnet"), "inbound from onnet to account"),
    (("onnet", "onnet"), ("inbound", "offnet"), ""),
    (("onnet", "onnet"), ("outbound", "onnet"), "outbound to onnet from account"),
    (("onnet", "onnet"), ("outbound", "offnet"), ""),
    (("onnet", "offnet"), ("inbound", "onnet"), "inbound from onnet to account"),
    (("onnet", "offnet"), ("inbound", "offnet"), ""),
    (("onnet", "offnet"), ("outbound", "onnet"), ""),
    (("onnet", "offnet"), ("outbound", "offnet"), "outbound to offnet from account"),
    (("offnet", "onnet"), ("inbound", "onnet"), ""),
    (("offnet", "onnet"), ("inbound", "offnet"), "inbound from offnet to account"),
    (("offnet", "onnet"), ("outbound", "onnet"), "outbound to onnet from account"),
    (("offnet", "onnet"), ("outbound", "offnet"), ""),
]


@pytest.mark.parametrize("outbound_at", ["route win", "bridging"])
@pytest.mark.parametrize(("call", "place", "origin"), ACCOUNT)
def test_account_matrix(call: tuple[Network, Network], place: Place, origin: str, outbound_at: Moment) -> None:
    """B§9.3: which one cell of the account records which call, on leg A, at the route win or at the bridging."""
    found = planned(RecordedSides(account=only(place)), *call, outbound_at=outbound_at)
    moment: Moment = "route win" if place[0] == "inbound" else outbound_at
    expected = [(moment, "account", origin, False)] if origin else []
    assert [(when, each.level, each.origin, each.is_on_callee) for when, each in found] == expected


@pytest.mark.parametrize(
    ("call", "origin"),
    [
        (("onnet", "onnet"), "inbound from onnet to account"),
        (("onnet", "offnet"), "inbound from onnet to account"),
        (("offnet", "onnet"), "inbound from offnet to account"),
    ],
)
@pytest.mark.parametrize("outbound_at", ["route win", "bridging"])
def test_the_account_records_a_call_once(call: tuple[Network, Network], origin: str, outbound_at: Moment) -> None:
    """B§9.3: an outbound recording of the account starts only when the inbound one of the call is off."""
    found = planned(RecordedSides(account=only(*ALL)), *call, outbound_at=outbound_at)
    assert [each.origin for _, each in found] == [origin]


ENDPOINT: list[tuple[tuple[Network, Network], Place, str]] = [
    (("onnet", "onnet"), ("inbound", "onnet"), "callee"),
    (("onnet", "onnet"), ("inbound", "offnet"), ""),
    (("onnet", "onnet"), ("outbound", "onnet"), "caller"),
    (("onnet", "onnet"), ("outbound", "offnet"), ""),
    (("onnet", "offnet"), ("inbound", "onnet"), ""),
    (("onnet", "offnet"), ("inbound", "offnet"), ""),
    (("onnet", "offnet"), ("outbound", "onnet"), ""),
    (("onnet", "offnet"), ("outbound", "offnet"), "caller"),
    (("offnet", "onnet"), ("inbound", "onnet"), ""),
    (("offnet", "onnet"), ("inbound", "offnet"), "callee"),
    (("offnet", "onnet"), ("outbound", "onnet"), ""),
    (("offnet", "onnet"), ("outbound", "offnet"), ""),
]


@pytest.mark.parametrize("outbound_at", ["route win", "bridging"])
@pytest.mark.parametrize(("call", "place", "whose"), ENDPOINT)
def test_endpoint_matrix(call: tuple[Network, Network], place: Place, whose: str, outbound_at: Moment) -> None:
    """B§9.3: which one cell of caller and callee records which call, on whose leg and with which origin."""
    cells = only(place)
    found = planned(RecordedSides(caller=cells, callee=cells), *call, outbound_at=outbound_at)
    expected = {
        "": [],
        "caller": [(outbound_at, False, f"outbound to {call[1]} from endpoint")],
        "callee": [("callee answers", True, f"inbound from {call[0]} to endpoint")],
    }[whose]
    assert [(when, each.is_on_callee, each.origin) for when, each in found] == expected
    others = RecordedSides(callee=cells) if whose == "caller" else RecordedSides(caller=cells)
    assert planned(others, *call, outbound_at=outbound_at) == []


def test_account_and_endpoints_are_independent() -> None:
    """B§9.2.4, C15: account, caller and callee each record the same call."""
    sides = RecordedSides(only(*ALL), only(*ALL), only(*ALL))
    assert [(when, each.origin, each.rule) for when, each in planned(sides, "onnet", "onnet")] == [
        ("route win", "inbound from onnet to account", "call_recording.account.inbound.onnet.enabled=true"),
        ("route win", "outbound to onnet from endpoint", "call_recording.outbound.onnet.enabled=true"),
        ("callee answers", "inbound from onnet to endpoint", "call_recording.inbound.onnet.enabled=true"),
    ]


@pytest.mark.parametrize(("wants", "count"), [(None, 3), (True, 3), (False, 0)])
def test_feature_calls_may_be_left_out(wants: bool | None, count: int) -> None:
    """B§9.5: should_record_feature_calls false keeps calls to feature codes unrecorded; by default they are."""
    cells = only(*ALL, on=RecordingParameters(enabled=True, should_record_feature_calls=wants))
    sides = RecordedSides(cells, cells, cells)
    assert len(planned(sides, "onnet", "onnet", is_feature_call=True)) == count
    assert len(planned(sides, "onnet", "onnet")) == 3


def test_an_inbound_cell_without_feature_calls_leaves_them_to_the_outbound_one() -> None:
    """B§9.3, B§9.5: the outbound recording of the account is tried when no inbound one starts, whatever the reason."""
    left_out = RecordingParameters(enabled=True, should_record_feature_calls=False)
    account = RecordingCells(left_out, OFF, ON, OFF)
    found = planned(RecordedSides(account), "onnet", "onnet", is_feature_call=True)
    assert [each.origin for _, each in found] == ["outbound to onnet from account"]


@pytest.mark.parametrize("source", NETWORKS)
@pytest.mark.parametrize("place", ALL)
def test_the_accounts_inbound_cell_announces(place: Place, source: Network) -> None:
    """B§9.4: only the account's own cell of the caller's network is asked, enabled or not."""
    account = only(place, on=RecordingParameters(should_announce_when_recording=True))
    assert announces(account, source) == (place == ("inbound", source))
    assert not announces(None, source)


parameters = st.builds(
    RecordingParameters, enabled=st.none() | st.booleans(), should_record_feature_calls=st.none() | st.booleans()
)
layers = st.none() | st.builds(RecordingCells, parameters, parameters, parameters, parameters)


@given(layers, layers, layers, st.sampled_from(CALLS), st.sampled_from(["route win", "bridging"]), st.booleans())
def test_at_most_one_of_each(
    account: RecordingCells | None,
    caller: RecordingCells | None,
    callee: RecordingCells | None,
    call: tuple[Network, Network],
    outbound_at: Moment,
    is_feature_call: bool,
) -> None:
    """B§9.3: whatever the settings, a call has at most one recording of the account and of each phone, all enabled."""
    sides = RecordedSides(account, caller, callee)
    found = [each for _, each in planned(sides, *call, outbound_at=outbound_at, is_feature_call=is_feature_call)]
    of_account = [each for each in found if each.level == "account"]
    of_callee = [each for each in found if each.is_on_callee]
    of_caller = [each for each in found if each.level == "endpoint" and not each.is_on_callee]
    assert max(len(of_account), len(of_callee), len(of_caller)) <= 1
    assert all(each.parameters.enabled for each in found)
    assert not (call[0] == "offnet" and of_caller)
    assert not (call[1] == "offnet" and of_callee)
