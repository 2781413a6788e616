"""Actions: a mark on a script, and the registry that collects the marked scripts of given Python modules.

Importing an action changes nothing anywhere: `@action` only sets an attribute, and a registry is an ordinary object
that a test may build from its own scripts.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any, TypeVar

from attrs import field, frozen

from callflow.core.errors import RegistrationError
from callflow.core.setting_fields import settings_problem

Script = Callable[[Any, Any], Coroutine[Any, Any, Any]]
"""What an action runs: `async def name(call, settings)`, awaiting effects."""

_MARK = "__callflow_action__"
_PARAMETERS = ("call", "settings")
_LONGEST_NAME = 64

F = TypeVar("F", bound=Callable[..., Any])


@frozen
class _Mark:
    name: object
    settings_class: object


def action(name: str, settings_class: type[Any]) -> Callable[[F], F]:
    """Mark an `async def` as the script of the callflow module `name`; `Registry.collect` finds and checks it."""

    def mark(script: F) -> F:
        setattr(script, _MARK, _Mark(name, settings_class))
        return script

    return mark


@frozen
class Action:
    """A callflow module that can run: its settings class, its script, a line of help and a sample node.

    `sample` is the first JSON object of the Python module's docstring whose `module` is this name, or None.
    """

    name: str
    settings_class: type[Any]
    script: Script
    help: str
    sample: Mapping[str, Any] | None = field(default=None, eq=False)


@frozen
class Registry:
    """Actions by name. Build one with `collect`."""

    _actions: Mapping[str, Action]

    @classmethod
    def collect(cls, python_modules: Iterable[ModuleType]) -> Registry:
        """Collect every marked script of `python_modules`; the same script found twice counts once.

        Raises RegistrationError, naming file and function, for two owners of a name and for a script that breaks the
        contract: `async def`, parameters (call, settings), a docstring, a frozen attrs settings class of `setting()`s.
        """
        actions: dict[str, Action] = {}
        for module in python_modules:
            for script in vars(module).values():
                mark = getattr(script, _MARK, None) if inspect.isfunction(script) else None
                if not isinstance(mark, _Mark):
                    continue
                found = _checked(mark, script, module)
                owner = actions.setdefault(found.name, found)
                if owner.script is not script:
                    problem = f"'{found.name}' already belongs to {_place(owner.script)}; give one of them another name"
                    raise RegistrationError(f"{_place(script)}: {problem}")
        return cls(dict(sorted(actions.items())))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all actions, in alphabetical order."""
        return tuple(self._actions)

    def find(self, name: str) -> Action | None:
        """Return the action of the callflow module `name`, or None."""
        return self._actions.get(name)

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions.values())


def _checked(mark: _Mark, script: Any, module: ModuleType) -> Action:
    problem = _problem(mark, script)
    if problem is not None:
        raise RegistrationError(f"{_place(script)}: {problem}")
    assert isinstance(mark.settings_class, type) and isinstance(mark.name, str)
    help_line = inspect.cleandoc(script.__doc__).splitlines()[0]
    return Action(mark.name, mark.settings_class, script, help_line, _sample(mark.name, module.__doc__ or ""))


def _problem(mark: _Mark, script: Any) -> str | None:
    if not isinstance(mark.name, str) or not 0 < len(mark.name) <= _LONGEST_NAME:
        return 'its name is not a string of 1 to 64 characters; write @action("module_name", Settings)'
    if not inspect.iscoroutinefunction(script):
        return "the script of an action must be async; write async def"
    parameters = tuple(inspect.signature(script).parameters)
    if parameters != _PARAMETERS:
        return f"the script takes ({', '.join(parameters)}); it must take exactly (call, settings)"
    if not (script.__doc__ or "").strip():
        return "the script has no docstring; say in a line what the module does"
    return settings_problem(mark.settings_class)


def _place(script: Any) -> str:
    code = script.__code__
    return f"{code.co_filename}:{code.co_firstlineno} {script.__qualname__}"


def _sample(name: str, text: str) -> Mapping[str, Any] | None:
    """Find the sample node; a brace that opens no JSON is prose."""
    for brace in re.finditer(r"^\s*(\{)", text, re.MULTILINE):
        try:
            node, _ = json.JSONDecoder().raw_decode(text, brace.start(1))
        except json.JSONDecodeError:
            continue
        if isinstance(node, dict) and node.get("module") == name:
            return node
    return None
