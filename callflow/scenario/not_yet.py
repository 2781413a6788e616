"""What the grammar knows and the simulation cannot do so far: refused when the file is read, never ignored."""

from __future__ import annotations

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.scenario.sounds import SimilarTo

NOT_YET: dict[object, str] = {
    SimilarTo: "comparing sounds",
}
"""Classes of sounds: each with what is missing, until it is built."""


def refuse_not_yet(thing: object, words: str) -> None:
    """Raise ScenarioError (without a place) when `thing`, written as `words`, is in the table."""
    missing = NOT_YET.get(thing)
    if missing is not None:
        raise ScenarioError("", f"{shown(words)} is not simulated yet", f"take it out: {missing} comes later")
