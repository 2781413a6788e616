"""Scenario files: the language in which testers write calls (design §6), read into frozen data.

This room parses and checks; it runs nothing. `load_scenario` reads a file, `parse_scenario` a text, `load_account` an
account, `read_document` any JSON or YAML file with the line of every value.
"""

from __future__ import annotations

from callflow.scenario.answers import (
    Answer,
    DiskFull,
    DnsFailure,
    HttpStatus,
    Redirects,
    Refused,
    Reset,
    Slow,
    Stored,
    Timeout,
    Truncated,
)
from callflow.scenario.document import Document, load_account, parse_document, read_document
from callflow.scenario.durations import Tolerance, format_duration, parse_duration, parse_tolerance
from callflow.scenario.expect import (
    AudioExpectation,
    DeliveryExpectation,
    EventCount,
    EventExpectation,
    Expectations,
    Expected,
    ExpectedWord,
    ExpectedWords,
    RecordingExpectation,
)
from callflow.scenario.language import Scenario, load_scenario, parse_scenario
from callflow.scenario.occurrences import EventPattern, EventWord, parse_event
from callflow.scenario.people import Caller, CallScript
from callflow.scenario.steps import After, At, Step, When
from callflow.scenario.storage_part import StorageScript
from callflow.scenario.verb_grammar import parse_verb
from callflow.scenario.verbs import (
    Answers,
    BreaksSwitch,
    Calls,
    ControlsRecording,
    DoesNotAnswer,
    HangsUp,
    Holds,
    IsBusy,
    IsSilent,
    Plays,
    Presses,
    Rejects,
    Resumes,
    Says,
    SendsNoise,
    SendsTone,
    Speaks,
    StorageFails,
    StorageWorks,
    Transfers,
    Verb,
)

__all__ = [
    "After", "Answer", "Answers", "At", "AudioExpectation", "BreaksSwitch", "CallScript", "Caller", "Calls",
    "ControlsRecording", "DeliveryExpectation", "DiskFull", "DnsFailure", "Document", "DoesNotAnswer", "EventCount",
    "EventExpectation", "EventPattern", "EventWord", "Expectations", "Expected", "ExpectedWord", "ExpectedWords",
    "HangsUp", "Holds", "HttpStatus", "IsBusy", "IsSilent", "Plays", "Presses", "RecordingExpectation", "Redirects",
    "Refused", "Rejects", "Reset", "Resumes", "Says", "Scenario", "SendsNoise", "SendsTone", "Slow", "Speaks", "Step",
    "StorageFails", "StorageScript", "StorageWorks", "Stored", "Timeout", "Tolerance", "Transfers", "Truncated",
    "Verb", "When", "format_duration", "load_account", "load_scenario", "parse_document", "parse_duration",
    "parse_event", "parse_scenario", "parse_tolerance", "parse_verb", "read_document",
]  # fmt: skip
