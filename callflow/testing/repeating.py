"""The exact command that repeats one case, ready for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from callflow.core.address import without_credentials
from callflow.scenario.preparing import Choices


def repeat_command(
    file: str, choices: Choices, *, row: int | None = None, chosen: str = "", start: str = "", golden: bool = False
) -> str:
    """`callflow run FILE …` with what was chosen on the command line, or `callflow test FILE --golden …`.

    `start` is given where the case took the real time, so that the same moment is there again. Passwords in addresses
    are left out of values, as everywhere.
    """
    words = ["callflow", "test" if golden else "run", f"./{file}" if file.startswith("-") else file]
    if golden:
        words.append("--golden")
    elif row is not None:
        words += ["--row", str(row)]
    return shlex.join([*words, *_choices(choices, chosen, start)])


def _choices(choices: Choices, chosen: str, start: str) -> Iterator[str]:
    if chosen:
        yield from ("--profile", chosen)
    if choices.seed is not None:
        yield from ("--seed", str(choices.seed))
    moment = choices.start.strftime("%Y-%m-%dT%H:%M:%SZ") if choices.start is not None else start
    if moment:
        yield from ("--start", moment)
    for name, value in choices.values.items():
        yield from ("--with", f"{name}={without_credentials(value)}")
    if choices.strict:
        yield "--strict"
    if choices.skip_unsimulated:
        yield "--skip-unsimulated"
