"""record_call: what its keys come to, and that it never waits (the seed, Record Call; B§3.1, B§3.2, B§3.4)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.effects import CONTINUE, Next, StartRecording
from callflow.core.events import Answers, HangsUp
from callflow.core.flow import load_flow
from callflow.core.trace import WARNING

SLEEP = {"module": "sleep", "data": {"duration": 20}}
PROFILES = ("docs", "kazoo-4", "kazoo-5")


def record(build: Any, *tells: Any, then: dict[str, Any] | None = None, **data: Any) -> Any:
    """Run one record_call node and what follows it."""
    setting = {key: data.pop(key) for key in ("profile", "account") if key in data}
    node = {"module": "record_call", "data": data, "children": {"_": then or SLEEP}}
    return build.play(node, *tells, **setting)


def test_the_flow_goes_on_at_once(build: Any) -> None:
    """B§3.1: neither start nor stop waits for anything, not for RECORD_START either."""
    stop = {"module": "record_call", "data": {"action": "stop"}, "children": {"_": SLEEP}}
    stage = record(build, then=stop, action="start")
    assert stage.times("NODE") == [0, 0, 0]
    assert stage.recordings()[0]["to"] == "DISCARDED"


@pytest.mark.parametrize("data", [{}, {"action": "start"}])
def test_start_is_the_default(build: Any, data: dict[str, Any]) -> None:
    """The seed, Schema: action defaults to start."""
    (made,) = record(build, **data).recordings()
    assert (made["kind"], made["length_ms"], made["ended_by"]) == ("call", 20_000, "hangup")


def test_the_seeds_defaults(build: Any) -> None:
    """B§3.2: MP3, stereo at 16 kHz, started at the node, no URL."""
    (made,) = record(build).recordings()
    assert [made[key] for key in ("format", "channels", "sample_rate", "starts")] == ["mp3", 2, 16_000, "at once"]


@pytest.mark.parametrize(
    ("data", "origin"),
    [({}, "callflow : main"), ({"label": "sales"}, "callflow : sales"), ({"origin": "mine"}, "callflow : main")],
)
def test_origin(build: Any, data: dict[str, Any], origin: str) -> None:
    """B§3.1: the label, else the flow's name; an origin in the data is overwritten."""
    assert record(build, **data).recordings()[0]["origin"] == origin


def test_format_sample_rate_and_names(build: Any) -> None:
    """B§3.2: what the node states is taken; the system's extension is the default format."""
    (made,) = record(build, format="wav", record_sample_rate=8_000, media_id="doc", media_name="file.wav").recordings()
    assert [made[key] for key in ("format", "sample_rate", "id", "name")] == ["wav", 8_000, "doc", "file.wav"]
    assert record(build, account=build.household(extension="wav")).recordings()[0]["format"] == "wav"


LIMITS = [
    # profile, time_limit, system maximum, seconds, rule
    ("docs", None, 10_800, 3_600, "record_call.default_time_limit=3600"),
    ("docs", None, 600, 600, "media.max_recording_time_limit=600"),
    ("docs", 5, 10_800, 5, "record_call.time_limit=5"),
    ("docs", 600, 600, 600, "record_call.time_limit=600"),
    ("docs", 10_800, 600, 600, "media.max_recording_time_limit=600"),
    ("kazoo-4", None, 10_800, 10_800, "media.max_recording_time_limit=10800"),
    ("kazoo-5", None, 7_200, 7_200, "media.max_recording_time_limit=7200"),
    ("kazoo-5", 3, 10_800, 3, "record_call.time_limit=3"),
    ("kazoo-4", 0, 10_800, 3_600, "record_call.time_limit=0, taken for 3600 (B§3.4)"),
    ("kazoo-5", -7, 600, 600, "record_call.time_limit=-7, taken for 3600 (B§3.4)"),
]


@pytest.mark.parametrize(("profile", "asked_s", "most_s", "limit_s", "rule"), LIMITS)
def test_time_limit(build: Any, profile: str, asked_s: int | None, most_s: int, limit_s: int, rule: str) -> None:
    """The seed's note and B§3.4: absent is 3600 in the document, the maximum in the code; the maximum only lowers."""
    data: dict[str, Any] = {} if asked_s is None else {"time_limit": asked_s}
    hang_up = {"module": "wait_for_hangup"}
    account = build.household(max_recording_time_limit=most_s)
    stage = record(build, (11_000_000, HangsUp()), then=hang_up, profile=profile, account=account, **data)
    (made,) = stage.recordings()
    assert (made["length_ms"], made["ended_by"]) == (limit_s * 1_000, "time_limit")
    assert stage.find("RECORDER", "LIMIT_REACHED")[0].rule == rule


