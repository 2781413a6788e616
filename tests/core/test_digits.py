"""Digits of a call and the metaflows that they set off: who is listened to, when, and what runs (B§10)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.digits import DIGIT_TABLE, DigitEvent, DigitState
from callflow.core.events import Answers, Caller, HangsUp, Presses, Speaks
from callflow.core.metaflows import read_metaflows
from callflow.core.trace import EVENT, METAFLOW, NODE, RECORDER

START = {"module": "record_call", "data": {"action": "start"}}
HANGUP = {"module": "hangup"}
NINE = {"numbers": {"9": START}}
RING = {"module": "user", "data": {"id": "alice"}}
FROM_BOB = Caller("2002", "Bob", device_id="bob-desk")
ANSWERED = (1_000, Answers(), "B")
END = (60_000, HangsUp())


def bindings(document: dict[str, Any]) -> Any:
    """Bindings of a document that is right."""
    reading = read_metaflows(document, "metaflows", strict=True)
    assert not reading.faults
    return reading.settings


def pressing(digits: str, at_ms: int = 5_000, leg: str = "A", every_ms: int = 200) -> list[tuple[int, Any, str]]:
    """Digits, one every 200 ms."""
    return [(at_ms + n * every_ms, Presses(digit), leg) for n, digit in enumerate(digits)]


def talk(build: Any, *tells: Any, devices: dict[str, Any] | None = None, metaflow: Any = None, **setting: Any) -> Any:
    """Bob calls alice from his desk, who answers after 1 s; he hangs up after a minute."""
    caller = setting.pop("caller", FROM_BOB)
    bound = {name: bindings(document) for name, document in (devices or {}).items()}
    account = evolve(setting.pop("account", None) or build.household(), metaflows=bound)
    flow = {"flow": setting.pop("flow", RING), **({} if metaflow is None else {"metaflow": metaflow})}
    made = build.stage(flow, account=account, **setting).offer(caller=caller)
    for tell in (ANSWERED, END, *tells):
        made.tell(*tell)
    return made.run()


def ran(stage: Any) -> list[tuple[int, str, str]]:
    """Which metaflows ran: when, on which leg, and the module, or `not bound`."""
    rows = stage.find(METAFLOW)
    return [(row.at_ms, row.leg, row.name) for row in rows if row.name.islower()]


def test_number_is_looked_up_after_the_timeout(build: Any) -> None:
    """B§10: 800 ms after the last digit the digits are looked up; the time for the next one runs anew with each."""
    stage = talk(build, *pressing("*9"), devices={"bob-desk": NINE})
    assert ran(stage) == [(6_000, "A", "record_call")]
    assert stage.times(RECORDER, "RECORD_START") == [6_000]


@pytest.mark.parametrize(("every_ms", "when"), [(799, 5_000 + 799 + 800), (801, None)])
def test_digit_timeout(build: Any, every_ms: int, when: int | None) -> None:
    """B§10: a digit after the timeout comes too late."""
    stage = talk(build, *pressing("*9", every_ms=every_ms), devices={"bob-desk": NINE})
    first = (when, "A", "record_call") if when is not None else (5_800, "A", "not bound")
    assert ran(stage)[0] == first


def test_own_timeout_and_binding_digit(build: Any) -> None:
    """B§10: both are settings; the binding digit is then an ordinary one, and so is * while nothing is armed."""
    own = {**NINE, "binding_digit": "#", "digit_timeout": 3_000}
    assert ran(talk(build, *pressing("*9#9"), devices={"bob-desk": own})) == [(8_600, "A", "record_call")]


def test_a_timeout_of_nothing(build: Any) -> None:
    """B§10: a timeout of 0 completes the digits at once: nothing but the binding digit can be dialled."""
    stage = talk(build, *pressing("*9"), devices={"bob-desk": {**NINE, "digit_timeout": 0}})
    assert ran(stage) == [(5_000, "A", "not bound")]


def test_binding_digit_while_armed(build: Any) -> None:
    """B§10: while it collects, the binding digit is a digit like any other."""
    stage = talk(build, *pressing("**9"), devices={"bob-desk": {"patterns": {r"^\*9$": START}, **NINE}})
    assert ran(stage) == [(6_200, "A", "record_call")]
    collected = [row.detail["collected"] for row in stage.find(METAFLOW) if "to" in row.detail]
    assert collected == ["", "*", "*9", "*9"]


def test_digits_without_the_binding_digit(build: Any) -> None:
    """B§10: an idle metaflow knows the binding digit alone; nothing is written about others."""
    assert talk(build, *pressing("99"), devices={"bob-desk": NINE}).find(METAFLOW) == []


def test_unbound_digits_are_a_row(build: Any) -> None:
    """B§10, law 5: digits that lead nowhere make it idle, and the trace says so; the next ones count again."""
    stage = talk(build, *pressing("*8"), *pressing("*9", at_ms=9_000), devices={"bob-desk": NINE})
    assert ran(stage) == [(6_000, "A", "not bound"), (10_000, "A", "record_call")]


def test_more_digits_than_are_looked_up(build: Any) -> None:
    """Nothing runs on more than 32 digits; they still keep it armed."""
    own = {"patterns": {"9": START}}
    stage = talk(build, *pressing("*" + "9" * 40, every_ms=100), devices={"bob-desk": own})
    assert ran(stage) == [(9_800, "A", "not bound")]
    assert max(len(row.detail["collected"]) for row in stage.find(METAFLOW)) == 33


@pytest.mark.parametrize("device", ["bob-desk", "alice-phone"])
@pytest.mark.parametrize("listen_on", ["self", "peer", "both"])
def test_whose_digits_count(build: Any, device: str, listen_on: str) -> None:
    """B§10: self, peer and both are seen from the party whose bindings these are, the caller's or the callee's."""
    tells = (*pressing("*9"), *pressing("*9", at_ms=9_000, leg="B"))
    stage = talk(build, *tells, devices={device: {**NINE, "listen_on": listen_on}})
    own, peer = ("A", "B") if device == "bob-desk" else ("B", "A")
    heard = {"self": [own], "peer": [peer], "both": ["A", "B"]}[listen_on]
    assert [leg for _, leg, _ in ran(stage)] == heard


def test_the_other_leg_is_ignored_while_armed(build: Any) -> None:
    """B§10: with both listened to, only the leg that armed it counts until it is idle again."""
    own = {"numbers": {"9": START, "91": HANGUP}, "listen_on": "both"}
    tells = (*pressing("*9"), (5_300, Presses("1"), "B"), (5_400, Presses("*"), "B"))
    assert ran(talk(build, *tells, devices={"bob-desk": own})) == [(6_000, "A", "record_call")]


def test_each_party_has_its_own(build: Any) -> None:
    """B§10: caller and callee each have bindings, and may dial at the same time."""
    devices = {"bob-desk": NINE, "alice-phone": {"numbers": {"9": START}}}
    stage = talk(build, *pressing("*9"), *pressing("*9", at_ms=5_100, leg="B"), devices=devices)
    assert ran(stage) == [(6_000, "A", "record_call"), (6_100, "B", "record_call")]


def test_the_caller_is_listened_to_before_any_talk(build: Any) -> None:
    """B§10: the caller's digits count from the start of the call, while alice's phone still rings."""
    stage = talk(build, *pressing("*9", at_ms=200), devices={"bob-desk": NINE})
    assert ran(stage) == [(1_200, "A", "record_call")]


def test_a_ringing_callee_is_not_listened_to(build: Any) -> None:
    """B§10: a callee's phone is listened to from its answer on."""
    stage = talk(build, *pressing("*9", at_ms=200, leg="B"), devices={"alice-phone": NINE})
    assert ran(stage) == []


