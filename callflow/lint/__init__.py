"""The linter: what can be said about a callflow's recordings without placing a call."""

from __future__ import annotations

from callflow.core.diagnostic import Diagnostic
from callflow.core.endpoints import SystemMedia
from callflow.core.flow import Flow
from callflow.lint.groups import check_groups
from callflow.lint.paths import check_paths
from callflow.lint.starts import check_starts

__all__ = ["lint_flow"]


def lint_flow(flow: Flow, *, system: SystemMedia | None = None) -> tuple[Diagnostic, ...]:
    """Return what loading remarked and what the static checks find, in this order.

    `system` holds the settings of the system that will run the flow; without it Kazoo's defaults are taken, under
    which a recording without url is stored nowhere (C18). A flow's faults are not repeated here.
    """
    settings = system or SystemMedia()
    return (*flow.diagnostics, *check_starts(flow, settings), *check_groups(flow), *check_paths(flow, settings))
