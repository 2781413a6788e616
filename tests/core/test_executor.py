"""Where a flow goes: continue, attempt, stop, hard stop, branch, replace, transfer, and their ends (B§2.2, B§2.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callflow.core.causes import HangupCause
from callflow.core.effects import (
    CONTINUE,
    HARD_STOP,
    STOP,
    Answer,
    Attempt,
    Branch,
    Continue,
    HangUp,
    Next,
    ReplaceFlow,
    Sleep,
    Stop,
    Transferred,
)
from callflow.core.events import HangsUp
from callflow.core.trace import ERROR, FLOW, LEG

HERE = {"module": "here"}


def going(call_to: Callable[[Any], Next]) -> Any:
    """A script that returns what `call_to` makes of its call."""

    async def fake(call: Any, settings: Any) -> Next:
        """Go there."""
        return call_to(call)

    return fake


def walk(build: Any, children: dict[str, Any], then: Next, **more: Any) -> Any:
    """Run node `first`, which returns `then`; `here` and `there` are nodes to arrive at, which wait for the hang-up."""
    stay = build.doing(Sleep(60_000), then=HARD_STOP)
    fakes = {"first": build.doing(then=then), "here": stay, "there": stay, "on": build.doing(), **more.pop("fakes", {})}
    return build.play({"module": "first", "children": children}, (1_000, HangsUp()), fakes=fakes, **more)


@pytest.mark.parametrize(
    ("children", "key", "path"),
    [
        ({"K": HERE, "_": {"module": "there"}}, "K", ["first", "here"]),
        ({"_": HERE}, "K", ["first", "here"]),
        ({"_": HERE}, "_", ["first", "here"]),
        ({"K": {}, "_": HERE}, "K", ["first"]),
        ({"_": {}}, "_", ["first"]),
        ({"K": HERE}, "_", ["first"]),
        ({}, "K", ["first"]),
        ({"k": HERE}, "K", ["first"]),
    ],
    ids=["child", "fallback", "default", "empty child", "empty default", "no default", "no children", "other case"],
)
def test_continue(build: Any, children: dict[str, Any], key: str, path: list[str]) -> None:
    """B§2.2: the child of that key even if it is empty, else `_`; an empty one or none stops and hangs up."""
    stage = walk(build, children, Continue(key))
    assert stage.path() == path
    at_ms, cause, by = stage.ends()["A"]
    assert (at_ms, by) == ((1_000, "caller") if len(path) == 2 else (0, "flow"))


@pytest.mark.parametrize(
    ("children", "keys", "path"),
    [
        ({"X": HERE, "Y": {"module": "there"}}, ("X", "Y"), ["first", "here"]),
        ({"Y": HERE}, ("X", "Y"), ["first", "here"]),
        ({"X": {}, "Y": HERE}, ("X", "Y"), ["first", "here"]),
        ({"X": {}, "_": HERE}, ("X",), ["first", "here"]),
        ({"_": HERE}, (), ["first", "here"]),
        ({"X": {}}, ("X",), ["first"]),
    ],
)
def test_attempt(build: Any, children: dict[str, Any], keys: tuple[str, ...], path: list[str]) -> None:
    """B§2.2 and B§12 scenario 18: the first key whose child is not empty, else `_`; `{}` counts as absent here."""
    assert walk(build, children, Attempt(keys)).path() == path


@pytest.mark.parametrize(
    ("then", "cause"),
    [(STOP, "NORMAL_CLEARING"), (Stop(HangupCause.USER_BUSY), "USER_BUSY")],
)
def test_stop_with_an_empty_stack_hangs_up(build: Any, then: Next, cause: str) -> None:
    """B§2.2: nothing is pushed, so the caller is hung up, with the cause if one is given; no child runs."""
    stage = walk(build, {"_": HERE}, then)
    assert stage.path() == ["first"]
    assert stage.ends()["A"] == (0, cause, "flow")


@pytest.mark.parametrize(
    "inner", [STOP, Stop(HangupCause.USER_BUSY), CONTINUE], ids=["stop", "with cause", "falls off"]
)
def test_stop_pops_the_stack(build: Any, inner: Next) -> None:
    """B§2.2: what was pushed is resumed, and a cause passed to stop is ignored."""
    branch = going(lambda call: Branch(call.flow_by_id("other").root))
    fakes = {"first": branch, "inner": build.doing(then=inner)}
    stage = walk(build, {"_": HERE}, CONTINUE, fakes=fakes, flows={"other": {"module": "inner"}})
    assert stage.path() == ["first", "inner", "here"]
    assert [row.detail for row in stage.find(FLOW, "resumed")] == [{"where": "flow.children._"}]
    assert stage.ends()["A"][2] == "caller"


def test_pushed_nodes_come_back_newest_first(build: Any) -> None:
    """B§2.2: the stack of nodes is last in, first out."""
    flows = {
        "b": {"module": "to_c", "children": {"_": {"module": "after_c"}}},
        "c": {"module": "on"},
    }
    to_b, to_c = (
        going(lambda call: Branch(call.flow_by_id("b").root)),
        going(lambda call: Branch(call.flow_by_id("c").root)),
    )
    fakes = {"first": to_b, "to_c": to_c, "after_c": build.doing(), "on": build.doing()}
    stage = walk(build, {"_": HERE}, CONTINUE, fakes=fakes, flows=flows)
    assert stage.path() == ["first", "to_c", "on", "after_c", "here"]


@pytest.mark.parametrize("children", [{}, {"_": {}}, {"K": HERE}], ids=["none", "empty", "another key"])
def test_branch_pushes_nothing_without_a_default(build: Any, children: dict[str, Any]) -> None:
    """B§2.2: only a non-empty `_` is pushed; the branch's end is then the flow's."""
    fakes = {"first": going(lambda call: Branch(call.flow_by_id("other").root))}
    stage = walk(build, children, CONTINUE, fakes=fakes, flows={"other": {"module": "on"}})
    assert stage.path() == ["first", "on"]
    assert stage.ends()["A"] == (0, "NORMAL_CLEARING", "flow")


def test_branch_to_an_empty_flow_resumes_at_once(build: Any) -> None:
    """B§2.2: launching `{}` is a stop, which pops what was just pushed."""
    fakes = {"first": going(lambda call: Branch(None))}
    assert walk(build, {"_": HERE}, CONTINUE, fakes=fakes).path() == ["first", "here"]


@pytest.mark.parametrize("pushes", [False, True], ids=["bare", "with a stack"])
def test_the_fifty_first_branch_ends_the_call(build: Any, pushes: bool) -> None:
    """B§2.2 and B§12 scenario 16: fifty branches run, the next one terminates and hangs up, whatever was pushed."""
    loop = {"module": "again", "children": {"_": {"module": "on"}} if pushes else {}}
    fakes = {"again": going(lambda call: Branch(call.flow_by_id("loop").root)), "on": build.doing()}
    stage = build.play(loop, fakes=fakes, flows={"loop": loop})
    assert stage.path() == ["again"] * 51
    assert [row.rule for row in stage.find(FLOW, "too many branches")] == ["max_branch_count=50"]
    assert stage.ends()["A"] == (0, "NORMAL_CLEARING", "flow")


def test_fifty_branches_are_allowed(build: Any) -> None:
    """B§2.1: the count starts at fifty, so the fiftieth branch still runs."""
    left = [50]

    def next_step(call: Any) -> Next:
        left[0] -= 1
        return Branch(call.flow_by_id("loop").root) if left[0] >= 0 else HARD_STOP

    fakes = {"again": going(next_step)}
    stage = build.play({"module": "again"}, (5, HangsUp()), fakes=fakes, flows={"loop": {"module": "again"}})
    assert stage.path() == ["again"] * 51
    assert stage.find(FLOW, "too many branches") == []
    assert stage.ends()["A"][2] == "caller"


@pytest.mark.parametrize(("with_branch", "path"), [(False, ["first", "on"]), (True, ["first", "swap", "on", "here"])])
def test_replace_flow_keeps_the_stack(build: Any, with_branch: bool, path: list[str]) -> None:
    """B§2.2: continue_with_flow drops the rest of this flow, pushes nothing, and keeps what was pushed before."""
    swap = going(lambda call: ReplaceFlow(call.flow_by_id("new").root))
    flows = {"new": {"module": "on"}, "mid": {"module": "swap", "children": {"_": {"module": "there"}}}}
    first = going(lambda call: Branch(call.flow_by_id("mid").root)) if with_branch else swap
    stage = walk(build, {"_": HERE}, CONTINUE, fakes={"first": first, "swap": swap}, flows=flows)
    assert stage.path() == path


def test_replace_flow_costs_no_branch(build: Any) -> None:
    """B§2.2: replacing a flow does not count."""
    left = [60]

    def next_step(call: Any) -> Next:
        left[0] -= 1
        return ReplaceFlow(call.flow_by_id("loop").root) if left[0] else STOP

    stage = build.play({"module": "again"}, fakes={"again": going(next_step)}, flows={"loop": {"module": "again"}})
    assert len(stage.path()) == 60
    assert stage.find(FLOW, "too many branches") == []


@pytest.mark.parametrize(("then", "row"), [(HARD_STOP, "hard stop"), (Transferred(), "transferred")])
def test_hard_stop_and_transfer_do_not_hang_up(build: Any, then: Next, row: str) -> None:
    """B§2.2: both end the flow at once, ignore the stack, and leave the caller's leg to whoever has it."""
    fakes = {"first": going(lambda call: Branch(call.flow_by_id("other").root)), "inner": build.doing(then=then)}
    stage = walk(build, {"_": HERE}, CONTINUE, fakes=fakes, flows={"other": {"module": "inner"}})
    assert stage.path() == ["first", "inner"]
    assert [each.at_ms for each in stage.find(FLOW, row)] == [0]
    assert stage.ends() == {"A": (1_000, "ORIGINATOR_CANCEL", "caller")}
    assert stage.engine.live_calls == ()


