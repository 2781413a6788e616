"""Checks of a flow against the account that it runs in: whether those that it names are there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from callflow.core.diagnostic import Diagnostic
from callflow.core.directory import Account
from callflow.core.flow import Flow
from callflow.core.shown import shown
from callflow.core.spelling import nearest
from callflow.lint.nodes import value_of

_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "user": ("user", "nobody is rung, and the call goes on to NO_ENDPOINTS or `_`"),
    "device": ("device", "nobody is rung, and the call goes on to `_`"),
    "voicemail": ("mailbox", "no message is taken, and the call goes on to `_`"),
}
"""Modules whose `id` is somebody's: what that is, and what becomes of a call when the account has no such one (B§7)."""


def check_names(flow: Flow, account: Account) -> Iterator[Diagnostic]:
    """Yield a warning for each node whose user, device or mailbox the account lacks.

    An id that still has a placeholder, and one that is left out, are not judged.
    """
    there: Mapping[str, Collection[str]] = {
        "user": account.users,
        "device": account.devices,
        "voicemail": account.mailboxes,
    }
    for node in flow.nodes():
        if node.skip or node.module not in _NAMES:
            continue
        name = value_of(node, "id")
        if not isinstance(name, str) or not name or "{" in name or name in there[node.module]:
            continue
        what, outcome = _NAMES[node.module]
        meant = nearest(name, there[node.module])
        hint = f"did you mean {shown(meant)}?" if meant else f"write the {what} in the account"
        yield Diagnostic(
            f"unknown-{what}",
            "warning",
            f"{node.where}.data.id",
            f"the account has no {what} {shown(name)}: {outcome}",
            hint,
        )
