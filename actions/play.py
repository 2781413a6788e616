"""play: play a media file or a prompt (B§7.9).

{"module": "play", "data": {"id": "general-call_is_being_recorded"}, "children": {}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.core.call import CallView
from callflow.core.effects import ANY_DIGIT, CONTINUE, Answer, Next, Play, Sleep
from callflow.core.keeping import KeepDigits
from callflow.core.registry import action
from callflow.core.settings import setting
from callflow.core.sounds import PROMPT_LENGTHS_MS, PROMPT_MS, Sound, prompt

_AFTER_ANSWER_MS = 100
_COLLECTION = "default"


@frozen
class PlaySettings:
    """The keys of `play`."""

    id: str | None = setting(None, help="Media id of the account, or the name of a system prompt.")
    answer: bool = setting(True, help="Whether to answer the call first.")
    terminators: tuple[str, ...] = setting(tuple(ANY_DIGIT), help="Digits that end the playing.")
    endless_playback: bool = setting(False, help="Play again and again until a digit or the hang-up.")
    loop_count: int | None = setting(None, help="How often to play.", at_least=1)


def sound_of(call: CallView, media_id: str) -> Sound | None:
    """The account's media of that id, or the system prompt of that name; None when there is neither."""
    media = call.account.media.get(media_id)
    if media is not None:
        return Sound("media", media.id, media.length_ms if media.length_ms is not None else PROMPT_MS)
    name = media_id.removeprefix("prompt://").rpartition("/")[2]
    return prompt(name) if name in PROMPT_LENGTHS_MS else None


@action("play", PlaySettings)
async def play(call: CallView, settings: PlaySettings) -> Next:
    """Play the file to its end or to a digit, which joins the collected ones; unknown media is passed over."""
    sound = sound_of(call, settings.id or "")
    if sound is None:
        return CONTINUE
    if settings.answer:
        await Answer()
        await Sleep(_AFTER_ANSWER_MS)
    times = 0 if settings.endless_playback else settings.loop_count or 1
    digit = await Play((sound,), "".join(settings.terminators), times=times)
    if digit:
        await KeepDigits(_COLLECTION, call.collected(_COLLECTION) + digit)
    return CONTINUE