def test_a_script_that_hangs_up_ends_the_flow_whatever_it_returns(build: Any) -> None:
    """B§2.2: continue on a destroyed channel is a hard stop: no further node, no second hang-up."""
    stage = walk(build, {"_": HERE}, CONTINUE, fakes={"first": build.doing(HangUp(HangupCause.USER_BUSY))})
    assert stage.path() == ["first"]
    assert stage.ends() == {"A": (0, "USER_BUSY", "flow")}


@pytest.mark.parametrize("data", [{"skip_module": True}, {"skip_module": True, "nonsense": 1}])
@pytest.mark.parametrize("module", ["first", "nobody_knows_this"])
def test_skipped_and_unknown_modules_go_to_the_default(build: Any, module: str, data: dict[str, Any]) -> None:
    """B§2.2, B§12 scenarios 15 and 17: the node is entered, nothing runs, and the flow goes on to `_`."""
    fakes = {"first": build.doing(Answer(), then=STOP), "here": build.doing(then=HARD_STOP)}
    node = {"module": module, "data": data, "children": {"_": HERE, "K": {"module": "first"}}}
    stage = build.play(node, (10, HangsUp()), fakes=fakes)
    assert stage.path() == [module, "here"]
    assert stage.find(LEG, "CHANNEL_ANSWER") == []


