"""`call_recording` on live calls: every row of both matrices, through the engine (B§9.3, B§9.5; C14, C15)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from callflow.core.account import Device
from callflow.core.call_recording import DIRECTIONS, NETWORKS, RecordingCells, RecordingParameters
from callflow.core.effects import CONTINUE, Dial, Endpoint, Next, Sleep, StartRecording, StopRecording
from callflow.core.events import Answers, Caller, HangsUp
from callflow.core.recording_plan import AccountRecordings
from callflow.core.trace import LEG, WARNING

ON, OFF = RecordingParameters(enabled=True), RecordingParameters(enabled=False)
PLACES = [(direction, network) for direction in DIRECTIONS for network in NETWORKS]
INSIDE, OUTSIDE = Caller("2002", "Bob", "bob-desk"), Caller("+14155550100", "Carol")
PROFILES = ("docs", "kazoo-4", "kazoo-5")


def cells(*places: str, on: RecordingParameters = ON) -> RecordingCells:
    """Cells of which these record, as `inbound.onnet`; all of them when none is named."""
    named = places or tuple(f"{direction}.{network}" for direction, network in PLACES)
    return RecordingCells(*(on if f"{place[0]}.{place[1]}" in named else OFF for place in PLACES))


def household(build: Any, account: RecordingCells | None = None, **phones: RecordingCells) -> Any:
    """The account of the tests in which the account itself, and phones by name (`_` for `-`), record."""
    named = {name.replace("_", "-"): each for name, each in phones.items()}
    return evolve(build.household(), recordings=AccountRecordings(account, named))


def dialling(*device_ids: str, then: Next = CONTINUE) -> Any:
    """A script that rings phones; one that the account does not have is the world outside."""

    async def script(call: Any, settings: Any) -> Next:
        """Ring the phones."""
        known = call.account.devices
        await Dial(tuple(Endpoint(known.get(name) or Device(name), 20_000) for name in device_ids))
        return then

    return script


def talk(build: Any, account: Any, caller: Caller, callee: str, *, profile: str = "docs", **heading: Any) -> Any:
    """One call: the callee answers after 3 s, and the caller hangs up after 10 s."""
    stage = build.stage(
        {"flow": {"module": "ring"}, **heading}, fakes={"ring": dialling(callee)}, account=account, profile=profile
    )
    return stage.offer(caller=caller).tell(3_000, Answers(), "B").tell(10_000, HangsUp()).run()


def recorded(stage: Any) -> list[tuple[str, int, int]]:
    """Each recording's origin, and when it started and ended."""
    return [(each["origin"], each["RECORD_START"], each["RECORD_STOP"]) for each in stage.recordings()]


def legs(stage: Any) -> list[str]:
    """The leg of each recording."""
    return [row.leg for row in stage.find("RECORDER", "ARMED")]


# Who calls, whom, and the network of the destination; calls to the outside come to the no_match flow.
CALLS = [(INSIDE, "alice-phone", "onnet"), (INSIDE, "outside", "offnet"), (OUTSIDE, "alice-phone", "onnet")]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("call", CALLS, ids=["onnet-onnet", "onnet-offnet", "offnet-onnet"])
def test_account_matrix(build: Any, call: Any, place: tuple[str, str], profile: str) -> None:
    """B§9.3: inbound records by the caller's network, outbound by the destination's; on leg A, from the route win."""
    caller, callee, destination = call
    source = "onnet" if caller is INSIDE else "offnet"
    numbers = ["no_match"] if destination == "offnet" else [build.DIALLED]
    account = household(build, cells(".".join(place)))
    stage = talk(build, account, caller, callee, profile=profile, numbers=numbers)
    expected = {
        ("inbound", source): [(f"inbound from {source} to account", 0, 10_000)],
        ("outbound", destination): [(f"outbound to {destination} from account", 0, 10_000)],
    }
    assert recorded(stage) == expected.get(place, [])
    assert legs(stage) == ["A"] * len(recorded(stage))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("call", CALLS, ids=["onnet-onnet", "onnet-offnet", "offnet-onnet"])