@pytest.mark.parametrize(
    ("data", "starts"),
    [
        ({"record_on_answer": True}, "on answer"),
        ({"record_on_bridge": True}, "on bridge"),
        ({"record_on_answer": True, "record_on_bridge": True}, "on answer"),
        ({"record_on_answer": False, "record_on_bridge": False}, "at once"),
    ],
)
@pytest.mark.parametrize("profile", PROFILES)
def test_both_flags_mean_the_answer(build: Any, data: dict[str, bool], starts: str, profile: str) -> None:
    """B§3.6 and C5: with both set, the answer wins."""
    ring = {"module": "user", "data": {"id": "alice"}}
    stage = record(build, (4_000, Answers(), "B"), (9_000, HangsUp()), then=ring, profile=profile, **data)
    (made,) = stage.recordings()
    assert made["starts"] == starts
    bridged_ms = 4_000 if profile == "docs" else 4_200
    assert made["RECORD_START"] == {"at once": 0, "on answer": 4_000, "on bridge": bridged_ms}[starts]


@pytest.mark.parametrize(("profile", "started_ms"), [("docs", 0), ("kazoo-4", None), ("kazoo-5", None)])
@pytest.mark.parametrize("data", [{"record_on_answer": True}, {"record_on_answer": True, "record_on_bridge": True}])
def test_both_flags_when_answered(build: Any, data: dict[str, bool], profile: str, started_ms: int | None) -> None:
    """B§3.6: on an answered call both flags do what the answer's alone does: in the code never, even at a bridge."""
    ring = {"module": "user", "data": {"id": "alice"}}
    node = {"module": "record_call", "data": data, "children": {"_": ring}}
    flow = {"module": "answer", "data": {}, "children": {"_": node}}
    stage = build.play(flow, (4_000, Answers(), "B"), (9_000, HangsUp()), profile=profile)
    (made,) = stage.recordings()
    assert made.get("RECORD_START") == started_ms
    assert made["to"] == ("FINISHED" if profile == "docs" else "NEVER_STARTED")


@pytest.mark.parametrize(
    ("node_s", "system_s", "kept"), [(None, 30, False), (10, 30, True), (30, 0, False), (0, 30, True)]
)
def test_minimum_length(build: Any, node_s: int | None, system_s: int, kept: bool) -> None:
    """B§3.2: record_min_sec of the node, else the system's; the twenty seconds are kept or deleted by it."""
    data: dict[str, Any] = {} if node_s is None else {"record_min_sec": node_s}
    stage = record(build, account=build.household(record_min_sec=system_s), **data)
    assert stage.recordings()[0]["to"] == ("FINISHED" if kept else "DISCARDED")


def test_url_and_method(build: Any) -> None:
    """The seed, Storage: the file goes to the URL with the method's verb, by the option that the trace names."""
    (row,) = record(build, url="http://h/r", method="post").find("DELIVERY", "REQUESTED")
    assert (row.detail["method"], row.detail["url"], row.rule) == (
        "POST",
        "http://h/r/call_recording_c1.mp3",
        "record_call.url",
    )


def test_options_of_one_node_do_not_leak_into_another(build: Any) -> None:
    """Law 6: two nodes, two accounts, two profiles: each recording has the options of its own."""
    first = record(build, time_limit=5, label="one").recordings()
    second = record(build, time_limit=7, label="two").recordings()
    third = record(build, time_limit=7, label="two", account=build.household(max_recording_time_limit=6)).recordings()
    assert [made[0]["length_ms"] for made in (first, second, third)] == [5_000, 7_000, 6_000]
    assert [made[0]["origin"] for made in (first, second)] == ["callflow : one", "callflow : two"]


SEED_SAMPLE = {
    "module": "record_call",
    "data": {"action": "start", "format": "mp3", "url": "http://my.recording.server/acme/alice", "time_limit": 360},
    "children": {
        "_": {
            "module": "user",
            "data": {"id": "alice"},
            "children": {
                "_": {
                    "module": "record_call",
                    "data": {"action": "stop"},
                    "children": {"module": "voicemail", "data": {"id": "box"}, "children": {}},
                }
            },
        }
    },
}


def test_the_seeds_sample_answered(build: Any) -> None:
    """B§12 scenario 1: one recording from the node to the hang-up; the stop node never ran."""
    stage = build.play(SEED_SAMPLE, (4_000, Answers(), "B"), (60_000, HangsUp(), "B"))
    (made,) = stage.recordings()
    assert (made["length_ms"], made["ended_by"], made["completion_cause"]) == (60_000, "hangup", "success-silence")
    assert (stage.path(), len(stage.find("REQUEST"))) == (["record_call", "user"], 1)


