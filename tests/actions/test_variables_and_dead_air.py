"""set_variable and dead_air (B§7.9, B§7.10), and the keys of transfer (B§7.13)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.actions.transfer_settings import TransferSettings
from callflow.core.effects import CONTINUE, Next
from callflow.core.events import HangsUp, Presses
from callflow.core.keeping import SetVariable
from callflow.core.settings import read_settings
from callflow.core.trace import EVENT, LEG, WARNING
from callflow.schemas import module_schemas

NOTE = {"module": "noop"}


def node(**data: Any) -> dict[str, Any]:
    """A set_variable node."""
    return {"module": "set_variable", "data": data, "children": {"_": NOTE}}


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        ({"variable": "call_priority", "value": "5"}, {"name": "Call-Priority", "value": "5", "channel": "a"}),
        (
            {"variable": "group_id", "value": "x", "channel": "both"},
            {"name": "Group-ID", "value": "x", "channel": "both"},
        ),
    ],
)
def test_a_variable_is_set(build: Any, data: dict[str, Any], detail: dict[str, str]) -> None:
    """B§7.10: the channel's name for it, and its value; the call goes on at once."""
    stage = build.play(node(**data))
    assert [row.detail for row in stage.find(EVENT, "variable set")] == [detail]
    assert (stage.path(), stage.ends()["A"][0]) == (["set_variable", "noop"], 0)


def test_another_variable_is_passed_over(build: Any) -> None:
    """B§7.10: only two can be set; any other is named in a warning, and the call goes on."""
    stage = build.play(node(variable="billing_code", value="5"))
    assert (stage.find(EVENT, "variable set"), stage.path()) == ([], ["set_variable", "noop"])
    (warning,) = stage.find(WARNING, "unknown-variable")
    assert "no callflow can set 'billing_code'" in warning.detail["message"]


def test_the_value_stays_on_the_call(build: Any) -> None:
    """B§7.10: a later script reads it; the last value counts, and another call has its own."""
    seen: list[str | None] = []

    async def script(call: Any, settings: Any) -> Next:
        """Set a variable twice, and read it."""
        seen.append(call.variable("Group-ID"))
        await SetVariable("Group-ID", "one")
        await SetVariable("Group-ID", "two")
        seen.append(call.variable("Group-ID"))
        return CONTINUE

    stage = build.stage({"module": "script"}, fakes={"script": script})
    stage.offer("c1").offer("c2").run()
    assert seen == [None, "two", None, "two"]


def test_dead_air(build: Any) -> None:
    """B§7.9: answers, plays nothing, hears nothing, and stops at the hang-up."""
    document = {"module": "dead_air", "data": {}, "children": {"_": NOTE}}
    stage = build.play(document, (5_000, Presses("1")), (9_000, HangsUp()))
    assert (stage.times(LEG, "CHANNEL_ANSWER"), stage.sounds()) == ([0], [])
    assert (stage.path(), stage.ends()["A"]) == (["dead_air"], (9_000, "NORMAL_CLEARING", "caller"))


def test_the_keys_of_transfer() -> None:
    """B§7.13: every key that Kazoo has, with its default; what is out of bounds is refused."""
    reading = read_settings(TransferSettings, {"target": "2002", "leg": "bleg"}, "data", bounds_are_errors=True)
    assert reading.settings == TransferSettings(
        target="2002", leg="bleg", transfer_type="blind", captures=("no_match",)
    )
    keys = {each.name for each in TransferSettings.__attrs_attrs__}
    assert keys == {*module_schemas()["transfer"].keys} - {"skip_module"}
    wrong = read_settings(TransferSettings, {"leg": "c", "transfer_type": "x"}, "data", bounds_are_errors=True)
    assert [fault.where for fault in wrong.faults] == ["data.leg", "data.transfer_type"]
