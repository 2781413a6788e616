"""The storehouse: answers the tries of deliveries on virtual time as the scenario says (design §6; B§6.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field

from callflow.core.events import DeliveryAnswered
from callflow.core.trace import Row
from callflow.scenario.answer_words import TONGUES
from callflow.scenario.answers import Answer, reply_of
from callflow.scenario.storage_part import StorageScript
from callflow.scenario.verbs import StorageFails, StorageWorks

_TAKEN: Final[Mapping[str, Answer]] = {kind: tongue.success for kind, tongue in TONGUES.items()}
"""What each kind of target says when the scenario is silent about it."""


@define(eq=False)
class Storehouse:
    """Every target of a scenario: `script` is its `storage:` part, which steps of the timeline overrule."""

    script: StorageScript
    _from_now_on: dict[str, Answer] = field(factory=dict, init=False)

    def obey(self, verb: StorageFails | StorageWorks) -> None:
        """Reply to everything that comes from now on as the step says."""
        if isinstance(verb, StorageFails):
            self._from_now_on[verb.kind] = verb.answer
        else:
            self._from_now_on = dict(_TAKEN)

    def answer(self, row: Row) -> tuple[DeliveryAnswered, int]:
        """The answer to a REQUEST row `deliver` or `save document`, and in how many ms it comes."""
        detail: Mapping[str, Any] = row.detail or {}
        kind = "documents" if row.name == "save document" else detail["target"]
        answer = self._from_now_on.get(kind)
        if answer is None:
            replies = self.script.replies.get(kind)
            answer = replies[min(detail["attempt"], len(replies)) - 1] if replies else _TAKEN[kind]
        reply = reply_of(answer)
        answered = DeliveryAnswered(
            detail["delivery"], reply.result, reply.is_stored, reply.is_kept, reply.redirects, reply.asked_wait_ms
        )
        return answered, reply.delay_ms
