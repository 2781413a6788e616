"""menu: play a greeting and go where the caller's digits say (B§7.7).

{"module": "menu", "data": {"id": "0123456789abcdef0123456789abcdef"},
"children": {"1": {"module": "user", "data": {"id": "{USER_ID}"}}, "timeout": {"module": "hangup", "data": {}}}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.actions.collecting import INTERDIGIT_MS, collect
from callflow.actions.play import sound_of
from callflow.core.account import Menu
from callflow.core.call import CallView
from callflow.core.effects import CONTINUE, Answer, Branch, Continue, Next, Play, ReplaceFlow
from callflow.core.errors import FlowError
from callflow.core.keeping import Warn
from callflow.core.registry import action
from callflow.core.settings import setting
from callflow.core.sounds import Sound, prompt


@frozen
class MenuSettings:
    """The keys of `menu`; everything else is in the menu's document."""

    id: str | None = setting(None, help="The menu's id.")
    interdigit_timeout: int | None = setting(
        None, help="Milliseconds from one digit to the next; default: the document's, else 2000."
    )


@action("menu", MenuSettings)
async def menu(call: CallView, settings: MenuSettings) -> Next:
    """Answer, and ask until the digits lead somewhere or the retries are used; a menu not found is passed over."""
    found = call.account.menus.get(settings.id or "")
    if found is None:
        what = f"{call.where}: the account has no menu {(settings.id or '')[:64]!r}: the call goes on to `_`"
        await Warn("unknown-menu", what, "write it under `menus` in the account")
        return CONTINUE
    await Answer()
    interdigit_ms = settings.interdigit_timeout or found.interdigit_timeout_ms or INTERDIGIT_MS
    for _ in range(found.retries):
        digits = await collect(
            _greeting(call, found),
            most=found.max_extension_length,
            first_digit_ms=found.timeout_ms,
            interdigit_ms=interdigit_ms,
        )
        chosen = await _choose(call, found, digits)
        if chosen is not None:
            return chosen
    return await _exit(call, found)


async def _choose(call: CallView, found: Menu, digits: str) -> Next | None:
    """Where the digits lead; None asks again: nothing was pressed, or nothing answers to it, which is said."""
    if not digits:
        return Continue("timeout") if call.has_branch("timeout") else None
    if call.has_branch(digits):
        return Continue(digits)
    if found.may_hunt(digits):
        flow = call.flow_for(digits)
        if flow is not None:
            await _say(call, found.transfer_media, "menu-transferring_call")
            return Branch(flow.root) if found.branches_to_extension else ReplaceFlow(flow.root)
    if digits == found.record_pin and (call.caller.device_id or found.allow_record_from_offnet):
        what = "recording a menu's greeting is not simulated yet"
        raise FlowError(call.where, what, "let the scenario press other digits than the menu's record_pin")
    await _say(call, found.invalid_media, "menu-invalid_entry")
    return None


async def _exit(call: CallView, found: Menu) -> Next:
    """The retries are used: say so, and go to `max_retries`, or to `_` (an empty or missing one: goodbye)."""
    await _say(call, found.exit_media, "menu-exit")
    if call.has_branch("max_retries"):
        return Continue("max_retries")
    if call.has_branch("_"):
        await _say(call, found.transfer_media, "menu-transferring_call")
    else:
        await Play((prompt("vm-goodbye"),))
    return CONTINUE


def _greeting(call: CallView, found: Menu) -> tuple[Sound, ...]:
    """The menu's own greeting, or the system's; one that the account lacks is not heard."""
    if found.greeting is None:
        return (prompt("menu-no_prompt"),)
    own = sound_of(call, found.greeting)
    return (own,) if own is not None else ()


async def _say(call: CallView, media: bool | str, by_default: str) -> None:
    """Play the system's prompt (true), media by its id, or nothing (false); any digit cuts it and is not kept."""
    sound = sound_of(call, media) if isinstance(media, str) else prompt(by_default) if media else None
    if sound is not None:
        await Play((sound,))
