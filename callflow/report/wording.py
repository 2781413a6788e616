"""How times, lengths and names are written for people; nothing that strangers wrote reaches the terminal unescaped."""

from __future__ import annotations


def clock(at_ms: int) -> str:
    """Minutes, seconds and milliseconds, `0:04.000`; with hours from the first hour on, `1:00:04.000`."""
    minutes, rest_ms = divmod(at_ms, 60_000)
    seconds = f"{rest_ms // 1000:02}.{rest_ms % 1000:03}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"


def printable(text: object) -> str:
    """The text on one line with every unprintable character escaped: names and addresses come from strangers."""
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode("ascii") for mark in str(text))


def cut(text: str, most: int) -> str:
    """The text, at most `most` characters of it; an ellipsis stands for the rest."""
    return text if len(text) <= most else text[: most - 1] + "…"
