"""Menus of an account: Kazoo's document shape, and the record that the `menu` module reads (B§7.7).

Defaults are the schema's, which the API writes into every document that it saves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from callflow.core.number_patterns import MAX_NUMBER, BadPattern, compile_pattern
from callflow.core.settings import setting

MENU_TIMEOUT_MS: Final = 10_000
"""How long a caller may think before the first digit, when the menu does not say."""


@frozen
class Menu:
    """A menu: how often and how long it asks, which numbers it connects to, and what it plays.

    `greeting` is a media id, None for the system's prompt. The other media are true for the system's prompt, false for
    none, or an id. `interdigit_timeout_ms` is None when the document does not say. `may_hunt` reads the patterns.
    """

    id: str
    name: str = ""
    retries: int = 3
    timeout_ms: int = MENU_TIMEOUT_MS
    interdigit_timeout_ms: int | None = None
    max_extension_length: int = 4
    hunts: bool = True
    hunt_allow: re.Pattern[str] | None = None
    hunt_deny: re.Pattern[str] | None = None
    branches_to_extension: bool = True
    record_pin: str | None = None
    allow_record_from_offnet: bool = False
    greeting: str | None = None
    exit_media: bool | str = True
    invalid_media: bool | str = True
    transfer_media: bool | str = True

    def may_hunt(self, digits: str) -> bool:
        """Whether the caller may be connected to whatever answers that number."""
        if not self.hunts or len(digits) > MAX_NUMBER:
            return False
        if self.hunt_allow is not None and self.hunt_allow.search(digits) is None:
            return False
        return self.hunt_deny is None or self.hunt_deny.search(digits) is None


def _is_pattern(value: Any, siblings: Mapping[str, Any]) -> tuple[str, str] | None:
    """The fault of a regular expression that is none, or that could run for hours; an empty one is no pattern."""
    try:
        _compiled(value)
    except BadPattern as error:
        return str(error), error.hint
    return None


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    return compile_pattern(pattern) if pattern else None


@frozen
class MenuMediaDocument:
    """A menu's `media` object; the last three are a media id, or whether the system's prompt is played."""

    greeting: str | None = setting(None, help="The media id of the greeting.", shortest=3, longest=2048)
    exit_media: bool | str = setting(True, help="Played when the retries are used.", shortest=3, longest=2048)
    invalid_media: bool | str = setting(True, help="Played after a wrong choice.", shortest=3, longest=2048)
    transfer_media: bool | str = setting(True, help="Played before connecting.", shortest=3, longest=2048)


@frozen
class MenuDocument:
    """A document of `menus`; times are in milliseconds."""

    id: str = setting(help="The document's id.", shortest=1)
    name: str | None = setting(None, help="The menu's name.", shortest=1, longest=128)
    retries: int = setting(3, help="How often the menu asks.", at_least=1, at_most=10)
    timeout: int = setting(MENU_TIMEOUT_MS, help="Wait for the first digit.", at_least=1, at_most=60_000)
    interdigit_timeout: int | None = setting(None, help="Wait from one digit to the next.", at_least=1, at_most=10_000)
    max_extension_length: int = setting(4, help="How many digits it takes.", at_least=1, at_most=6)
    hunt: bool = setting(True, help="Whether numbers of other callflows may be dialled.")
    hunt_allow: str | None = setting(
        None, help="A regular expression that such a number must match.", shortest=1, longest=256, check=_is_pattern
    )
    hunt_deny: str | None = setting(
        None, help="A regular expression that it must not match.", shortest=1, longest=256, check=_is_pattern
    )
    branch_extension: bool = setting(True, help="Whether the call comes back to `_` after such a number's flow.")
    record_pin: str | None = setting(None, help="The number that records a new greeting.", shortest=3, longest=6)
    allow_record_from_offnet: bool = setting(False, help="Whether callers from outside may do that.")
    suppress_media: bool = setting(False, help="Whether only the greeting is played.")
    media: MenuMediaDocument | None = setting(None, help="What it plays.")

    def record(self) -> Menu:
        """Return the menu. Raises BadPattern for a pattern that reading would have refused."""
        media = self.media or MenuMediaDocument()
        silent = self.suppress_media
        return Menu(
            id=self.id,
            name=self.name or self.id,
            retries=self.retries,
            timeout_ms=self.timeout,
            interdigit_timeout_ms=self.interdigit_timeout,
            max_extension_length=self.max_extension_length,
            hunts=self.hunt,
            hunt_allow=_compiled(self.hunt_allow),
            hunt_deny=_compiled(self.hunt_deny),
            branches_to_extension=self.branch_extension,
            record_pin=self.record_pin,
            allow_record_from_offnet=self.allow_record_from_offnet,
            greeting=media.greeting,
            exit_media=False if silent else media.exit_media,
            invalid_media=False if silent else media.invalid_media,
            transfer_media=False if silent else media.transfer_media,
        )
