"""The engine's outside: offering, telling, reading rows, clock and limits (design §12, Engine; laws 4, 5, 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import define

from callflow.core.causes import HangupCause
from callflow.core.delivery import DELIVERY
from callflow.core.effects import Answer, Continue, HangUp, Sleep, StartRecording, WaitForHangup
from callflow.core.errors import ActionError, CallflowError, ImpossibleEvent, RunawayError
from callflow.core.events import Answers, Caller, FallsSilent, HangsUp, Presses, Rejects, Speaks, Told
from callflow.core.exchange import Exchange, Setting
from callflow.core.leg import LEG_TABLE
from callflow.core.recorder import RECORDER_TABLE
from callflow.core.table import IMPOSSIBLE, Table
from callflow.core.trace import CALL, INPUT, LATE_EVENT, LEG, Row

HOUR_MS = 3_600_000


@pytest.fixture
def sleeper(build: Any) -> Callable[..., Any]:
    """Make a stage whose calls answer and sleep for an hour."""
    return lambda **setting: build.stage(
        {"module": "sleep"}, fakes={"sleep": build.doing(Answer(), Sleep(HOUR_MS))}, **setting
    )


def test_clock_stands_where_it_was_run_to(sleeper: Callable[..., Any]) -> None:
    """Design §12, Engine: `run_until(t)` leaves now at t, and what is told next counts from there."""
    stage = sleeper().offer(at_ms=100).run(until_ms=2_500)
    assert (stage.engine.now_ms, stage.engine.next_ms) == (2_500, 100 + HOUR_MS)
    stage.tell(500, HangsUp()).run()
    assert stage.times(LEG, "CHANNEL_DESTROY") == [3_000]
    assert (stage.engine.now_ms, stage.engine.next_ms) == (3_000, None)


def test_running_in_steps_gives_the_rows_of_one_run(sleeper: Callable[..., Any]) -> None:
    """Law 6: where a run is paused and looked at does not show in its trace."""
    told = ((1_000, Presses("1")), (2_000, Speaks({"voice": "caller"}, 500)), (2_700, HangsUp()))
    whole, stepped = sleeper().offer(), sleeper().offer()
    for at_ms, event in told:
        whole.tell(at_ms, event)
        stepped.tell(at_ms, event)
    for until_ms in range(0, 3_000, 7):
        stepped.run(until_ms=until_ms)
    assert stepped.run().rows == whole.run().rows


def test_what_is_told_between_rows_comes_in_time(sleeper: Callable[..., Any]) -> None:
    """Design §12, Engine: whoever drives reads a row and may tell something in return, at that very instant."""
    stage = sleeper().offer()

    def hang_up_at_the_answer(row: Row) -> None:
        if row.name == "CHANNEL_ANSWER":
            stage.tell(0, HangsUp())

    stage.run(on_row=hang_up_at_the_answer)
    assert stage.ends() == {"A": (0, "NORMAL_CLEARING", "caller")}


def test_live_calls_are_told_oldest_first(sleeper: Callable[..., Any]) -> None:
    """Design §12, Engine: one engine holds any number of calls, and forgets the ended ones."""
    stage = sleeper().offer("b", at_ms=0).offer("a", at_ms=10).run(until_ms=20)
    assert stage.engine.live_calls == ("b", "a")
    stage.tell(0, HangsUp(), call_id="b").run(until_ms=30)
    assert stage.engine.live_calls == ("a",)
    assert [row.call_id for row in stage.find(CALL, "ended")] == ["b"]


def test_calls_of_one_engine_do_not_mix(sleeper: Callable[..., Any]) -> None:
    """Design §12, Time and steps: several calls share a clock and nothing else."""
    alone = sleeper().offer("a").tell(5_000, HangsUp(), call_id="a").run()
    both = (
        sleeper()
        .offer("a")
        .offer("b", at_ms=1)
        .tell(5_000, HangsUp(), call_id="a")
        .tell(9_000, HangsUp(), call_id="b")
        .run()
    )
    assert [row[1:7] for row in both.rows if row.call_id == "a"] == [row[1:7] for row in alone.rows if row.call_id]


EVENTS = [Answers(), Rejects(HangupCause.USER_BUSY), HangsUp(), Presses("1"), Speaks({"voice": "x"}, 10), FallsSilent()]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize(("leg", "call_id"), [("A", "c1"), ("B", "c1"), ("A", "nobody")])
def test_what_comes_too_late_is_dropped_and_traced(build: Any, event: Told, leg: str, call_id: str) -> None:
    """Law 3: an input for a leg that is gone, or never was, is a LATE row caused by its INPUT row, and nothing more."""
    stage = build.perform(build.doing(HangUp()))
    before = len(stage.rows)
    stage.tell(1_000, event, leg, call_id).run()
    made = stage.rows[before:]
    assert [row.kind for row in made] == [INPUT, LATE_EVENT]
    assert made[1].because == made[0].seq
    assert made[1].detail == {"machine": "leg", "state": "GONE"}


@pytest.mark.parametrize("event", [Answers(), Rejects()])
def test_answering_a_phone_that_does_not_ring_is_late(sleeper: Callable[..., Any], event: Told) -> None:
    """Law 3: the caller's own leg cannot pick up or refuse; the row says in which state it was."""
    stage = sleeper().offer().tell(1_000, event).run(until_ms=2_000)
    assert [row.detail for row in stage.find(LATE_EVENT)] == [{"machine": "leg", "state": "ANSWERED"}]
    assert stage.engine.live_calls == ("c1",)