def test_the_flow_waits_for_digits_too(build: Any) -> None:
    """B§10, design §12: nothing is swallowed: the binding digit cuts a prompt as well, metaflow first."""
    flow = {"module": "play", "data": {"id": "song"}, "children": {"_": RING}}
    stage = talk(build, *pressing("*9", at_ms=500), devices={"bob-desk": NINE}, flow=flow)
    assert stage.times(NODE) == [0, 500]
    assert ran(stage) == [(1_500, "A", "record_call")]
    armed, entered = stage.find(METAFLOW, "BINDING_DIGIT")[0], stage.find(NODE, "user")[0]
    assert armed.seq < entered.seq


def test_digits_still_sound(build: Any) -> None:
    """B§10: the digits of a metaflow are channel events and tones like any others."""
    stage = talk(build, *pressing("*9"), devices={"bob-desk": NINE})
    assert [row.detail["digit"] for row in stage.find(EVENT, "DTMF")] == ["*", "9"]
    assert stage.times("AUDIO", "speaks") == [5_000, 5_200]


def test_a_callflow_binds_for_callers_from_outside(build: Any) -> None:
    """B§1.1, B§10: the callflow's own `metaflow` counts for every caller of the flow, and for no callee."""
    outside = Caller("+14155550100", "Carol")
    tells = (*pressing("*9"), *pressing("*9", at_ms=9_000, leg="B"))
    assert ran(talk(build, *tells, metaflow=NINE, caller=outside)) == [(6_000, "A", "record_call")]
    assert ran(talk(build, *tells, devices={"bob-desk": NINE}, caller=outside)) == []


