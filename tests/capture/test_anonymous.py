"""Nobody is left in an anonymised call, and whoever was the same is the same (issue 5, item 7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.capture.anonymous import KEPT_DIGITS, Mask
from callflow.capture.reconstructing import Deed

NUMBERS = st.text("0123456789", min_size=KEPT_DIGITS + 1, max_size=90)


@given(NUMBERS)
def test_a_number_keeps_its_length_and_its_marks(number: str) -> None:
    """The same number is the same replacement, of the same length, with its + where it was."""
    mask = Mask(b"salt")
    found = mask.number("+" + number)
    assert found == mask.number("+" + number)
    assert len(found) == len(number) + 1 and found[0] == "+" and found[1:].isdigit()
    assert found[1:] == mask.number(number)


def test_another_run_has_other_replacements() -> None:
    """The salt is drawn anew, so that two files cannot be laid side by side."""
    one, other = Mask(b"one"), Mask(b"other")
    assert one.number("+14155550100") != other.number("+14155550100") != "+14155550100"
    assert one.id("abc") != other.id("abc")


@pytest.mark.parametrize("number", ["112", "911", "2001", "*98", "123456", "anonymous-not"])
def test_short_numbers_are_kept(number: str) -> None:
    """Extensions, emergency and service numbers steer the flow; a name in a number's place is hashed."""
    assert (Mask(b"salt").number(number) == number) is number[-1].isdigit()


def test_names_and_addresses() -> None:
    """Names are counted, none stays none; of an address only its scheme is left."""
    mask = Mask(b"salt")
    assert [mask.name(name) for name in ("Bob", "", "Eve", "Bob")] == ["Person 1", "", "Person 2", "Person 1"]
    assert mask.value("https://user:secret@host.example/path?key=1") == "https://host.invalid"
    assert mask.value("acme") == "acme"


def test_secrets_typed_slowly_are_secrets() -> None:
    """Three digits in a row are replaced in however many steps; a choice in a menu is kept."""
    mask = Mask(b"salt")
    pin = [Deed(1_000 * place, f"caller presses {digit}") for place, digit in enumerate("4929")]
    menu = [Deed(60_000, "caller presses 1"), Deed(60_100, "alice presses *2")]
    found = mask.deeds((Deed(0, "caller calls"), *pin, *menu))
    typed = "".join(deed.words[-1] for deed in found[1:5])
    assert typed == mask.digits("4929") != "4929"
    assert found[0].words == "caller calls"
    assert list(found[5:]) == menu
