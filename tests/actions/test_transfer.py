"""transfer: which number, which leg, and that the flow never goes on (B§7.13)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from callflow.core.directory import FlowDocument
from callflow.core.errors import RunawayError
from callflow.core.events import Answers, HangsUp

RING_BOB = {"module": "device", "data": {"id": "bob-desk"}}
SONG = {"module": "play", "data": {"id": "song"}}


def transfer(**data: Any) -> dict[str, Any]:
    """A flow that transfers the call; its child must never run."""
    return {"module": "transfer", "data": data, "children": {"_": SONG}}


def play(build: Any, document: Any, *tells: Any, **flow: Any) -> Any:
    """Run one call, whose own number 2001 is answered as `flow` says; 2002 rings bob's desk."""
    account = build.with_flow(build.household(), "to-bob", "2002")
    own = FlowDocument("own", "own", flow.get("numbers", ()), flow.get("patterns", ()), {})
    account = evolve(account, flows=(*account.flows, own))
    return build.play(document, *tells, account=account, flows={"to-bob": RING_BOB, "own": RING_BOB})


def test_the_leg_goes_to_the_number(build: Any) -> None:
    """B§7.13: TRANSFEREE ends the flow, the number's flow controls the leg, and no child runs."""
    stage = play(build, transfer(target="2002", leg="self"), (1_000, Answers(), "B"), (3_000, HangsUp(), "B"))
    assert stage.path() == ["transfer", "device"]
    assert stage.events()[:3] == ["CHANNEL_CREATE(A)", "CHANNEL_TRANSFEREE(A)", "CHANNEL_CREATE(B)"]
    assert [row.name for row in stage.find("FLOW")] == ["transferred", "routed", "ended"]
    assert stage.ends()["A"] == (3_000, "NORMAL_CLEARING", "bob")


@pytest.mark.parametrize(
    ("data", "number", "flow"),
    [
        ({"target": "2002"}, "2002", {"patterns": ("^20(0[0-9])$",)}),
        ({}, "001", {"patterns": ("^2(001)$",)}),
        ({"captures": ["to"]}, "01", {"patterns": ("^(20)(?P<to>01)$",)}),
        ({"captures": ["other"]}, "200", {"patterns": ("^(200)(?P<to>1)$",)}),
        ({}, "2001", {"numbers": ("2001",)}),
    ],
)
def test_which_number(build: Any, data: Any, number: str, flow: Any) -> None:
    """B§7.13: the target, else what the flow's pattern captured, else the number that was dialled."""
    stage = play(build, transfer(leg="self", **data), (30_000, HangsUp()), **flow)
    assert stage.find("EVENT", "CHANNEL_TRANSFEREE")[0].detail == {"number": number}


@pytest.mark.parametrize("flow", [{"numbers": ("2001",)}, {}])
@pytest.mark.parametrize("data", [{}, {"leg": "bleg"}])
def test_without_another_leg_nobody_is_transferred(build: Any, data: Any, flow: Any) -> None:
    """B§7.13: the other leg is the default, and a flow runs while there is none: the call is parked, with a warning."""
    stage = play(build, transfer(target="2002", **data), (9_000, HangsUp()), **flow)
    assert stage.path() == ["transfer"]
    [warning] = stage.find("WARNING")
    assert (warning.name, warning.rule) == ("nobody-to-transfer", "transfer.leg=bleg")
    assert stage.ends()["A"] == (9_000, "ORIGINATOR_CANCEL", "caller")


def test_in_a_no_match_flow_the_leg_itself_goes(build: Any) -> None:
    """B§7.13: self is the default there."""
    stage = play(build, transfer(target="2002"), (9_000, HangsUp()), numbers=("no_match",))
    assert stage.path() == ["transfer", "device"]


def test_nobody_consults_for_a_flow(build: Any) -> None:
    """B§7.13: attended or blind, the leg goes at once; the row says so."""
    stage = play(build, transfer(target="2002", leg="self", transfer_type="attended"), (9_000, HangsUp()))
    [transferee] = stage.find("EVENT", "CHANNEL_TRANSFEREE")
    assert transferee.rule.startswith("transfer.transfer_type=attended")
    assert stage.path() == ["transfer", "device"]


def test_who_hangs_up_at_once_is_not_transferred(build: Any) -> None:
    """B§2.2: the caller's end comes first: the leg goes nowhere."""
    stage = play(build, transfer(target="2002", leg="self"), (0, HangsUp()))
    assert stage.events("CHANNEL_TRANSFEREE") == []
    assert stage.path() == ["transfer"]


def test_transfers_without_end_are_named(build: Any) -> None:
    """Design §12: a flow that sends the leg to its own number runs into the limit of rows, which names the loop."""
    account = build.with_flow(build.household(), "own", "2001")
    stage = build.stage(
        transfer(leg="self"), account=account, flows={"own": transfer(leg="self")}, limits={"max_rows": 500}
    )
    with pytest.raises(RunawayError, match="it repeats"):
        stage.offer().run()
