"""response: refuse the call with a SIP status (B§7.9).

{"module": "response", "data": {"code": 486, "message": "Busy Here"}, "children": {}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.actions.play import sound_of
from callflow.core.call import CallView
from callflow.core.effects import STOP, Next, Play, Respond
from callflow.core.registry import action
from callflow.core.settings import setting


@frozen
class ResponseSettings:
    """The keys of `response`."""

    code: int = setting(486, help="The SIP status.", at_least=400, at_most=699)
    message: str = setting("", help="The reason phrase.")
    media: str | None = setting(None, help="What to play first, as early media.", longest=2048)


@action("response", ResponseSettings)
async def response(call: CallView, settings: ResponseSettings) -> Next:
    """Play the media if there is some, refuse the call, and end the flow."""
    sound = sound_of(call, settings.media) if settings.media else None
    if sound is not None:
        await Play((sound,), ended_by_digits="")
    await Respond(settings.code, settings.message)
    return STOP
