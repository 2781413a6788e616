"""Why legs and recordings end: hangup causes, completion causes and our plain `ended_by` (B§2.5, B§3.8, B§8.3)."""

from __future__ import annotations

from typing import Final

from callflow.core.table import Word


class HangupCause(Word):
    """A hangup cause by its FreeSWITCH name; `q850` is its number, `sip` the status sent for it before answer (B§8.3).

    `code` is the hangup code as Kazoo spells it for branches, `sip:486` (B§7.0).
    """

    UNSPECIFIED = (0, 480)
    UNALLOCATED_NUMBER = (1, 404)
    NO_ROUTE_TRANSIT_NET = (2, 404)
    NO_ROUTE_DESTINATION = (3, 404)
    NORMAL_CLEARING = (16, 480)
    USER_BUSY = (17, 486)
    NO_USER_RESPONSE = (18, 408)
    NO_ANSWER = (19, 480)
    SUBSCRIBER_ABSENT = (20, 480)
    CALL_REJECTED = (21, 603)
    NUMBER_CHANGED = (22, 410)
    REDIRECTION_TO_NEW_DESTINATION = (23, 410)
    EXCHANGE_ROUTING_ERROR = (25, 483)
    DESTINATION_OUT_OF_ORDER = (27, 502)
    INVALID_NUMBER_FORMAT = (28, 484)
    FACILITY_REJECTED = (29, 501)
    NORMAL_UNSPECIFIED = (31, 480)
    NORMAL_CIRCUIT_CONGESTION = (34, 503)
    NETWORK_OUT_OF_ORDER = (38, 503)
    NORMAL_TEMPORARY_FAILURE = (41, 503)
    SWITCH_CONGESTION = (42, 503)
    REQUESTED_CHAN_UNAVAIL = (44, 503)
    OUTGOING_CALL_BARRED = (52, 403)
    INCOMING_CALL_BARRED = (54, 403)
    BEARERCAPABILITY_NOTAUTH = (57, 403)
    BEARERCAPABILITY_NOTAVAIL = (58, 503)
    BEARERCAPABILITY_NOTIMPL = (65, 488)
    FACILITY_NOT_IMPLEMENTED = (69, 501)
    SERVICE_NOT_IMPLEMENTED = (79, 501)
    INCOMPATIBLE_DESTINATION = (88, 488)
    RECOVERY_ON_TIMER_EXPIRE = (102, 504)
    INTERWORKING = (127, 480)
    ORIGINATOR_CANCEL = (487, 487)
    LOSE_RACE = (702, 480)
    BLIND_TRANSFER = (800, 480)
    ATTENDED_TRANSFER = (801, 480)
    USER_NOT_REGISTERED = (806, 480)
    UNWANTED = (819, 607)

    def __init__(self, q850: int, sip: int) -> None:
        self.q850 = q850
        self.sip = sip
        self.code = f"sip:{sip}"


_CAUSES_BY_STATUS: Final = {
    200: HangupCause.NORMAL_CLEARING,
    **dict.fromkeys((401, 402, 403, 407, 603, 608), HangupCause.CALL_REJECTED),
    404: HangupCause.UNALLOCATED_NUMBER,
    **dict.fromkeys((485, 604), HangupCause.NO_ROUTE_DESTINATION),
    **dict.fromkeys((408, 504), HangupCause.RECOVERY_ON_TIMER_EXPIRE),
    410: HangupCause.NUMBER_CHANGED,
    480: HangupCause.NO_USER_RESPONSE,
    **dict.fromkeys((400, 481, 500, 503), HangupCause.NORMAL_TEMPORARY_FAILURE),
    **dict.fromkeys((486, 600), HangupCause.USER_BUSY),
    484: HangupCause.INVALID_NUMBER_FORMAT,
    **dict.fromkeys((488, 606), HangupCause.INCOMPATIBLE_DESTINATION),
    502: HangupCause.NETWORK_OUT_OF_ORDER,
    **dict.fromkeys((405, 406, 415, 501), HangupCause.SERVICE_NOT_IMPLEMENTED),
    **dict.fromkeys((482, 483), HangupCause.EXCHANGE_ROUTING_ERROR),
    487: HangupCause.ORIGINATOR_CANCEL,
    607: HangupCause.UNWANTED,
    **dict.fromkeys((413, 414, 416, 420, 421, 423, 505, 513), HangupCause.INTERWORKING),
}


def cause_of_status(status: int) -> HangupCause:
    """The hangup cause that a received SIP status becomes; NORMAL_UNSPECIFIED for those without a row (B§8.3)."""
    return _CAUSES_BY_STATUS.get(status, HangupCause.NORMAL_UNSPECIFIED)


class EndedBy(Word):
    """What ended a recording, in plain words (design §4): the cause alone cannot tell a stop from the limit (B§3.8)."""

    STOP = "stop"
    TIME_LIMIT = "time_limit"
    FINAL_SILENCE = "final_silence"
    INITIAL_SILENCE = "initial_silence"
    DIGIT = "digit"
    HANGUP = "hangup"
    TRANSFER = "transfer"
    MEDIA_FAILURE = "media_failure"


class CompletionCause(Word):
    """What the switch reports as the reason of the end, by its own spelling (B§3.8; C37)."""

    SUCCESS_MAXTIME = "success-maxtime"
    SUCCESS_SILENCE = "success-silence"
    NO_INPUT_TIMEOUT = "no-input-timeout"
    INPUT_TOO_SHORT = "input-too-short"
    EMPTY_FILE = "empty-file"
    URI_FAILURE = "uri-failure"