@pytest.mark.parametrize(
    ("profile", "cause"), [("docs", "USER_BUSY"), ("kazoo-5", "USER_BUSY"), ("kazoo-4", "NORMAL_CLEARING")]
)
@pytest.mark.parametrize(
    "between", [{}, {"_": {"module": "never_heard_of"}}], ids=["at once", "past an unknown module"]
)
def test_a_fallen_cause_is_answered(build: Any, profile: str, cause: str, between: dict[str, Any]) -> None:
    """B§2.3: a key that matched neither child nor `_` ends the call with its cause, in Kazoo 4 with a plain hang-up.

    An unknown module on the way does not clear it (B§2.2).
    """
    stage = walk(build, between, Continue("USER_BUSY"), profile=profile)
    assert stage.ends()["A"] == (0, cause, "flow")
    assert [row.detail for row in stage.find(FLOW, "ended")] == [{"fallen": "USER_BUSY"}]


def test_a_fallen_cause_is_cleared_by_the_next_module(build: Any) -> None:
    """B§2.2: the remembered cause is cleared when a real module launches."""
    stage = walk(build, {"_": {"module": "on"}}, Continue("USER_BUSY"))
    assert stage.path() == ["first", "on"]
    assert stage.ends()["A"] == (0, "NORMAL_CLEARING", "flow")


def test_a_fallen_key_that_is_no_cause_is_a_plain_hang_up(build: Any) -> None:
    """B§2.3: a cause without a default response hangs up plainly."""
    assert walk(build, {}, Continue("NO_ENDPOINTS")).ends()["A"] == (0, "NORMAL_CLEARING", "flow")


class NoEffect:
    """Can be awaited, and is no effect."""

    def __await__(self) -> Any:
        """Hand out something that the engine does not know."""
        return (yield self)


@pytest.mark.parametrize("fault", ["raises", "awaits no effect", "returns no next", "returns nothing"])
def test_a_crashed_action_goes_to_the_default(build: Any, fault: str) -> None:
    """B§2.2: an ERROR row that names node and fault, and the flow goes on to `_`."""

    async def broken(call: Any, settings: Any) -> Any:
        """Be wrong in one of four ways."""
        if fault == "raises":
            raise ZeroDivisionError("by nothing")
        if fault == "awaits no effect":
            await NoEffect()
        return "somewhere" if fault == "returns no next" else None

    stage = walk(build, {"_": HERE}, CONTINUE, fakes={"first": broken})
    assert stage.path() == ["first", "here"]
    (row,) = stage.find(ERROR)
    said = {
        "raises": "ZeroDivisionError: by nothing",
        "awaits no effect": "which is no effect; await one of callflow.core.effects",
        "returns no next": "it returned 'somewhere'; return where the flow goes",
        "returns nothing": "it returned None; return where the flow goes",
    }
    assert row.detail["where"] == "flow"
    assert row.detail["message"].startswith("flow: action 'first' of call c1 failed: ")
    assert said[fault] in row.detail["message"]
