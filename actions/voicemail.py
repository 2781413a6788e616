"""voicemail: take a message (B§7.6). Checking messages is refused: it is not simulated yet.

{"module": "voicemail", "data": {"id": "{VMBOX_ID}"}, "children": {}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.actions.play import sound_of
from callflow.core.account import Mailbox
from callflow.core.call import CallView
from callflow.core.causes import EndedBy
from callflow.core.effects import (
    CONTINUE,
    Answer,
    Branch,
    DropTake,
    HungUp,
    KeepTake,
    Next,
    Play,
    RecordingOptions,
    RecordTake,
    Take,
)
from callflow.core.errors import FlowError
from callflow.core.registry import action
from callflow.core.settings import setting
from callflow.core.sounds import BEEP, Sound, digits, prompt

_REVIEWS = 4
_REVIEW_WAIT_MS = 5000
_RATE_HZ = 8000
_HITS_OF_NONE = 3  # the seconds of silence that the record application takes when it is given 0 (B§4.6)


@frozen
class VoicemailSettings:
    """The keys of `voicemail`; times are in milliseconds where the key says so."""

    id: str | None = setting(None, help="The mailbox's id.")
    action: str = setting("compose", help="Take a message, or check messages.", one_of=("compose", "check"))
    max_message_length: int | None = setting(None, help="Longest message in seconds.", at_least=1)
    interdigit_timeout: int = setting(2000, help="Milliseconds between digits when checking messages.", at_least=0)
    callerid_match_login: bool = setting(False, help="Log in by caller id when checking messages.")
    single_mailbox_login: bool = setting(False, help="Log into the owner's only mailbox when checking messages.")


@action("voicemail", VoicemailSettings)
async def voicemail(call: CallView, settings: VoicemailSettings) -> Next:
    """Answer, greet, take one message with its review, and keep it if it is long enough."""
    if settings.action == "check":
        raise _not_simulated(call, "checking messages")
    await Answer()
    box = call.account.mailboxes.get(settings.id or "")
    if box is None:
        await Play((prompt("vm-not_available_no_voicemail"),), ended_by_digits="")
        return CONTINUE
    if box.announcement_only:
        return await _announce(call, box)
    if 0 < call.account.system.max_message_count <= call.message_count(box.id):
        if await Play((*_greeting(call, box), prompt("vm-mailbox_full")), ended_by_digits="*") == "*":
            raise _not_simulated(call, "logging in with *")
        return CONTINUE
    instructions = () if box.skip_instructions else (prompt("vm-record_message"),)
    sounds = (*_greeting(call, box), *instructions)
    digit = await Play(sounds) if sounds else ""
    if digit == "*":
        raise _not_simulated(call, "logging in with *")
    if digit == "0":
        operator = _operator(call, box)
        if operator is not None:
            return operator
    return await _take_message(call, settings, box)


async def _announce(call: CallView, box: Mailbox) -> Next:
    digit = await Play(_greeting(call, box))
    if digit == "*":
        raise _not_simulated(call, "logging in with *")
    if digit:
        raise ValueError(
            f"digit {digit} during an announcement-only greeting: Kazoo's module crashes here (B§7.6 step 3)"
        )
    return CONTINUE


def _greeting(call: CallView, box: Mailbox) -> tuple[Sound, ...]:
    """The introduction if wanted, then the box's greeting: temporary, own, plain, or with its number (B§7.6 step 6)."""
    intro = (prompt("vm-greeting_intro"),) if box.play_greeting_intro else ()
    if box.skip_greeting:
        return intro
    for media_id in (box.media_temporary, box.media_unavailable):
        own = sound_of(call, media_id) if media_id else None
        if own is not None:
            return (*intro, own)
    if box.use_person_not_available:
        return (*intro, prompt("vm-person_not_available"))
    return (*intro, prompt("vm-person"), *digits(box.number), prompt("vm-not_available"))


def _operator(call: CallView, box: Mailbox) -> Branch | None:
    flow = call.flow_for(box.operator_number) if box.operator_number else None
    return Branch(flow.root) if flow is not None else None


async def _take_message(call: CallView, settings: VoicemailSettings, box: Mailbox) -> Next:
    """Beep, record, and let a caller who is still there review; one who hung up has left the message as it is."""
    system = call.account.system
    limit_s = settings.max_message_length or box.max_message_length_s or system.max_message_length_s
    options = RecordingOptions(
        format=box.media_extension,
        channels=1,
        sample_rate_hz=_RATE_HZ,
        time_limit_s=limit_s,
        time_limit_rule=f"max_message_length={limit_s}",
        origin="voicemail",
    )
    while True:
        await Play((BEEP,), ended_by_digits="")
        take = await RecordTake(
            "voicemail",
            options,
            silence_ms=1000 * (box.silence_hits or _HITS_OF_NONE),
            min_length_ms=system.min_message_size_ms,
            threshold=box.silence_threshold,
        )
        choice = await _review(call, box, take)
        if choice != "3":
            break
        await DropTake(take.recording)
    await KeepTake(take.recording, box.id)
    if choice == "0":
        return _operator(call, box) or CONTINUE
    await Play((prompt("vm-saved"), prompt("vm-thank_you")), ended_by_digits="")
    return CONTINUE


async def _review(call: CallView, box: Mailbox, take: Take) -> str:
    """Ask what to do with the take: 1 keep, 3 record again, 0 operator; silence and hanging up keep it (step 11)."""
    if take.ended_by is EndedBy.HANGUP:
        return "1"
    try:
        loops = 0
        while loops < _REVIEWS:
            choice = await Play((prompt("vm-review_recording"),), then_wait_ms=_REVIEW_WAIT_MS)
            if choice in ("1", "3") or (choice == "0" and _operator(call, box) is not None):
                return choice
            if choice == "2":
                await Play((Sound("take", str(take.recording), take.length_ms),))
                loops = 0
            else:
                loops += 1
    except HungUp:
        return "1"
    return "1"


def _not_simulated(call: CallView, what: str) -> FlowError:
    return FlowError(call.where, f"{what} is not simulated yet", "let the scenario leave a message only")
