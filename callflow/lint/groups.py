"""Checks of the groups that a flow rings."""

from __future__ import annotations

from collections.abc import Iterator

from callflow.core.diagnostic import Diagnostic
from callflow.core.flow import Flow
from callflow.lint.nodes import value_of


def check_groups(flow: Flow) -> Iterator[Diagnostic]:
    """Yield a warning for each ring_group that names nobody, and is passed at once (B§7.3)."""
    for node in flow.nodes():
        names_nobody = not value_of(node, "endpoints") and not value_of(node, "group_id")
        if node.module == "ring_group" and not node.skip and names_nobody:
            message = "there are no endpoints and no group_id: nobody is rung (NO_ENDPOINTS)"
            hint = 'write "endpoints": [{"endpoint_type": "user", "id": …}]'
            yield Diagnostic("nobody-to-ring", "warning", f"{node.where}.data", message, hint)
