"""Hangup causes with their numbers and SIP codes, both ways (B§8.3), and the words for a recording's end (B§3.8)."""

from __future__ import annotations

import pytest

from callflow.core.causes import CompletionCause, EndedBy, HangupCause, cause_of_status

# Q.850 number, cause, SIP status sent before answer; from the table of B§8.3.
SENT = [
    (1, "UNALLOCATED_NUMBER", 404), (2, "NO_ROUTE_TRANSIT_NET", 404), (3, "NO_ROUTE_DESTINATION", 404),
    (16, "NORMAL_CLEARING", 480), (17, "USER_BUSY", 486), (18, "NO_USER_RESPONSE", 408), (19, "NO_ANSWER", 480),
    (20, "SUBSCRIBER_ABSENT", 480), (21, "CALL_REJECTED", 603), (22, "NUMBER_CHANGED", 410),
    (23, "REDIRECTION_TO_NEW_DESTINATION", 410), (25, "EXCHANGE_ROUTING_ERROR", 483),
    (27, "DESTINATION_OUT_OF_ORDER", 502), (28, "INVALID_NUMBER_FORMAT", 484), (29, "FACILITY_REJECTED", 501),
    (31, "NORMAL_UNSPECIFIED", 480), (34, "NORMAL_CIRCUIT_CONGESTION", 503), (38, "NETWORK_OUT_OF_ORDER", 503),
    (41, "NORMAL_TEMPORARY_FAILURE", 503), (42, "SWITCH_CONGESTION", 503), (44, "REQUESTED_CHAN_UNAVAIL", 503),
    (52, "OUTGOING_CALL_BARRED", 403), (54, "INCOMING_CALL_BARRED", 403), (57, "BEARERCAPABILITY_NOTAUTH", 403),
    (58, "BEARERCAPABILITY_NOTAVAIL", 503), (65, "BEARERCAPABILITY_NOTIMPL", 488),
    (69, "FACILITY_NOT_IMPLEMENTED", 501), (79, "SERVICE_NOT_IMPLEMENTED", 501), (88, "INCOMPATIBLE_DESTINATION", 488),
    (102, "RECOVERY_ON_TIMER_EXPIRE", 504),
    (487, "ORIGINATOR_CANCEL", 487),
]  # fmt: skip

RECEIVED = {
    "NORMAL_CLEARING": (200,),
    "CALL_REJECTED": (401, 402, 403, 407, 603, 608),
    "UNALLOCATED_NUMBER": (404,),
    "NO_ROUTE_DESTINATION": (485, 604),
    "RECOVERY_ON_TIMER_EXPIRE": (408, 504),
    "NUMBER_CHANGED": (410,),
    "NO_USER_RESPONSE": (480,),
    "NORMAL_TEMPORARY_FAILURE": (400, 481, 500, 503),
    "USER_BUSY": (486, 600),
    "INVALID_NUMBER_FORMAT": (484,),
    "INCOMPATIBLE_DESTINATION": (488, 606),
    "NETWORK_OUT_OF_ORDER": (502,),
    "SERVICE_NOT_IMPLEMENTED": (406, 415, 501),
    "EXCHANGE_ROUTING_ERROR": (482, 483),
    "ORIGINATOR_CANCEL": (487,),
    "UNWANTED": (607,),
    "INTERWORKING": (413, 414, 416, 420, 421, 423, 505, 513),
    "NORMAL_UNSPECIFIED": (409, 499, 599, 699, 0),
}


@pytest.mark.parametrize(("q850", "name", "sip"), SENT)
def test_cause_has_its_number_and_status(q850: int, name: str, sip: int) -> None:
    """B§8.3: the Q.850 number of a cause, and the SIP status and branch code that it becomes."""
    cause = HangupCause[name]
    assert (cause.q850, cause.sip, cause.code) == (q850, sip, f"sip:{sip}")


@pytest.mark.parametrize(("name", "status"), [(name, status) for name, all_of in RECEIVED.items() for status in all_of])
def test_status_becomes_its_cause(name: str, status: int) -> None:
    """B§8.3: the cause that a received SIP status becomes; one without a row is NORMAL_UNSPECIFIED."""
    assert cause_of_status(status) is HangupCause[name]


def test_a_phone_that_says_480_is_not_no_answer() -> None:
    """B§8.3: two different branch names for "nobody picked up", by who noticed it."""
    assert cause_of_status(480) is HangupCause.NO_USER_RESPONSE
    assert HangupCause.NO_ANSWER.code == "sip:480"


def test_causes_with_equal_codes_are_different_causes() -> None:
    """Law 2: causes of one number would be one member of an enum; each has its own."""
    assert len(HangupCause) == len(HangupCause.__members__)


def test_words_of_a_recordings_end() -> None:
    """Design §4 and B§3.8: our plain words, and the switch's own spelling."""
    assert {by.value for by in EndedBy} == {
        "stop", "time_limit", "final_silence", "initial_silence", "digit", "hangup", "transfer", "media_failure",
    }  # fmt: skip
    assert {cause.value for cause in CompletionCause} == {
        "success-maxtime", "success-silence", "no-input-timeout", "input-too-short", "empty-file", "uri-failure",
    }  # fmt: skip
