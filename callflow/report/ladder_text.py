"""A call's ladder for the terminal and for tickets: plain text, and mermaid for pages that draw it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from callflow.report.ladder import Ladder, Step
from callflow.report.wording import clock, cut

_TIME: Final = 10
_NARROWEST, _WIDEST = 14, 30
_PLAIN: Final = frozenset(" _-.,/=()+*'●○…?")


def ladder_text(ladder: Ladder, width: int = 100) -> str:
    """The ladder in lines of about `width` characters, a line a step, without a final line break.

    What has no room between its columns is written to their right.
    """
    count = len(ladder.columns)
    share = max(_NARROWEST, min(_WIDEST, (width - _TIME) // max(count, 1)))
    middles = [_TIME + place * share + share // 2 for place in range(count)]
    heads = [" "] * (_TIME + count * share)
    for middle, column in zip(middles, ladder.columns, strict=True):
        _write(heads, middle - len(cut(column.name, share - 2)) // 2, cut(column.name, share - 2))
    title = [f"call {ladder.title}:"] if ladder.title else []
    return "\n".join([*title, "".join(heads).rstrip(), *(_step(ladder, step, middles) for step in ladder.steps)])


def _step(ladder: Ladder, step: Step, middles: list[int]) -> str:
    line = [" "] * (middles[-1] + 1)
    for middle in middles:
        line[middle] = "│"
    _write(line, 0, f"{clock(step.at_ms):>{_TIME - 1}}")
    source, target = middles[ladder.place_of(step.source)], middles[ladder.place_of(step.target)]
    if source == target:
        line[source] = "●"
        room = next((middle for middle in middles if middle > source), source + 10_000) - source - 3
        if len(step.text) <= room:
            _write(line, source + 2, step.text)
            return "".join(line).rstrip()
        return f"{''.join(line).rstrip()}  {step.text}"
    left, right = sorted((source, target))
    is_talk = step.kind == "talk"
    for place in range(left + 1, right):
        line[place] = "═" if is_talk else "─"
    line[target] = "╡" if is_talk and target > source else "╞" if is_talk else "▶" if target > source else "◀"
    line[source] = "╞" if is_talk and target > source else "╡" if is_talk else "├" if target > source else "┤"
    if len(step.text) <= right - left - 5:
        words = f" {step.text} "
        _write(line, (left + right - len(words)) // 2 + 1, words)
        return "".join(line).rstrip()
    return f"{''.join(line).rstrip()}  {step.text}"


def _write(line: list[str], start: int, text: str) -> None:
    line[start : start + len(text)] = text


def ladder_mermaid(ladder: Ladder) -> str:
    """The ladder as a mermaid sequence diagram, without a final line break. Names can be no more than text."""
    return "\n".join(["sequenceDiagram", *_mermaid(ladder)])


def _mermaid(ladder: Ladder) -> Iterator[str]:
    if ladder.title:
        yield f"    title {_label(ladder.title)}"
    names = {column.key: f"p{place}" for place, column in enumerate(ladder.columns)}
    for column in ladder.columns:
        yield f"    participant {names[column.key]} as {_label(column.name)}"
    for step in ladder.steps:
        words, source, target = _label(f"{clock(step.at_ms)} {step.text}"), names[step.source], names[step.target]
        if source == target:
            yield f"    Note over {source}: {words}"
        elif step.kind == "talk":
            yield f"    Note over {source},{target}: {words}"
        else:
            yield f"    {source}->>{target}: {words}"


def _label(text: str) -> str:
    """The text as mermaid shows it literally: everything that could end or mark it becomes a numbered entity."""
    return "".join(each if each.isalnum() or each in _PLAIN else f"#{ord(each)};" for each in text)
