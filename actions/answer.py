"""answer: answer the call (B§7.9).

{"module": "answer", "data": {}, "children": {"_": {"module": "play", "data": {"id": "vm-thank_you"}}}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.core.call import CallView
from callflow.core.effects import CONTINUE, Next
from callflow.core.effects import Answer as AnswerCaller
from callflow.core.registry import action


@frozen
class AnswerSettings:
    """`answer` has no keys."""


@action("answer", AnswerSettings)
async def answer(call: CallView, settings: AnswerSettings) -> Next:
    """Answer the caller, and go on."""
    await AnswerCaller()
    return CONTINUE