def test_a_callflow_is_over_the_callers_device(build: Any) -> None:
    """B§10: of two nodes for one number the callflow's runs; what only the device binds still counts."""
    device = {"numbers": {"9": HANGUP, "8": HANGUP}}
    assert ran(talk(build, *pressing("*9"), metaflow=NINE, devices={"bob-desk": device})) == [
        (6_000, "A", "record_call")
    ]
    assert ran(talk(build, *pressing("*8"), metaflow=NINE, devices={"bob-desk": device})) == [(6_000, "A", "hangup")]


def test_captures_of_a_pattern(build: Any) -> None:
    """B§10: a pattern's captures come with the node; a number has none."""
    stage = talk(build, *pressing("*1234"), devices={"bob-desk": {"patterns": {"^1(2)(.*)$": START}}})
    (row,) = stage.find(METAFLOW, "record_call")
    assert row.detail == {"where": 'metaflows.patterns["^1(2)(.*)$"]', "captures": ["2", "34"]}


def test_nodes_run_one_after_another(build: Any) -> None:
    """B§10: every module goes on to `_` at once; other children are not reached."""
    node = {**START, "children": {"_": HANGUP, "x": START}}
    stage = talk(build, *pressing("*9"), devices={"bob-desk": {"numbers": {"9": node}}})
    assert ran(stage) == [(6_000, "A", "record_call"), (6_000, "A", "hangup")]
    first, second = stage.find(METAFLOW, "record_call")[0], stage.find(METAFLOW, "hangup")[0]
    assert second.because == first.seq


def test_what_is_not_simulated_does_nothing(build: Any) -> None:
    """A skipped module is a row, and nothing after it runs."""
    node = {"module": "transfer", "children": {"_": START}}
    read = read_metaflows({"numbers": {"9": node}}, "metaflows", strict=True, skip_unsimulated=True)
    account = evolve(build.household(), metaflows={"bob-desk": read.settings})
    made = build.stage(RING, account=account).offer(caller=FROM_BOB)
    for tell in (ANSWERED, END, *pressing("*9")):
        made.tell(*tell)
    stage = made.run()
    assert ran(stage) == [(6_000, "A", "transfer")]
    assert stage.find(RECORDER) == []


@pytest.mark.parametrize(
    ("leg", "device", "ends"),
    [("A", "bob-desk", {"A": "caller", "B": "caller"}), ("B", "alice-phone", {"B": "alice", "A": "alice"})],
)
def test_hangup(build: Any, leg: str, device: str, ends: dict[str, str]) -> None:
    """B§10: `hangup` ends the leg that dialled it, as if its party had hung up."""
    stage = talk(build, *pressing("*9", leg=leg), devices={device: {"numbers": {"9": HANGUP}}})
    assert {name: (at_ms, by) for name, (at_ms, _, by) in stage.ends().items()} == {
        name: (6_000, by) for name, by in ends.items()
    }


def test_a_flow_goes_on_after_the_callees_hangup(build: Any) -> None:
    """B§10: a metaflow runs beside the flow: after the callee's hangup the flow follows its own way."""
    stage = talk(
        build,
        *pressing("*9", leg="B"),
        devices={"alice-phone": {"numbers": {"9": {**HANGUP, "children": {"_": START}}}}},
    )
    assert ran(stage) == [(6_000, "B", "hangup")]
    assert stage.find(RECORDER) == []


