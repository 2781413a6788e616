"""The `storage:` part of a scenario: what every kind of target replies, and the webhook that is told (design §6)."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from callflow.core.address import is_url
from callflow.core.shown import shown
from callflow.scenario.answer_words import TONGUES, read_answers
from callflow.scenario.answers import Answer
from callflow.scenario.nodes import Node, mapping, text

WEBHOOK_KIND = "webhook"
"""The kind of target that a webhook is."""

LISTS = {"answers": "url"} | {kind: kind for kind in TONGUES if kind not in ("url", WEBHOOK_KIND)}
"""Keys of the part that hold a list of replies, and the kind of target that each is for."""

STORAGE_KEYS = (*LISTS, WEBHOOK_KIND)
"""Everything that may stand under `storage:`."""

WEBHOOK_KEYS = ("url", "answers")
_WEBHOOK_EXAMPLE = '{url: "http://transcribe.example/new", answers: [503, 200]}'


@frozen
class StorageScript:
    """What the targets reply: every delivery reads its kind's list from its start, the last one repeats (design §12).

    `replies` has the lists by the kind of target, and under `documents` what the saving of each recording's document
    meets. A kind without a list takes everything. `webhook_url`, if any, is told of what is stored.
    """

    replies: Mapping[str, tuple[Answer, ...]] = {}
    webhook_url: str = field(default="", repr=False)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The list for URLs, http as well as ftp."""
        return self.replies.get("url", ())


def read_storage(node: Node | None) -> StorageScript:
    """The `storage:` part of a scenario."""
    if node is None:
        return StorageScript()
    entries = mapping(node, STORAGE_KEYS, f"{{answers: {TONGUES['url'].example}}}")
    replies = {kind: read_answers(entries[key], TONGUES[kind]) for key, kind in LISTS.items() if key in entries}
    if "webhook" not in entries:
        return StorageScript(replies)
    hook = mapping(entries["webhook"], WEBHOOK_KEYS, _WEBHOOK_EXAMPLE)
    if "url" not in hook:
        raise entries["webhook"].error("no url is told", f"write it like {_WEBHOOK_EXAMPLE}")
    if "answers" in hook:
        replies[WEBHOOK_KIND] = read_answers(hook["answers"], TONGUES[WEBHOOK_KIND])
    return StorageScript(replies, _webhook_url(hook["url"]))


def _webhook_url(node: Node) -> str:
    url = text(node, '"http://transcribe.example/new"')
    if not is_url(url) or url.partition("://")[0].lower() not in ("http", "https"):
        raise node.error(f"{shown(url)} is no http address", 'write one like "http://transcribe.example/new"')
    return url