def test_endpoint_matrix(build: Any, call: Any, place: tuple[str, str], profile: str) -> None:
    """B§9.3: the caller's phone records on leg A; the callee's from its answer on, on leg B."""
    caller, callee, destination = call
    numbers = ["no_match"] if destination == "offnet" else [build.DIALLED]
    both = cells(".".join(place))
    account = household(build, bob_desk=both, alice_phone=both)
    stage = talk(build, account, caller, callee, profile=profile, numbers=numbers)
    source = "onnet" if caller is INSIDE else "offnet"
    expected = []
    if place == ("outbound", destination) and caller is INSIDE:
        expected = [("A", f"outbound to {destination} from endpoint", 0, 10_000)]
    if place == ("inbound", source) and destination == "onnet":
        expected = [("B", f"inbound from {source} to endpoint", 3_000, 10_000)]
    found = [(leg, *each) for leg, each in zip(legs(stage), recorded(stage), strict=True)]
    assert found == expected


@pytest.mark.parametrize(("profile", "started_ms"), [("docs", 0), ("kazoo-4", 0), ("kazoo-5", 2_000)])
def test_outbound_starts_at_the_route_win_or_at_the_bridging(build: Any, profile: str, started_ms: int) -> None:
    """B§9.3: Kazoo 5 starts outbound recordings when a module rings somebody, Kazoo 4 before the flow runs."""
    fakes = {"wait": build.doing(Sleep(2_000)), "ring": dialling("alice-phone")}
    account = household(build, cells("outbound.onnet"), bob_desk=cells("outbound.onnet"))
    stage = build.stage(build.chain("wait", "ring"), fakes=fakes, account=account, profile=profile)
    stage.offer(caller=INSIDE).tell(10_000, HangsUp()).run()
    assert [(each[0], each[1]) for each in recorded(stage)] == [
        ("outbound to onnet from account", started_ms),
        ("outbound to onnet from endpoint", started_ms),
    ]


def test_account_caller_and_callee_record_one_call(build: Any) -> None:
    """B§9.2.4, C15: three recordings of one call, told apart by their origin and their rule."""
    account = household(build, cells(), bob_desk=cells(), alice_phone=cells())
    stage = talk(build, account, INSIDE, "alice-phone")
    assert recorded(stage) == [
        ("inbound from onnet to account", 0, 10_000),
        ("outbound to onnet from endpoint", 0, 10_000),
        ("inbound from onnet to endpoint", 3_000, 10_000),
    ]
    assert [row.rule for row in stage.find("RECORDER", "ARMED")] == [
        "call_recording.account.inbound.onnet.enabled=true",
        "call_recording.outbound.onnet.enabled=true",
        "call_recording.inbound.onnet.enabled=true",
    ]


def test_each_ringing_phone_has_settings_of_its_own(build: Any) -> None:
    """B§9.3: of a fork only the phone that answers records, by its own cells."""
    fakes = {"ring": dialling("bob-desk", "bob-cell")}
    account = household(build, bob_desk=cells())
    for leg, count in (("B", 1), ("B2", 0)):
        stage = build.stage({"module": "ring"}, fakes=fakes, account=account).offer()
        stage.tell(3_000, Answers(), leg).tell(5_000, HangsUp()).run()
        assert legs(stage) == ["B"] * count


def test_the_callees_recording_ends_with_its_leg(build: Any) -> None:
    """B§9.3: it sits on the callee's leg; when the callee hangs up it ends, before that leg's CHANNEL_DESTROY."""
    account = household(build, alice_phone=cells())
    stage = build.stage({"module": "ring"}, fakes={"ring": dialling("alice-phone")}, account=account)
    stage.offer().tell(3_000, Answers(), "B").tell(8_000, HangsUp(), "B").run()
    assert recorded(stage) == [("inbound from offnet to endpoint", 3_000, 8_000)]
    order = [row.name for row in stage.rows if row.leg == "B" and row.name in ("RECORD_STOP", "CHANNEL_DESTROY")]
    assert order == ["RECORD_STOP", "CHANNEL_DESTROY"]