@pytest.mark.parametrize("leg", ["A", "B"])
def test_a_leg_that_ends_forgets(build: Any, leg: str) -> None:
    """Law 8: when a leg of a metaflow ends, nothing of it is left to happen, and nothing runs."""
    own = {**NINE, "listen_on": "both"}
    hangs_up = (5_300, HangsUp(), leg)
    flow = {**RING, "children": {}}
    stage = talk(build, *pressing("*9", leg="B"), hangs_up, devices={"alice-phone": own}, flow=flow)
    assert ran(stage) == []
    assert [row.name for row in stage.find(METAFLOW)] == ["BINDING_DIGIT", "DIGIT", "LEG_GONE"]
    gone = stage.find("LEG", "CHANNEL_DESTROY", "B")[0]
    assert stage.find(METAFLOW, "LEG_GONE")[0].seq < gone.seq
    assert stage.engine.next_ms is None and not stage.engine.live_calls


def test_a_peer_that_ends_takes_its_bindings_along(build: Any) -> None:
    """B§10: what the caller dialled for the callee's bindings is void with the callee's leg."""
    own = {**NINE, "listen_on": "peer"}
    flow = {**RING, "children": {"_": {"module": "sleep", "data": {"duration": 5}}}}
    tells = (*pressing("*9"), (5_300, HangsUp(), "B"))
    assert ran(talk(build, *tells, devices={"alice-phone": own}, flow=flow)) == []


def test_table_cells() -> None:
    """Law 3: every cell of the machine, written by hand."""
    rows = DIGIT_TABLE.rows
    found = {state.name: [rows[state][event].name for event in DigitEvent] for state in DigitState}
    assert [event.name for event in DigitEvent] == ["BINDING_DIGIT", "DIGIT", "DIGIT_TIMEOUT", "LEG_GONE"]
    assert found == {
        "IDLE": ["COLLECTING", "IMPOSSIBLE", "IMPOSSIBLE", "LATE"],
        "COLLECTING": ["IMPOSSIBLE", "COLLECTING", "IDLE", "IDLE"],
    }
    assert DIGIT_TABLE.timers == {DigitState.COLLECTING: DigitEvent.DIGIT_TIMEOUT}


PRESSED = st.tuples(
    st.integers(0, 80).map(lambda n: n * 200), st.sampled_from("*#91").map(Presses), st.sampled_from("AB")
)
SOUND = st.tuples(
    st.integers(0, 80).map(lambda n: n * 200), st.just(Speaks({"voice": "x"}, 700)), st.sampled_from("AB")
)
LEAVES = st.tuples(st.integers(0, 80).map(lambda n: n * 200), st.just(HangsUp()), st.sampled_from("AB"))
MANY = {"numbers": {"9": START, "1": HANGUP, "91": {**START, "children": {"_": HANGUP}}}, "patterns": {"9$": START}}


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
@given(
    tells=st.lists(PRESSED | SOUND, max_size=25),
    leaves=st.lists(LEAVES, max_size=1),
    listen_on=st.tuples(*[st.sampled_from(["self", "peer", "both"])] * 2),
    digit_timeout=st.sampled_from([0, 200, 800]),
)
def test_any_digits(
    build: Any, profile: str, tells: Any, leaves: Any, listen_on: tuple[str, str], digit_timeout: int
) -> None:
    """Laws 3 and 8: whatever is pressed when, nothing is impossible, nothing is left, and each machine adds up."""
    devices = {
        name: {**MANY, "listen_on": where, "digit_timeout": digit_timeout}
        for name, where in zip(("bob-desk", "alice-phone"), listen_on, strict=True)
    }
    stage = talk(build, *tells, *leaves, devices=devices, profile=profile)
    states: dict[str, str] = {}
    for row in stage.find(METAFLOW):
        if "to" in row.detail:
            owner = row.detail["owner"]
            assert states.get(owner, "IDLE") == row.detail["from"]
            states[owner] = row.detail["to"]
    assert set(states.values()) <= {"IDLE"}
    assert not stage.engine.live_calls
