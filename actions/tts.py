"""tts: say a text (B§7.9).

{"module": "tts", "data": {"text": "This call is being recorded."}, "children": {}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.core.call import CallView
from callflow.core.effects import ANY_DIGIT, CONTINUE, Next, Play
from callflow.core.registry import action
from callflow.core.settings import setting
from callflow.core.sounds import text


@frozen
class TtsSettings:
    """The keys of `tts`."""

    text: str = setting(help="What to say.", shortest=1, longest=1000)
    voice: str = setting("female", help="The engine's voice; the built-in one is always the same.")
    language: str | None = setting(None, help="The language; the built-in voice has none.")
    engine: str | None = setting(None, help="The engine.", one_of=("flite", "google", "ispeech", "voicefabric"))
    endless_playback: bool = setting(False, help="Say it again and again.")
    terminators: tuple[str, ...] = setting(tuple(ANY_DIGIT), help="Digits that end the speech.")


@action("tts", TtsSettings)
async def tts(call: CallView, settings: TtsSettings) -> Next:
    """Say the text to its end or to a digit, and go on; a hang-up ends the flow."""
    times = 0 if settings.endless_playback else 1
    await Play((text(settings.text),), "".join(settings.terminators), times=times)
    return CONTINUE