def test_stop_ends_the_accounts_recording_and_not_the_callees(build: Any) -> None:
    """B§3.5: recordings on A share the stack of record_call; the callee's are not on it."""
    account = household(build, cells("inbound.offnet"), alice_phone=cells())
    fakes = {"stop": build.doing(StopRecording()), "ring": dialling("alice-phone")}
    stage = build.stage(build.chain("stop", "ring"), fakes=fakes, account=account)
    stage.offer().tell(3_000, Answers(), "B").tell(8_000, HangsUp()).run()
    found = {each["origin"]: each["ended_by"] for each in stage.recordings()}
    assert found == {"inbound from offnet to account": "stop", "inbound from offnet to endpoint": "hangup"}


def test_stop_takes_the_newest_first(build: Any) -> None:
    """B§3.5: a stop after the flow's own start ends that one; the account's, started before, goes on."""
    options = build.options(origin="flow")
    script = build.doing(StartRecording(options), StopRecording())
    fakes = {"script": script, "ring": dialling("alice-phone")}
    stage = build.stage(build.chain("script", "ring"), fakes=fakes, account=household(build, cells()))
    stage.offer().tell(8_000, HangsUp()).run()
    assert {each["origin"]: each["ended_by"] for each in stage.recordings()} == {
        "inbound from offnet to account": "hangup",
        "flow": "stop",
    }


def test_what_the_cell_says_is_what_is_recorded(build: Any) -> None:
    """B§9.3: format, rate, limit and url are those of the cell, as record_call reads them."""
    cell = RecordingParameters(
        enabled=True, format="wav", record_sample_rate=8000, time_limit=5, url="http://h/r", record_min_sec=2
    )
    stage = talk(build, household(build, cells(on=cell)), OUTSIDE, "alice-phone")
    [recording] = stage.recordings()
    assert (recording["format"], recording["sample_rate"], recording["channels"]) == ("wav", 8000, 2)
    assert (recording["length_ms"], recording["ended_by"]) == (5_000, "time_limit")
    assert "call_recording.time_limit=5" in recording["rules"]
    [sent] = stage.find("DELIVERY", "REQUESTED")
    assert sent.detail["url"] == "http://h/r/call_recording_c1.wav"
    assert sent.rule == "call_recording.url"


@pytest.mark.parametrize("profile", PROFILES)
def test_without_a_limit_the_maximum_counts(build: Any, profile: str) -> None:
    """B§9.3: the schema's default of 3,600 s is record_call's alone; here no limit is the system's maximum."""
    account = evolve(build.household(max_recording_time_limit=7), recordings=AccountRecordings(cells()))
    [recording] = talk(build, account, OUTSIDE, "alice-phone", profile=profile).recordings()
    assert recording["length_ms"] == 7_000
    assert "media.max_recording_time_limit=7" in recording["rules"]


@pytest.mark.parametrize(("length_s", "state"), [(8, "DISCARDED"), (7, "FINISHED")])
def test_a_callees_recording_may_be_too_short(build: Any, length_s: int, state: str) -> None:
    """B§3.9: record_min_sec of the cell deletes what is shorter, here 7 s on the callee's leg."""
    account = household(build, alice_phone=cells(on=RecordingParameters(enabled=True, record_min_sec=length_s)))
    [recording] = talk(build, account, OUTSIDE, "alice-phone").recordings()
    assert recording["to"] == state