@pytest.mark.parametrize(("profile", "reaches_voicemail"), [("docs", True), ("kazoo-4", False), ("kazoo-5", False)])
def test_the_seeds_sample_unanswered(build: Any, profile: str, reaches_voicemail: bool) -> None:
    """B§12 scenarios 2 and 3: the ringing is in the recording; voicemail follows as meant, literally not."""
    stage = build.play(SEED_SAMPLE, (32_500, HangsUp()), profile=profile)
    made, *messages = stage.recordings()
    assert (made["length_ms"], made["ended_by"], made["completion_cause"]) == (20_000, "stop", "success-maxtime")
    assert stage.path() == ["record_call", "user", "record_call", "voicemail"][: 4 if reaches_voicemail else 3]
    assert [message["length_ms"] for message in messages] == ([4_000] if reaches_voicemail else [])
    assert stage.find(WARNING) == []  # the recording was stopped before voicemail, as the seed's note asks


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        ({}, "record_call.action=start"),
        ({"record_on_answer": True}, "record_call.record_on_answer=true"),
        ({"record_on_bridge": True}, "record_call.record_on_bridge=true"),
    ],
)
def test_the_option_that_armed_it(build: Any, data: dict[str, Any], rule: str) -> None:
    """Law 5: a row's rule is what decided it: an armed recording waits for the moment that the node names."""
    assert [row.rule for row in record(build, **data).find("RECORDER", "ARMED")] == [rule]


@pytest.mark.parametrize(
    ("profile", "warnings"), [("docs", []), ("kazoo-4", ["never-starts"]), ("kazoo-5", ["never-starts"])]
)
def test_a_recording_that_never_starts_is_warned_of(build: Any, profile: str, warnings: list[str]) -> None:
    """B§3.6, C3: on the kazoo profiles `record_on_answer` on an answered call never starts, and the trace says so."""
    node = {"module": "record_call", "data": {"record_on_answer": True}, "children": {"_": SLEEP}}
    stage = build.play({"module": "answer", "data": {}, "children": {"_": node}}, profile=profile)
    found = stage.find(WARNING)
    assert [(row.name, row.detail["code"], row.rule) for row in found] == [
        (each, each, "profile.starts_at_once_when_answered=false") for each in warnings
    ]
    assert all("never starts" in row.detail["message"] and row.detail["hint"] for row in found)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("module", ["record_call", "record_caller"])
@pytest.mark.parametrize(
    ("data", "fits"),
    [
        ({"format": "mp3", "record_sample_rate": 9_000}, False),
        ({"format": "mp3", "record_sample_rate": 44_100}, True),
        ({"format": "wav", "record_sample_rate": 9_000}, True),
        ({"format": "wav", "record_sample_rate": 999}, False),
        ({"format": "wav", "record_sample_rate": 192_000}, True),
        ({"format": "wav", "record_sample_rate": 192_001}, False),
        ({"record_sample_rate": 9_000}, False),
        ({"record_sample_rate": 0}, False),
        ({"record_sample_rate": -8_000}, False),
    ],
)
def test_rates_that_no_file_holds(build: Any, profile: str, module: str, data: dict[str, Any], fits: bool) -> None:
    """Design §12, Sound: a rate that the file cannot have is refused with the flow, at its path; our own limit."""
    found = load_flow(
        {"module": module, "data": data}, registry=build.real_actions(), profile=build.PROFILES[profile],
        known=build.module_schemas(),
    ).faults  # fmt: skip
    assert [each.where for each in found] == ([] if fits else ["flow.data.record_sample_rate"])
    assert all("our limit" in str(each) and "192000" in str(each) for each in found)


@pytest.mark.parametrize(("profile", "warnings"), [("docs", []), ("kazoo-5", ["waits-for-next-bridge"])])
def test_a_recording_that_waits_for_another_bridge_is_warned_of(build: Any, profile: str, warnings: list[str]) -> None:
    """B§3.6, C4: on the kazoo profiles `record_on_bridge` on a bridged call waits on, and the trace says so."""

    async def start_while_bridged(run: Any, settings: Any) -> Next:
        """Start on a leg that has a peer, as a flow beside the talk would."""
        leg = run.leg
        leg.peer = leg
        await StartRecording(build.options(starts="on bridge"))
        leg.peer = None
        return CONTINUE

    found = build.perform(start_while_bridged, profile=profile).find(WARNING)
    assert [(row.name, row.rule) for row in found] == [
        (each, "profile.starts_at_once_when_bridged=false") for each in warnings
    ]
