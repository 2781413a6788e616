"""The executor: walks a flow's nodes, runs their scripts, and goes where they say (B§2).

A flow run is an object of its own under the call: ending one never touches recordings.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from callflow.core.call import Call, FlowRun, Leg
from callflow.core.causes import HangupCause
from callflow.core.effects import (
    CONTINUE,
    STOP,
    Attempt,
    Branch,
    Continue,
    DropTake,
    HardStop,
    HungUp,
    KeepTake,
    Next,
    ReplaceFlow,
    Stop,
    StopRecording,
    Transferred,
)
from callflow.core.errors import ActionError, CallflowError
from callflow.core.exchange import Exchange
from callflow.core.flow import Node
from callflow.core.leg import LegState
from callflow.core.switch import hang_up, settle_call
from callflow.core.trace import ERROR, FLOW, NODE

MAX_BRANCHES: Final = 50
"""How often a call may branch into another flow; the next branch ends it (B§2.1)."""

PENDING: Final = object()
"""What carrying out an effect returns when the script must wait; `resume` brings the answer later."""

DONE: Final = object()
"""The answer of an effect that was waited for and has nothing to say: only a `Deed` may be answered with None."""

_NEXT_TYPES: Final = frozenset(get_args(Next))

_GONE: Final = LegState.GONE
_NEEDS_NO_CALLER: Final = (KeepTake, DropTake, StopRecording)


def start_flow(exchange: Exchange, call: Call, leg: Leg, root: Node | None, flow_name: str, because: int) -> None:
    """Let a flow control a leg of a call, from its root; `{}` as root hangs the leg up at once."""
    run = call.run = FlowRun(exchange, call, leg, root, flow_name, MAX_BRANCHES)
    begin(exchange, run, because)


def begin(exchange: Exchange, run: FlowRun, because: int) -> None:
    """Run a flow from the node that its run is at."""
    root = run.node
    if root is None:
        _terminate(exchange, run, because)
    else:
        _launch(exchange, run, root, because)


def resume(exchange: Exchange, run: FlowRun, answer: Any, because: int) -> None:
    """Give a waiting script its answer, and follow the flow until the next script waits."""
    run.waiting = None
    call = run.call
    step = _play_on(exchange, run, DONE if answer is None else answer, None, because)
    if step is not None:
        node = _follow(exchange, run, step, because)
        if node is not None:
            _launch(exchange, run, node, because)
        settle_call(exchange, call, because)


def throw_hung_up(exchange: Exchange, run: FlowRun, because: int) -> None:
    """Tell a waiting script that the caller has left."""
    run.waiting = None
    step = _play_on(exchange, run, None, HungUp(), because)
    if step is not None:
        _follow(exchange, run, step, because)


def abandon(exchange: Exchange, run: FlowRun, name: str, because: int) -> None:
    """End a run whose leg goes elsewhere: its script is closed where it waits, and nobody is hung up (B§2.4)."""
    script, run.script, run.waiting = run.script, None, None
    run.is_over = True
    exchange.note(run.call.id, run.leg.id, FLOW, name, None, because)
    try:
        script.close()
    except Exception as error:  # the action's own, as in _play_on
        _crashed(exchange, run, error, because)


def _launch(exchange: Exchange, run: FlowRun, first: Node, because: int) -> None:
    """Enter a node, and the ones after it, until a script waits or the flow ends."""
    node: Node | None = first
    call = run.call
    while node is not None:
        run.enter(node)
        call.talk_ended_by = ""
        cause = exchange.note(call.id, run.leg.id, NODE, node.module, node.shown, because)
        step: Next = CONTINUE
        if node.action is not None and not node.skip:
            run.fallen = ""
            run.script = node.action.script(run, node.settings)
            wanted = _play_on(exchange, run, None, None, cause)
            if wanted is None:
                return
            step = wanted
        node = _follow(exchange, run, step, cause)
        because = cause
    settle_call(exchange, call, because)


def _play_on(exchange: Exchange, run: FlowRun, answer: Any, thrown: HungUp | None, because: int) -> Next | None:
    """Run the script up to its next wait (None) or its end (where it wants to go)."""
    script = run.script
    try:
        while True:
            effect = script.throw(thrown) if thrown is not None else script.send(answer)
            carry_out = exchange.carry_out.get(type(effect))
            if carry_out is None:
                raise ActionError(f"it awaited {effect!r:.80}, which is no effect; await one of callflow.core.effects")
            if run.leg.state is _GONE and not isinstance(effect, _NEEDS_NO_CALLER):
                thrown = HungUp()
                continue
            thrown = None
            answer = carry_out(exchange, run, effect, because)
            if answer is PENDING:
                return None
    except StopIteration as done:
        run.script = None
        if type(done.value) in _NEXT_TYPES:
            return done.value  # type: ignore[no-any-return]
        return _crashed(
            exchange, run, ActionError(f"it returned {done.value!r:.80}; return where the flow goes"), because
        )
    except HungUp:
        run.script = thrown = None  # its traceback holds this frame: kept here, it would keep the call alive (law 8)
        return STOP
    except ActionError as error:
        return _crashed(exchange, run, error, because)
    except CallflowError:
        raise  # not the script's: a wrong document or a fault of our own
    except Exception as error:
        return _crashed(exchange, run, error, because)


def _crashed(exchange: Exchange, run: FlowRun, error: Exception, because: int) -> Next:
    """An action raised: an ERROR row, and the flow goes on to `_` as in production (B§2.2); under pytest it raises."""
    run.script = None
    node = run.node
    assert node is not None
    what = f"{node.where}: action '{node.module}' of call {run.call.id} failed: {type(error).__name__}: {error}"
    if exchange.setting.raises:
        raise ActionError(what) from error
    detail = {"where": node.where, "message": what}
    exchange.note(run.call.id, run.leg.id, ERROR, "action failed", detail, because, "B§2.2")
    return CONTINUE


def _follow(exchange: Exchange, run: FlowRun, step: Next, because: int) -> Node | None:
    """Decide the node after a script's last word; None when the flow is over or the caller gone (B§2.2)."""
    node = run.node
    assert node is not None
    call = run.call
    if run.leg.state is _GONE or isinstance(step, (HardStop, Transferred)):
        name = "transferred" if isinstance(step, Transferred) else "hard stop"
        exchange.note(call.id, run.leg.id, FLOW, name, None, because)
        run.is_over = True
        return None
    if isinstance(step, Continue):
        return _child(exchange, run, node, step.key, because)
    if isinstance(step, Attempt):
        key = next((key for key in step.keys if node.children.get(key) is not None), "_")
        return _child(exchange, run, node, key, because)
    if isinstance(step, Stop):
        return _stop(exchange, run, step.cause, because)
    if isinstance(step, ReplaceFlow):
        return step.node or _stop(exchange, run, None, because)
    return _branch(exchange, run, node, step, because)


