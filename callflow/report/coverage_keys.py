"""Which children a module can go to: what it asks for by name, and whether it ever goes on to `_` (B§1.3, B§7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from callflow.core.flow import Node

DEFAULT: Final = "_"
"""The branch that is taken when a module asks for no other, or for one that the document lacks."""

_CAUSE: Final = re.compile(r"[A-Z][A-Z0-9_]*|sip:[1-6][0-9]{2}")
_ASKED: Final[Mapping[str, re.Pattern[str]]] = {
    **dict.fromkeys(("user", "device", "group", "ring_group", "resources", "offnet"), _CAUSE),
    "menu": re.compile(r"[0-9*#A-D]+|timeout|max_retries"),
    "check_cid": re.compile(r"match|nomatch|[+*#0-9]+"),
    "cidlistmatch": re.compile(r"match|nomatch"),
    **dict.fromkeys(("temporal_route", "branch_variable", "branch_bnumber"), re.compile(r".+", re.DOTALL)),
    "park": re.compile(r"[0-9*#]+|MAX_SLOT_EXCEEDED"),
    "fax_detect": re.compile(r"ON_FAX|ON_VOICE"),
    "nomorobo": re.compile(r"[0-9]|10"),
}
"""Modules that ask for other keys than `_`, and how these look; the words of causes are not told from misspelt ones."""

_NEVER_DEFAULT: Final = frozenset(
    {"hangup", "dead_air", "wait_for_hangup", "response", "transfer", "resources", "offnet"}
)
"""Modules after which no flow goes on to `_`: the call ends, or has gone elsewhere (B§1.3, B§7)."""


def may_go_to(node: Node, key: str) -> bool:
    """Whether the flow can go from this node to its child of that key, whatever happens in a call.

    A node that is skipped, or that nobody simulates, goes on to `_` alone (B§2.2).
    """
    is_passed_over = node.skip or node.action is None
    if key == DEFAULT:
        return is_passed_over or node.module not in _NEVER_DEFAULT
    asked = None if is_passed_over else _ASKED.get(node.module)
    return asked is not None and asked.fullmatch(key) is not None


def is_fallback(node: Node, key: str) -> bool:
    """Whether this is the `_` of a module that asks for other keys first."""
    is_run = node.action is not None and not node.skip
    return key == DEFAULT and is_run and node.module in _ASKED and may_go_to(node, key)
