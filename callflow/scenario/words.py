"""The fixed vocabulary of scenario files, and how errors speak about words that are not in it.

Channel events are those of B§8.1 and B§3.11; causes are the core's own; the states of recordings and deliveries are
those of the result object (design §7 and §12).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from callflow.core.causes import CompletionCause, EndedBy, HangupCause
from callflow.core.delivery import TargetKind
from callflow.core.spelling import nearest

CHANNEL_EVENTS = (
    "CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_ANSWER", "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE", "CHANNEL_HOLD", "CHANNEL_UNHOLD", "DTMF", "CHANNEL_EXECUTE_COMPLETE", "RECORD_START",
    "RECORD_STOP", "RECORD_MASK", "RECORD_UNMASK", "RECORD_PAUSE", "RECORD_RESUME", "CHANNEL_TRANSFEROR",
    "CHANNEL_TRANSFEREE", "CHANNEL_REPLACED", "CHANNEL_INTERCEPTED", "CHANNEL_DIRECT", "CHANNEL_PIVOT",
    "CHANNEL_DISCONNECTED", "CHANNEL_DESTROY",
)  # fmt: skip
"""Events of a channel that a step can wait for and an expectation can name (B§8.1, B§3.11)."""

HANGUP_CAUSES = tuple(HangupCause.__members__)
"""Names that `hangup_cause` may have (B§8.3)."""

RECORDING_KINDS = ("call", "caller", "voicemail")
RECORDING_FORMATS = ("mp3", "wav")
RECORDING_STATES = ("finished", "discarded", "never_started", "lost")
ENDED_BY = tuple(str(word.value) for word in EndedBy)
COMPLETION_CAUSES = tuple(str(word.value) for word in CompletionCause)
DELIVERY_STATES = ("stored", "failed", "not_stored", "waiting")
TARGETS = tuple(str(word.value) for word in TargetKind)
WEBHOOK_STATES = ("stored", "failed", "waiting")
METHODS = ("PUT", "POST")
OUTCOMES = ("passed", "error")
"""What `expect.outcome` may ask for: `failed` is the verdict on the expectations and cannot be one of them."""

NONE_WORD = "none"
"""Written where the result object has null, for example `completion_cause: none` of a voicemail (design §12)."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """The hint for a word that nobody knows: the word that it misspells, else a similar one, else all there are."""
    folded = {each.casefold(): each for each in known}
    slip = nearest(word.casefold(), folded)
    similar = [slip] if slip else difflib.get_close_matches(word[:100].casefold(), folded, n=1, cutoff=0.6)
    if similar:
        return f'did you mean "{folded[similar[0]]}"?'
    return f"one of: {', '.join(folded.values())}" if folded else ""