def test_inputs_show_the_step_they_came_from(sleeper: Callable[..., Any]) -> None:
    """Law 5: scenario steps are rows of kind INPUT, with what the driver says of them."""
    stage = sleeper()
    stage.engine.offer("c1", Caller("1"), "2001", stage.flow, step={"line": 3})
    stage.engine.tell("c1", "A", HangsUp(), after_ms=5, step={"line": 4})
    stage.run()
    assert [(row.name, row.detail) for row in stage.find(INPUT)] == [("calls", {"line": 3}), ("hangs up", {"line": 4})]


def test_a_flow_without_a_root_ends_the_call(build: Any) -> None:
    """B§2.2: an empty flow hangs the caller up at once."""
    stage = build.play({"flow": {}}, fakes={"none": build.doing()})
    assert stage.events() == ["CHANNEL_CREATE(A)", "CHANNEL_DESTROY(A)"]
    assert stage.ends()["A"] == (0, "NORMAL_CLEARING", "flow")


def test_a_call_that_never_ends_passes_the_limit_of_time(build: Any) -> None:
    """Design §12: 24 virtual hours end a run, with an error that names what was done last."""
    fakes = {"nap": build.doing(Sleep(48 * HOUR_MS))}
    with pytest.raises(
        RunawayError, match="passed its limit of 24 virtual hours; .*; look for a loop, or raise the limit"
    ):
        build.play({"module": "nap"}, fakes=fakes)


def test_limit_of_time_can_be_raised(build: Any) -> None:
    """Design §12: both limits are settable."""
    stage = build.play(
        {"module": "nap"}, fakes={"nap": build.doing(Sleep(48 * HOUR_MS))}, limits={"max_ms": 48 * HOUR_MS}
    )
    assert stage.ends()["A"][0] == 48 * HOUR_MS


def test_a_loop_passes_the_limit_of_rows(build: Any) -> None:
    """Design §12: a flow that does things for ever without passing time ends at the limit of rows, which names them."""

    async def for_ever(call: Any, settings: Any) -> Continue:
        """Sleep no time, again and again, starting recordings that never end."""
        while True:
            await StartRecording(build.options())
            await Sleep(0)

    with pytest.raises(RunawayError, match="500 rows; call c1 is at loop, flow; it repeats: .*RECORDER ARMED"):
        build.play({"module": "loop"}, fakes={"loop": for_ever}, limits={"max_rows": 500})


@define
class Machine:
    """Something that a table moves."""

    state: Any


@pytest.mark.parametrize("table", [LEG_TABLE, RECORDER_TABLE, DELIVERY], ids=lambda table: str(table.name))
def test_an_event_that_cannot_be_raises(build: Any, table: Table[Any, Any]) -> None:
    """Law 3 and design §9: an impossible event is our bug: it raises, saying machine, call, time, event and state."""
    impossible = [(s, e) for s, row in table.rows.items() for e, to in row.items() if to is IMPOSSIBLE]
    assert impossible
    for state, event in impossible:
        exchange, machine = Exchange(Setting(build.household())), Machine(state)
        said = f"^{table.name} of call c1 at 0 ms: {event.name} in state {state.name};"
        with pytest.raises(ImpossibleEvent, match=said):
            exchange.move(table, machine, event, "c1", "A", -1)
        assert machine.state is state


