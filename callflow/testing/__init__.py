"""Testing callflows: the API behind the pytest plugin (design §8), and `callflow test`.

What a test needs to name is here, and is imported when it is asked for: pytest loads this room in every project.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from callflow.core.causes import CompletionCause, EndedBy, HangupCause
    from callflow.core.errors import ActionError, CallflowError, FlowError, ScenarioError
    from callflow.core.recorder import RecorderState
    from callflow.core.trace import Row
    from callflow.report.results import RecordingResult, RunResult
    from callflow.testing.calls import Calls
    from callflow.testing.finished import FinishedRun
    from callflow.testing.impossible import NoRecording, StepNotPossible
    from callflow.testing.live_recording import LiveRecording
    from callflow.testing.placed_call import PlacedCall
    from callflow.testing.virtual_now import VirtualNow

__all__ = [
    "ActionError", "CallflowError", "Calls", "CompletionCause", "EndedBy", "FinishedRun", "FlowError", "HangupCause",
    "LiveRecording", "NoRecording", "PlacedCall", "RecorderState", "RecordingResult", "Row", "RunResult",
    "ScenarioError", "StepNotPossible", "VirtualNow",
]  # fmt: skip

_HOMES: Final = {
    "callflow.core.causes": ("CompletionCause", "EndedBy", "HangupCause"),
    "callflow.core.errors": ("ActionError", "CallflowError", "FlowError", "ScenarioError"),
    "callflow.core.recorder": ("RecorderState",),
    "callflow.core.trace": ("Row",),
    "callflow.report.results": ("RecordingResult", "RunResult"),
    "callflow.testing.calls": ("Calls",),
    "callflow.testing.finished": ("FinishedRun",),
    "callflow.testing.impossible": ("NoRecording", "StepNotPossible"),
    "callflow.testing.live_recording": ("LiveRecording",),
    "callflow.testing.placed_call": ("PlacedCall",),
    "callflow.testing.virtual_now": ("VirtualNow",),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