def _child(exchange: Exchange, run: FlowRun, node: Node, key: str, because: int) -> Node | None:
    """The child of that key, else `_`; an empty child or none at all stops the flow."""
    children = node.children
    if key in children:
        child = children[key]
    else:
        run.fallen = key if key != "_" else run.fallen
        child = children.get("_")
    return child if child is not None else _stop(exchange, run, None, because)


def _stop(exchange: Exchange, run: FlowRun, cause: HangupCause | None, because: int) -> Node | None:
    if run.pushed:
        *pushed, node = run.pushed
        run.pushed = tuple(pushed)
        exchange.note(
            run.call.id, run.leg.id, FLOW, "resumed", {"where": node.where}, because, "law: stop pops the stack (B§2.2)"
        )
        return node
    if cause is not None:
        run.is_over = True
        hang_up(exchange, run, cause, because, run.call.talk_ended_by or "flow")
        return None
    _terminate(exchange, run, because)
    return None


def _branch(exchange: Exchange, run: FlowRun, node: Node, step: Branch, because: int) -> Node | None:
    if run.branches_left <= 0:
        rule = f"max_branch_count={MAX_BRANCHES}"
        exchange.note(run.call.id, run.leg.id, FLOW, "too many branches", None, because, rule)
        run.pushed = ()
        _terminate(exchange, run, because)
        return None
    run.branches_left -= 1
    after = node.children.get("_")
    if after is not None:
        run.pushed = (*run.pushed, after)
    return step.node if step.node is not None else _stop(exchange, run, None, because)


def _terminate(exchange: Exchange, run: FlowRun, because: int) -> None:
    """The flow is over: the caller is hung up, with the fallen cause where the profile answers it (B§2.3)."""
    run.is_over = True
    call = run.call
    cause = exchange.note(call.id, run.leg.id, FLOW, "ended", {"fallen": run.fallen} if run.fallen else None, because)
    hangup_cause = HangupCause.NORMAL_CLEARING
    if run.fallen and exchange.setting.profile.answers_fallen_cause:
        hangup_cause = HangupCause.__members__.get(run.fallen, hangup_cause)
    hang_up(exchange, run, hangup_cause, cause, call.talk_ended_by or "flow")
