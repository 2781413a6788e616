"""resources and offnet: the party outside, and where a failure leads (B§7.16)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.causes import HangupCause
from callflow.core.events import Answers, HangsUp, Rejects
from callflow.core.trace import EVENT, LEG

NOTE = {"module": "noop"}
BUSY = (2_000, Rejects(HangupCause.USER_BUSY), "B")


def node(module: str = "resources", children: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """A node that calls outside."""
    return {"module": module, "data": data, "children": children or {}}


def inside(children: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a run in which a flow that calls outside was branched to, and something was pushed."""
    return {"flows": {"inner": node(children=children)}}


OUTER = {"module": "callflow", "data": {"id": "inner"}, "children": {"_": {"module": "tts", "data": {"text": "x"}}}}


@pytest.mark.parametrize("module", ["resources", "offnet"])
def test_a_talk_with_somebody_outside(build: Any, module: str) -> None:
    """B§7.16, SUCCESS: the party `outside` rings without a device of the account; its talk ends the flow."""
    stage = build.play(node(module, {"_": NOTE}), (3_000, Answers(), "B"), (9_000, HangsUp(), "B"))
    assert stage.find(LEG, "CHANNEL_CREATE", "B")[0].detail == {"to": "NEW", "party": "outside", "device": ""}
    assert stage.ends() == {"B": (9_000, "NORMAL_CLEARING", "outside"), "A": (9_000, "NORMAL_CLEARING", "outside")}
    assert stage.path() == [module]


def test_the_stack_is_resumed_after_a_talk(build: Any) -> None:
    """B§7.16: SUCCESS is a stop, so a pushed node runs."""
    stage = build.play(OUTER, (3_000, Answers(), "B"), (9_000, HangsUp(), "B"), **inside({}))
    assert stage.path() == ["callflow", "resources", "tts"]


@pytest.mark.parametrize(("data", "at_ms"), [({}, 60_000), ({"timeout": 25}, 25_000), ({"timeout": 0}, 60_000)])
def test_how_long_it_rings(build: Any, data: dict[str, Any], at_ms: int) -> None:
    """B§7.16: `timeout` in seconds, otherwise a minute."""
    assert build.play(node(**data)).ends()["B"][:2] == (at_ms, "NO_ANSWER")


@pytest.mark.parametrize(
    "children", [{"USER_BUSY": NOTE}, {"sip:486": NOTE}, {"USER_BUSY": {}, "sip:486": NOTE, "_": {"module": "answer"}}]
)
def test_a_failure_takes_its_branch(build: Any, children: dict[str, Any]) -> None:
    """B§7.16: the cause's name, then its code, where the child is not empty."""
    stage = build.play(node(children=children), BUSY)
    assert (stage.path(), stage.ends()["A"]) == (["resources", "noop"], (2_000, "NORMAL_CLEARING", "flow"))


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
@pytest.mark.parametrize("children", [{}, {"_": {}}])
def test_without_branches_the_call_is_refused(build: Any, profile: str, children: dict[str, Any]) -> None:
    """B§7.16, B§2.5: no branch and an empty `_`: the cause's default response."""
    stage = build.play(node(children=children), BUSY, profile=profile)
    assert [row.detail["status"] for row in stage.find(EVENT, "response")] == [486]
    assert (stage.path(), stage.ends()["A"]) == (["resources"], (2_000, "USER_BUSY", "flow"))


@pytest.mark.parametrize("profile", ["docs", "kazoo-4"])
def test_the_default_child_never_runs(build: Any, profile: str) -> None:
    """B§12 scenario 14: with a `_` nobody responds; Kazoo 4 hangs up with the cause."""
    stage = build.play(node(children={"_": NOTE}), BUSY, profile=profile)
    assert (stage.path(), stage.find(EVENT, "response")) == (["resources"], [])
    assert stage.ends()["A"] == (2_000, "USER_BUSY", "flow")


def test_kazoo_5_leaves_the_caller_parked(build: Any) -> None:
    """B§12 scenario 14: with a `_` Kazoo 5 neither responds nor hangs up; the leg lives until somebody clears it."""
    stage = build.play(node(children={"_": NOTE}), BUSY, (50_000, HangsUp()), profile="kazoo-5")
    assert (stage.path(), stage.find(EVENT, "response")) == (["resources"], [])
    assert stage.ends()["A"] == (50_000, "ORIGINATOR_CANCEL", "caller")


@pytest.mark.parametrize(("profile", "resumed"), [("docs", True), ("kazoo-4", True), ("kazoo-5", False)])
def test_the_stack_after_a_failure(build: Any, profile: str, resumed: bool) -> None:
    """B§7.16: the failure pops the stack where it is a stop; in Kazoo 5 it is a hard stop."""
    stage = build.play(OUTER, BUSY, (50_000, HangsUp()), profile=profile, **inside({"_": NOTE}))
    assert (stage.path() == ["callflow", "resources", "tts"]) is resumed


def test_an_answered_caller_is_not_refused(build: Any) -> None:
    """B§2.5: a status means nothing after the answer: the call ends with the cause."""
    stage = build.play({"module": "answer", "children": {"_": node()}}, BUSY)
    assert (stage.find(EVENT, "response"), stage.ends()["A"]) == ([], (2_000, "USER_BUSY", "flow"))


def test_a_cause_without_a_response(build: Any) -> None:
    """B§2.5: about thirty causes have none: the call ends with the cause."""
    stage = build.play(node(), (2_000, Rejects(HangupCause.UNWANTED), "B"))
    assert (stage.find(EVENT, "response"), stage.ends()["A"]) == ([], (2_000, "UNWANTED", "flow"))


@pytest.mark.parametrize("at_ms", [500, 5_000])
def test_the_caller_leaves(build: Any, at_ms: int) -> None:
    """B§7.16: the caller who hangs up, ringing or talking, ends the flow."""
    stage = build.play(node(children={"_": NOTE}), (1_000, Answers(), "B"), (at_ms, HangsUp()))
    assert (stage.path(), stage.ends()["A"][0]) == (["resources"], at_ms)


def test_an_own_ringback(build: Any) -> None:
    """B§7.16: ringback media is heard instead of the usual one."""
    assert build.play(node(ringback="song", timeout=8)).sounds() == ["song", "song"]
