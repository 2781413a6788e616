"""What Kazoo knows about a callflow module's `data`: the shapes that `callflow.schemas` fills from its file.

The simulator's own settings classes decide what is read; these shapes tell a known key from a misspelt one, and a
module that Kazoo has from a name that nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class KeySchema:
    """One key of a module's `data`, with Kazoo's type, default and bounds (`reference` schemas; B§7, B§11).

    `type` is JSON's (`string`, `integer`, `boolean`, `object`, `array`) or several joined by `|`; `default` is None
    when Kazoo states none; `minimum` and `maximum` bound a number, `shortest` and `longest` the length of a string.
    """

    type: str
    default: object = None
    minimum: int | None = None
    maximum: int | None = None
    shortest: int | None = None
    longest: int | None = None
    one_of: tuple[str, ...] = ()
    required: bool = False


@frozen
class ModuleSchema:
    """One callflow module: its name, what it does in a line, and every key that its `data` may hold."""

    name: str
    does: str
    keys: Mapping[str, KeySchema] = field(factory=dict)
