"""collect_dtmf: take digits from the caller and keep them under a name (B§7.8).

{"module": "collect_dtmf", "data": {"max_digits": 4, "collection_name": "account"}, "children": {}}

Digits kept under the name before are used first, so a second node of that name may not ask at all.
"""

from __future__ import annotations

from attrs import frozen

from callflow.actions.collecting import INTERDIGIT_MS, collect
from callflow.core.call import CallView
from callflow.core.effects import ANY_DIGIT, CONTINUE, Answer, Next
from callflow.core.keeping import KeepDigits
from callflow.core.registry import action
from callflow.core.settings import setting

_DIGITS = tuple(ANY_DIGIT)


@frozen
class CollectDtmfSettings:
    """The keys of `collect_dtmf`; times are in milliseconds."""

    max_digits: int = setting(1, help="How many digits to take.", at_least=1)
    timeout: int = setting(5000, help="Milliseconds to wait for the first digit.", at_least=1)
    interdigit_timeout: int = setting(INTERDIGIT_MS, help="Milliseconds from one digit to the next.", at_least=1)
    terminator: str = setting("#", help="The digit that ends it; not kept.", one_of=_DIGITS)
    terminators: tuple[str, ...] | None = setting(None, help="Digits that end it, instead of `terminator`.")
    collection_name: str = setting("default", help="The name under which the digits are kept on the call.")


@action("collect_dtmf", CollectDtmfSettings)
async def collect_dtmf(call: CallView, settings: CollectDtmfSettings) -> Next:
    """Answer, take digits, keep them, and go on; with none in time an empty collection is kept."""
    await Answer()
    most = max(settings.max_digits, 1)
    terminators = settings.terminators if settings.terminators is not None else (settings.terminator,)
    kept = call.collected(settings.collection_name)
    ends = [kept.index(each) for each in terminators if each and each in kept]
    digits = kept[: min([most, *ends])]
    if not ends and len(digits) < most:
        digits += await collect(
            (),
            most=most - len(digits),
            first_digit_ms=settings.timeout,
            interdigit_ms=settings.interdigit_timeout,
            terminators=terminators,
        )
    await KeepDigits(settings.collection_name, digits)
    return CONTINUE