@pytest.mark.parametrize(
    ("cell", "started_ms"),
    [
        ({"record_on_answer": True}, 3_000),
        ({"record_on_bridge": True}, 3_000),
        ({"record_on_answer": True, "record_on_bridge": True}, 3_000),
        ({}, 0),
    ],
)
def test_recordings_on_leg_a_may_wait(build: Any, cell: dict[str, Any], started_ms: int) -> None:
    """B§9.3: record_on_answer and record_on_bridge work as for record_call; the callee's recording ignores them."""
    on = cells(on=RecordingParameters(enabled=True, **cell))
    stage = talk(build, household(build, on, alice_phone=on), OUTSIDE, "alice-phone")
    assert recorded(stage) == [
        ("inbound from offnet to account", started_ms, 10_000),
        ("inbound from offnet to endpoint", 3_000, 10_000),
    ]


def test_recording_forces_early_media_on_the_caller(build: Any) -> None:
    """B§3.3: the account's recording starts at the route win, which pre-answers the caller before the flow runs."""
    stage = talk(build, household(build, cells()), OUTSIDE, "alice-phone")
    assert stage.times(LEG, "CHANNEL_PROGRESS_MEDIA", "A") == [0]


@pytest.mark.parametrize(("wants", "count"), [(None, 2), (True, 2), (False, 0)])
def test_feature_codes_may_be_left_out(build: Any, wants: bool | None, count: int) -> None:
    """B§9.5: should_record_feature_calls false keeps a flow with a feature code from being recorded."""
    on = cells(on=RecordingParameters(enabled=True, should_record_feature_calls=wants))
    account = household(build, on, alice_phone=on)
    code = {"name": "park", "number": "3"}
    assert len(talk(build, account, OUTSIDE, "alice-phone", featurecode=code).recordings()) == count
    assert len(talk(build, account, OUTSIDE, "alice-phone").recordings()) == 2


def test_a_second_module_starts_nothing_twice(build: Any) -> None:
    """B§9.3: Kazoo 5 asks at every module that rings; the recording starts once, and a diagnostic says so."""
    account = household(build, cells("outbound.onnet"), bob_desk=cells("outbound.onnet"))
    fakes = {"first": dialling("alice-phone"), "second": dialling("lobby")}
    stage = build.stage(build.chain("first", "second"), fakes=fakes, account=account, profile="kazoo-5")
    stage.offer(caller=INSIDE).tell(21_000, Answers(), "B2").tell(25_000, HangsUp()).run()
    origins = [each["origin"] for each in stage.recordings()]
    assert origins == ["outbound to onnet from account", "outbound to onnet from endpoint"]
    assert [(row.at_ms, row.name) for row in stage.find(WARNING)] == [(20_000, "outbound-asked-again")] * 2


@pytest.mark.parametrize(("profile", "count"), [("docs", 1), ("kazoo-4", 1), ("kazoo-5", 2)])
def test_a_call_that_goes_in_and_then_out(build: Any, profile: str, count: int) -> None:
    """B§9.3: Kazoo 5 decides at each module, so a phone and then the outside are two recordings of two networks."""
    account = household(build, bob_desk=cells("outbound.onnet", "outbound.offnet"))
    fakes = {"first": dialling("alice-phone"), "second": dialling("outside")}
    stage = build.stage(build.chain("first", "second"), fakes=fakes, account=account, profile=profile)
    stage.offer(caller=INSIDE).tell(25_000, HangsUp()).run()
    origins = ["outbound to onnet from endpoint", "outbound to offnet from endpoint"][:count]
    assert [each["origin"] for each in stage.recordings()] == origins
    assert stage.find(WARNING) == []


def test_an_account_without_recordings_records_nothing(build: Any) -> None:
    """Law 8: without settings nothing is asked and nothing is noted."""
    with_none = talk(build, build.household(), INSIDE, "alice-phone")
    with_others = talk(build, household(build, lobby=cells()), INSIDE, "alice-phone")
    assert with_none.recordings() == with_others.recordings() == []
    assert [row[:8] for row in with_none.rows] == [row[:8] for row in with_others.rows]
