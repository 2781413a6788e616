"""The registry: what is collected, and every mistake of an action's author (design §9)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import attrs
import pytest
from attrs import frozen

from callflow.core.errors import RegistrationError
from callflow.core.registry import Registry, action
from callflow.core.settings import setting

SAMPLE_DOC = """Waits a while.

Prose with a { brace, then the sample:

    {"module": "nap", "data": {"duration": 3}}
"""


@frozen
class NapSettings:
    """Settings of a made-up module."""

    duration: int = setting(0, help="Seconds.")


@attrs.define
class LooseSettings:
    """Settings that are not frozen."""

    duration: int = setting(0, help="Seconds.")


@action("nap", NapSettings)
async def nap(call: Any, settings: NapSettings) -> None:
    """Sleep a little.

    More text.
    """


def module_of(*scripts: object, doc: str = "") -> ModuleType:
    """A Python module that holds the given things."""
    module = ModuleType("made_up", doc)
    for index, script in enumerate(scripts):
        setattr(module, f"thing_{index}", script)
    return module


def test_a_marked_script_is_collected() -> None:
    """An action knows its name, settings, script, the first line of its docstring and the module's sample node."""
    registry = Registry.collect([module_of(nap, NapSettings, 3, doc=SAMPLE_DOC)])
    found = registry.find("nap")
    assert found is not None
    assert (found.settings_class, found.script, found.help) == (NapSettings, nap, "Sleep a little.")
    assert found.sample == {"module": "nap", "data": {"duration": 3}}
    assert registry.names == ("nap",)
    assert [each.name for each in registry] == ["nap"]


def test_an_unknown_name_is_none() -> None:
    """Asking for a module that nobody wrote is no error: the flow goes on without it (B§2.2)."""
    assert Registry.collect([]).find("nap") is None


def test_the_mark_changes_nothing_else() -> None:
    """A script that is imported by a second module has still one owner."""
    assert Registry.collect([module_of(nap), module_of(nap)]).names == ("nap",)


def test_a_module_without_sample_has_none() -> None:
    """Prose, broken JSON and other modules' nodes are no sample."""
    found = Registry.collect([module_of(nap, doc='text\n {broken\n {"module": "other"}\n')]).find("nap")
    assert found is not None and found.sample is None


def test_two_owners_of_a_name_are_refused() -> None:
    """One name, one script; the message names both places."""

    @action("nap", NapSettings)
    async def doze(call: Any, settings: NapSettings) -> None:
        """Sleep elsewhere."""

    with pytest.raises(RegistrationError, match=r"test_registry.*doze: 'nap' already belongs to .*nap; give one"):
        Registry.collect([module_of(nap), module_of(doze)])


def _plain(call: Any, settings: Any) -> None:
    """Not async."""


async def _undocumented(call: Any, settings: Any) -> None: ...


async def _wrong_parameters(call: Any, data: Any) -> None:
    """Other names."""


async def _fine(call: Any, settings: Any) -> None:
    """Fine."""


@pytest.mark.parametrize(
    ("script", "name", "settings_class", "message"),
    [
        (_plain, "nap", NapSettings, "must be async; write async def"),
        (_undocumented, "nap", NapSettings, "no docstring"),
        (_wrong_parameters, "nap", NapSettings, r"takes \(call, data\); it must take exactly \(call, settings\)"),
        (_fine, "nap", LooseSettings, "LooseSettings is not frozen"),
        (_fine, "nap", dict, "dict is not an attrs class"),
        (_fine, "", NapSettings, "not a string of 1 to 64 characters"),
        (_fine, "n" * 65, NapSettings, "not a string of 1 to 64 characters"),
    ],
)
def test_a_broken_contract_is_refused(script: Any, name: str, settings_class: Any, message: str) -> None:
    """Each mistake is named with file and function, before any call runs."""
    marked = action(name, settings_class)(script)
    with pytest.raises(RegistrationError, match=rf"test_registry\.py:\d+ {script.__name__}: .*{message}"):
        Registry.collect([module_of(marked)])