def test_raising_lets_an_actions_fault_out(build: Any) -> None:
    """Design §12, Documents: under pytest an action that raises raises; the error names node, action and call."""

    async def broken(call: Any, settings: Any) -> Continue:
        """Fail."""
        raise KeyError("gone")

    with pytest.raises(ActionError, match=r"flow: action 'script' of call c1 failed: KeyError: 'gone'") as raised:
        build.perform(broken, raises=True)
    assert isinstance(raised.value.__cause__, KeyError)


def test_passing_counts_the_rows_that_running_would_give(sleeper: Callable[..., Any]) -> None:
    """Law 6: a run whose rows nobody wants does the same."""
    watched = sleeper().offer().tell(900, HangsUp()).run(until_ms=1_000)
    unseen = sleeper().offer().tell(900, HangsUp())
    assert unseen.engine.pass_until(1_000) == len(watched.rows)
    assert (unseen.engine.now_ms, unseen.engine.live_calls) == (1_000, ())


def test_a_call_s_id_is_its_own(build: Any) -> None:
    """Two live calls of one id could not be told apart: the second is refused, and says what would be right."""
    stage = build.stage({"module": "wait_for_hangup", "data": {}})
    stage.offer()
    stage.offer()
    with pytest.raises(CallflowError, match=r"call c1 was offered while a call of that id is alive"):
        stage.run()


@pytest.mark.parametrize("how", ["watched", "batches", "unseen"])
def test_the_error_of_a_runaway_names_the_loop(build: Any, how: str) -> None:
    """Design §12: what repeats is named, with its node, also when the rows were taken long before or never made."""
    naps = build.doing(*[Sleep(1_000), StartRecording(build.options())] * 90)
    call = build.stage({"module": "nap"}, fakes={"nap": naps}, limits={"max_rows": 200}).offer()
    loop = "200 rows; call c1 is at nap, flow; it repeats: .*RECORDER TRIGGERED"
    with pytest.raises(RunawayError, match=loop) as said:
        if how == "watched":
            call.run()
        else:
            call.engine.pass_until(10 * HOUR_MS, None if how == "unseen" else lambda rows: None)
    assert str(said.value).count("ARMED") == 1


def test_the_limit_of_time_names_the_loop(build: Any) -> None:
    """Design §12: rows that the driver has taken already are remembered for the error."""
    fakes = {"nap": build.doing(*[Sleep(HOUR_MS), StartRecording(build.options())] * 30)}
    with pytest.raises(RunawayError, match="24 virtual hours; call c1 is at nap, flow; it repeats: .*RECORDER ARMED"):
        build.play({"module": "nap"}, fakes=fakes)


def test_a_declared_step_is_an_input_row(sleeper: Callable[..., Any]) -> None:
    """Law 5: a step that does nothing to a leg is a row when it is due, and nothing more; it needs no live call."""
    stage = sleeper().offer()
    stage.engine.declare("", "", "storage fails with 503", after_ms=700, step={"line": 9})
    stage.run(until_ms=1_000)
    assert [row[1:] for row in stage.rows if row.at_ms == 700] == [
        (700, "", "", INPUT, "storage fails with 503", {"line": 9}, -1, "")
    ]


@pytest.mark.parametrize(("delivers", "awaits"), [(True, True), (False, False)])
def test_an_engine_knows_that_only_deliveries_are_left(build: Any, delivers: bool, awaits: bool) -> None:
    """Design §12: what goes on for deliveries alone does not happen to a call; a recorder's limit does."""
    stop = build.doing(StartRecording(build.options(time_limit_s=5)), WaitForHangup())
    stage = build.stage({"module": "rec"}, fakes={"rec": stop}, replies=("503",), delivers=delivers).offer()
    stage.run(until_ms=1_000)
    assert not stage.engine.awaits_deliveries_only
    stage.run(until_ms=6_000)
    assert (stage.engine.awaits_deliveries_only, stage.engine.live_calls) == (awaits, ("c1",))
