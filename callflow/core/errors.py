"""The exceptions of the simulator, sorted by whose fault they are (design §9).

Message form everywhere: *where: what is wrong; what would be right.*
"""

from __future__ import annotations


class CallflowError(Exception):
    """Base of every error that this package raises on purpose; catch it to catch them all."""


class DocumentError(CallflowError):
    """The author of a document made a mistake: the command line answers with exit status 2.

    `where` is file, line and JSON path as far as known (`flow.json:12: flow.children._`), `problem` says what is
    wrong, `hint` what would be right; any of the first and last may be empty.
    """

    def __init__(self, where: str, problem: str, hint: str = "") -> None:
        self.where = where
        self.problem = problem
        self.hint = hint
        super().__init__(where, problem, hint)

    def __str__(self) -> str:
        start = f"{self.where}: " if self.where else ""
        end = f"; {self.hint}" if self.hint else ""
        return f"{start}{self.problem}{end}"


class FlowError(DocumentError):
    """A callflow document is wrong: broken JSON, an ill-typed setting, a module that is not simulated."""


class ScenarioError(DocumentError):
    """A scenario, an account file or a command-line value is wrong. A callflow's own faults are `FlowError`."""


class RegistrationError(CallflowError):
    """An action's author made a mistake that shows when the action is collected, before any call runs."""


class ActionError(CallflowError):
    """An action's author made a mistake that shows while a call runs: it raised, or awaited what is no effect.

    Raised under pytest and in strict engines only; otherwise it is an ERROR row and the flow goes on (B§2.2).
    """


class ImpossibleEvent(CallflowError):
    """A table met an event that its author declared impossible: our bug, exit status 3, please report."""


class StuckCall(CallflowError):
    """An effect was never answered although nothing is left to happen: the world that drives the engine forgot it."""


class RunawayError(CallflowError):
    """A run passed its limit of virtual time or of rows; the message names what repeats (design §12)."""


class StorageError(CallflowError):
    """A target could not be used at all (bad address, unwritable folder). A failed try is a result, not an error."""


class MediaError(CallflowError):
    """Audio could not be read, made or written: not audio, truncated, a sample rate the format lacks."""
