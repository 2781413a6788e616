"""What a test asked of a call that cannot be: the errors of the API for tests, beside those of the documents."""

from __future__ import annotations

from callflow.core.errors import CallflowError


class StepNotPossible(CallflowError):
    """Somebody cannot do this now, or what is waited for never happens; the message has the test's line and why."""


class NoRecording(CallflowError):
    """A recording was asked for and there is none so far; the message has the call's path."""
