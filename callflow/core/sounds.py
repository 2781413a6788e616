"""What the switch plays, as data, with a published length for each prompt (design §12, Sound).

The core knows names and lengths only; the media room makes the audio. Lengths are those of our own built-in prompts:
recordings of the same sentences on a real system differ.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

PROMPT_LENGTHS_MS: Final = {
    "vm-person": 900,
    "vm-not_available": 2100,
    "vm-person_not_available": 2600,
    "vm-not_available_no_voicemail": 3800,
    "vm-greeting_intro": 1500,
    "vm-mailbox_full": 3200,
    "vm-record_message": 2900,
    "vm-review_recording": 5200,
    "vm-saved": 1100,
    "vm-thank_you": 900,
    "vm-received": 900,
    "vm-goodbye": 800,
    "menu-no_prompt": 2700,
    "menu-invalid_entry": 1900,
    "menu-transferring_call": 2200,
    "menu-exit": 1800,
    "fault-can_not_be_completed_as_dialed": 3600,
    "cf-unauthorized_call": 2400,
    "general-call_is_being_recorded": 2300,
}
"""Milliseconds of each prompt by name."""

DIGIT_PROMPT_MS: Final = 500
"""A spoken digit, as in a mailbox number."""

PROMPT_MS: Final = 2000
"""A prompt without a row in the table: an account's own recording whose length nobody has stated."""

SPOKEN_CHARACTER_MS: Final = 65
"""Text-to-speech by the built-in voice: about fifteen characters a second."""

SHORTEST_SPEECH_MS: Final = 300

FORMATS: Final = ("mp3", "wav")
"""The file formats that can be written."""

MP3_RATES_HZ: Final = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""The sample rates that MPEG audio has."""

WAV_RATES_HZ: Final = (1_000, 192_000)
"""The least and the most that is written to a WAV file here; the format itself would hold any rate."""


@frozen
class Sound:
    """Something the switch plays to a leg: `kind` prompt, media, text or tone; `name` which, `length_ms` how long."""

    kind: str
    name: str
    length_ms: int


BEEP: Final = Sound("tone", "440/500/100", 600)
"""The voicemail beep: 440 Hz, 500 ms on, 100 ms off (B§7.6 step 9)."""


def prompt(name: str) -> Sound:
    """A system prompt by its Kazoo name; one that the table lacks lasts `PROMPT_MS`."""
    if name.startswith("digits-"):
        return Sound("prompt", name, DIGIT_PROMPT_MS)
    return Sound("prompt", name, PROMPT_LENGTHS_MS.get(name, PROMPT_MS))


def digits(number: str) -> tuple[Sound, ...]:
    """A number spoken digit by digit; what is not a digit is left out."""
    return tuple(prompt(f"digits-{digit}") for digit in number if digit.isdigit())


def text(words: str) -> Sound:
    """Text spoken by the built-in voice; its length grows with the number of characters."""
    return Sound("text", words, spoken_ms(words))


def spoken_ms(words: str) -> int:
    """How long a party or the built-in voice takes to say `words`, in milliseconds."""
    return max(SHORTEST_SPEECH_MS, SPOKEN_CHARACTER_MS * len(words))


def tone(frequencies_hz: tuple[int, ...], on_ms: int, off_ms: int, times: int) -> Sound:
    """A call-progress tone; the name carries the frequencies and the cadence for the media room."""
    name = "+".join(map(str, frequencies_hz))
    return Sound("tone", f"{name}/{on_ms}/{off_ms}", (on_ms + off_ms) * times)
