"""`use:` takes parts of a scenario from other files: what the file itself says wins, mappings are merged key by key."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from callflow.scenario.document import check_reference, read_document
from callflow.scenario.nodes import Node, any_mapping, at, items, node_tree, text

MOST_FILES = 100
"""Files that one scenario may be made of."""


def with_fixtures(root: Node) -> tuple[dict[str, Node], tuple[str, ...]]:
    """The scenario's top-level parts with those of its fixtures under them, and the fixtures' paths as written.

    Of several fixtures a later one wins over an earlier one; fixtures may use others. Raises ScenarioError for files
    that cannot be read, that use each other in a circle, or that are too many.
    """
    merged = _merged(root, (Path(root.file).absolute(),), [0])
    own = root.value.get("use") if isinstance(root.value, dict) else None
    return merged, tuple(str(each.value) for each in _list(own)) if own else ()


def _list(use: Node) -> list[Node]:
    return [use] if isinstance(use.value, str) else items(use, "[people.yaml]")


def _merged(root: Node, chain: tuple[Path, ...], opened: list[int]) -> dict[str, Node]:
    own = dict(any_mapping(root, "scenario: …, callflow: …, timeline: …"))
    use = own.pop("use", None)
    below: dict[str, Node] = {}
    for name in _list(use) if use else ():
        with at(name):
            path = Path(root.file).parent / check_reference(text(name, "a path from here"))
        if path.absolute().resolve() in [each.resolve() for each in chain]:
            raise name.error("the files use each other in a circle", "take one use: out")
        opened[0] += 1
        if opened[0] > MOST_FILES:
            raise name.error(f"more than {MOST_FILES} files", "use fewer fixtures")
        fixture = node_tree(read_document(path))
        below = _over(below, _merged(fixture, (*chain, path.absolute()), opened))
    return _over(below, own)


def _over(below: dict[str, Node], above: dict[str, Node]) -> dict[str, Node]:
    """Keys of both; where both have a mapping the two are merged, else the one above wins."""
    result = dict(below)
    for key, node in above.items():
        under = result.get(key)
        if under is not None and isinstance(under.value, dict) and isinstance(node.value, dict):
            node = evolve(node, value=_over(under.value, node.value))
        result[key] = node
    return result
