"""What the switch plays, and how long it lasts (design §12, Sound; B§7.6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.sounds import (
    BEEP,
    DIGIT_PROMPT_MS,
    PROMPT_LENGTHS_MS,
    PROMPT_MS,
    Sound,
    digits,
    prompt,
    spoken_ms,
    text,
    tone,
)


@pytest.mark.parametrize("name", PROMPT_LENGTHS_MS)
def test_prompt_has_its_published_length(name: str) -> None:
    """Design §12, Sound: prompts have a published table of lengths."""
    assert prompt(name) == Sound("prompt", name, PROMPT_LENGTHS_MS[name])
    assert PROMPT_LENGTHS_MS[name] > 0


def test_every_prompt_of_the_voicemail_steps_is_published() -> None:
    """B§7.6: each prompt that leaving a message names has a length."""
    named = "vm-person vm-not_available vm-person_not_available vm-not_available_no_voicemail vm-greeting_intro"
    named += " vm-mailbox_full vm-record_message vm-saved vm-thank_you vm-review_recording"
    assert set(named.split()) <= set(PROMPT_LENGTHS_MS)


def test_prompt_without_a_row_has_the_default_length() -> None:
    """Design §12, Sound: an account's own prompt, of a length that nobody stated."""
    assert prompt("acme-welcome") == Sound("prompt", "acme-welcome", PROMPT_MS)


def test_number_is_spoken_digit_by_digit() -> None:
    """B§7.6 step 6: the greeting speaks the mailbox number; what is no digit is left out."""
    assert [sound.name for sound in digits("+20 01")] == ["digits-2", "digits-0", "digits-0", "digits-1"]
    assert {sound.length_ms for sound in digits("0123456789")} == {DIGIT_PROMPT_MS}


def test_voicemail_beep() -> None:
    """B§7.6 step 9: 440 Hz, 500 ms on and 100 ms off."""
    assert BEEP == Sound("tone", "440/500/100", 600)
    assert tone((440,), 500, 100, 1) == BEEP
    assert tone((480, 620), 500, 500, 25) == Sound("tone", "480+620/500/500", 25_000)


@given(st.text(), st.text())
def test_longer_text_never_takes_less_time(words: str, more: str) -> None:
    """Design §12, Sound: speech grows with its text, and even one word takes some time."""
    assert 0 < spoken_ms(words) <= spoken_ms(words + more)
    assert text(words) == Sound("text", words, spoken_ms(words))
