"""What the checks ask of a node: one setting, and whether the node starts or stops a recording."""

from __future__ import annotations

from callflow.core.flow import Node


def value_of(node: Node, key: str, default: object = None) -> object:
    """Return a setting as the action will see it, or as written when the node has no settings; null is absent."""
    value = getattr(node.settings, key, node.data.get(key))
    return default if value is None else value


def is_on(node: Node, key: str) -> bool:
    """Whether a true-or-false setting is true."""
    return value_of(node, key) is True


def is_start(node: Node) -> bool:
    """Whether the node starts a recording: a record_call that is not skipped and does not say stop (B§3.1)."""
    return node.module == "record_call" and not node.skip and not is_stop(node)


def is_stop(node: Node) -> bool:
    """Whether the node stops a recording."""
    return node.module == "record_call" and not node.skip and value_of(node, "action") == "stop"
