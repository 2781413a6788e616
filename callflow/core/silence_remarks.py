"""Remarks on a recording's silence keys: what they do that nobody expects (B§4.2, B§4.4, B§4.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from callflow.core.diagnostic import Diagnostic
from callflow.core.silence import FRAME_MS

_WHOLE: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DEFAULTS: Final = {"silence_threshold": 200, "silence_initial_timeout": 0, "silence_final_timeout": 5}


def silence_remarks(data: Mapping[str, Any], where: str) -> Iterator[Diagnostic]:
    """Yield the remarks on the silence keys of one node's `data`, whose JSON path is `where`."""
    if data.get("action") == "stop":
        return
    keys = [key for key in sorted(_DEFAULTS) if data.get(key) is not None]
    if data.get("silence_detection") is not True:
        if keys:
            message = f"silence_detection is off: {', '.join(keys)} has no effect"
            yield Diagnostic("silence-detection-off", "info", where, message, 'write "silence_detection": true')
        return
    values = {key: _number(data.get(key), default) for key, default in _DEFAULTS.items()}
    for key in keys:
        if values[key] < 0:
            message = f"{key} is negative: the switch ignores it, as if it were not there"
            yield Diagnostic("silence-negative", "warning", f"{where}.{key}", message, "write 0 or more")
    if values["silence_threshold"] == 0:
        message = "a silence_threshold of 0 turns silence detection off: no frame is below it"
        yield Diagnostic("silence-threshold-zero", "warning", f"{where}.silence_threshold", message, "write 200")
        return
    yield from _timers(values["silence_initial_timeout"], values["silence_final_timeout"], where)


def _timers(initial_ms: int, final_ms: int, where: str) -> Iterator[Diagnostic]:
    if 1 <= final_ms <= FRAME_MS:
        message = (
            f"a silence_final_timeout of {final_ms} ms ends the recording at the second silent frame of {FRAME_MS} ms, "
            "as between two words"
        )
        hint = "it counts milliseconds: write 3000 for three seconds"
        yield Diagnostic("silence-final-timeout", "warning", f"{where}.silence_final_timeout", message, hint)
    if initial_ms <= 0:
        message = "without a silence_initial_timeout a call on which nobody ever speaks is recorded to its limit"
        hint = "write 30000 for half a minute"
        yield Diagnostic("silence-initial-timeout", "info", f"{where}.silence_initial_timeout", message, hint)


def _number(value: object, default: int) -> int:
    """A setting as it will be read; anything that is no number is a fault that somebody else reports."""
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else default
