"""Words spoken by eSpeak NG, an optional engine: the library that the extra `tts` brings, or the system's own.

The library keeps one voice for the whole process and calls back from C, so one text at a time is spoken, under a lock.
Its sound may differ from version to version: outside the promise of equal bytes (law 6 of design §2).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import importlib.util
import re
import threading
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from callflow.core.errors import MediaError

LONGEST_TEXT = 2_000
"""Characters that are spoken at a time: about two minutes."""

LONGEST_SPEECH_S = 300
"""Seconds after which a text is cut off with an error, however few characters it has."""

LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8}){0,3}", re.ASCII)
"""How a language is written: `en`, `de`, `en-gb`."""

# espeak-ng/speak_lib.h
_SYNCHRONOUS, _DO_NOT_EXIT = 2, 0x8000
_PITCH, _UTF_8 = 3, 1
_PITCHES = (50, 75, 35, 65, 20, 85, 42, 58, 28, 70, 90, 12)  # of 0..99: party 0, 1, ..., neighbours far apart
_TOLD = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_LOCK = threading.Lock()


def spoken(text: str, number: int, language: str) -> tuple[int, NDArray[np.int16]]:
    """(rate in Hz, mono samples) of the text as party `number` says it in `language`.

    Raises MediaError where no engine is installed, naming the extra, for a language that it has no voice for, and for a
    text that it cannot speak.
    """
    with _LOCK:
        return _spoken(text, number % len(_PITCHES), language)


@lru_cache(maxsize=4)
def _spoken(text: str, pitch: int, language: str) -> tuple[int, NDArray[np.int16]]:
    rate, library = _engine()
    if library.espeak_SetVoiceByName(language.encode()):
        raise MediaError(f"language {language!r}: eSpeak NG has no voice for it; one like en, de or en-gb would speak")
    library.espeak_SetParameter(_PITCH, _PITCHES[pitch], 0)
    made = bytearray()

    def told(values: int | None, count: int, events: int | None) -> int:
        """Take what was made; 1 ends the speech."""
        if values and count > 0:
            made.extend(ctypes.string_at(values, 2 * count))
        return int(len(made) > 2 * LONGEST_SPEECH_S * rate)

    callback = _TOLD(told)
    library.espeak_SetSynthCallback(callback)
    words = "".join(letter if letter.isprintable() else " " for letter in text).encode("utf-8", "replace") + b"\0"
    failed = library.espeak_Synth(words, len(words), 0, 0, 0, _UTF_8, None, None)
    if failed or not made or len(made) > 2 * LONGEST_SPEECH_S * rate:
        raise MediaError(
            f"text {text[:40]!r}: eSpeak NG cannot speak it in {LONGEST_SPEECH_S} s; a plain sentence would be right"
        )
    values = np.frombuffer(bytes(made), dtype=np.int16)
    return rate, values


@lru_cache(maxsize=1)
def _engine() -> tuple[int, Any]:
    """The rate of the engine's sound in Hz, and the library, ready to speak."""
    path, data = _library()
    try:
        library = ctypes.CDLL(path)
        library.espeak_Initialize.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int)
        text_and_size = (ctypes.c_char_p, ctypes.c_size_t)
        library.espeak_Synth.argtypes = (
            *text_and_size, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p
        )  # fmt: skip
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DO_NOT_EXIT)
    except (OSError, AttributeError) as error:
        raise _no_engine("cannot be loaded") from error
    if rate <= 0:
        raise _no_engine("does not start")
    return rate, library


def _library() -> tuple[str, bytes | None]:
    """Where the library is, and its voices where the extra brings them along; MediaError without any."""
    if importlib.util.find_spec("espeakng_loader") is not None:
        loader = importlib.import_module("espeakng_loader")
        return str(loader.get_library_path()), str(loader.get_data_path()).encode()
    found = ctypes.util.find_library("espeak-ng")
    if found is None:
        raise _no_engine("is not installed")
    return found, None


def _no_engine(fault: str) -> MediaError:
    return MediaError(
        f"spoken text: eSpeak NG {fault}; it comes with the extra tts: pip install 'callflow-simulator[tts]', or with "
        "the system's package espeak-ng"
    )
