"""The `storage:` part of a scenario: what every kind of target replies, and the webhook that is told (design §6)."""

from __future__ import annotations

from attrs import field, fields, frozen

from callflow.core.address import is_url
from callflow.core.shown import shown
from callflow.scenario.answer_words import TONGUES, read_answers
from callflow.scenario.answers import Answer
from callflow.scenario.nodes import Node, mapping, text

_LISTS = {"answers": "url"} | {kind: kind for kind in TONGUES if kind not in ("url", "webhook")}
"""Keys of the part that hold a list of replies, and the kind of target that each is for."""

STORAGE_KEYS = (*_LISTS, "webhook")
"""Everything that may stand under `storage:`."""

WEBHOOK_KEYS = ("url", "answers")
_WEBHOOK_EXAMPLE = '{url: "http://transcribe.example/new", answers: [503, 200]}'


@frozen
class StorageScript:
    """What the targets reply: every delivery reads its kind's list from its start, the last one repeats (design §12).

    `answers` is for URLs, http as well as ftp. A target without a list takes everything. `documents` is what the saving
    of each recording's document meets; without it every document is saved. `webhook_url` is told of what is stored.
    """

    answers: tuple[Answer, ...] = ()
    account_database: tuple[Answer, ...] = ()
    third_party_bigcouch: tuple[Answer, ...] = ()
    couchdb: tuple[Answer, ...] = ()
    s3: tuple[Answer, ...] = ()
    documents: tuple[Answer, ...] = ()
    webhook: tuple[Answer, ...] = ()
    webhook_url: str = field(default="", repr=False)

    def replies_of(self, kind: str) -> tuple[Answer, ...]:
        """The list for a kind of target, or for `documents`."""
        replies: tuple[Answer, ...] = self.answers if kind == "url" else getattr(self, kind)
        return replies

    @property
    def has_replies(self) -> bool:
        """Whether any kind of target has a list."""
        return any(getattr(self, each.name) for each in fields(StorageScript) if each.name != "webhook_url")


def read_storage(node: Node | None) -> StorageScript:
    """The `storage:` part of a scenario."""
    if node is None:
        return StorageScript()
    entries = mapping(node, STORAGE_KEYS, f"{{answers: {TONGUES['url'].example}}}")
    lists = {key: read_answers(entries[key], TONGUES[kind]) for key, kind in _LISTS.items() if key in entries}
    if "webhook" not in entries:
        return StorageScript(**lists)
    hook = mapping(entries["webhook"], WEBHOOK_KEYS, _WEBHOOK_EXAMPLE)
    if "url" not in hook:
        raise entries["webhook"].error("no url is told", f"write it like {_WEBHOOK_EXAMPLE}")
    answers = read_answers(hook["answers"], TONGUES["webhook"]) if "answers" in hook else ()
    return StorageScript(**lists, webhook=answers, webhook_url=_webhook_url(hook["url"]))


def _webhook_url(node: Node) -> str:
    url = text(node, '"http://transcribe.example/new"')
    if not is_url(url) or url.partition("://")[0].lower() not in ("http", "https"):
        raise node.error(f"{shown(url)} is no http address", 'write one like "http://transcribe.example/new"')
    return url
