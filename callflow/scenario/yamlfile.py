"""YAML as written by hand: read without the traps of the language.

The text is composed to nodes by ruamel.yaml (1.2) and turned into plain data here, so that: a number that YAML would
damage (`0123`, `+14155550100`, `0x1F`, `1_000`) stays the text that was written; keys are always text; a key that
stands twice, a tag, an alias that contains itself and aliases that multiply beyond measure are errors; a date stays
text. Every value's line is kept.
"""

from __future__ import annotations

import math
import re
from typing import Any

from attrs import define, field
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from callflow.core.errors import DocumentError
from callflow.core.shown import shown
from callflow.scenario.places import Place, item_path, key_path

_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = {_TAG + "str", _TAG + "timestamp", _TAG + "value"}
_PLAIN_TAGS = {_TAG + "int", _TAG + "float", _TAG + "bool", _TAG + "null", _TAG + "merge"}
_SAFE_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,29}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = re.compile(r"[-+]?\.inf|\.nan", re.IGNORECASE)
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_SURROGATE = re.compile("[\ud800-\udfff]")

MOST_VALUES = 200_000
"""Values that one document may have after its aliases are written out."""
DEEPEST = 200
"""Levels of nesting."""


def load_yaml(text: str, file: str, error: type[DocumentError]) -> tuple[Any, dict[str, Place]]:
    """The data of a YAML text and the place of each value; raises `error` with file, line and column."""
    reader = YAML(typ="safe", pure=True)
    reader.composer.warn_double_anchors = False  # legal, and the warning would be several lines on somebody's screen
    try:
        root = reader.compose(text)
    except MarkedYAMLError as broken:
        raise _broken(broken, file, error) from None
    except YAMLError as broken:
        raise error(file, f"broken YAML: {_first_line(str(broken))}", "save it as plain UTF-8 text") from None
    except RecursionError:
        raise error(file, "the YAML is nested too deeply to be read", f"at most {DEEPEST} levels") from None
    except (ValueError, OverflowError):  # the parser does not check the escapes \U00110000 and up
        raise error(file, "broken YAML: an escape beyond the last character", "write the character itself") from None
    if root is None:
        return None, {"": Place(1)}
    builder = _Builder(file, error)
    return builder.build(root, "", 0), builder.places


def _first_line(text: str) -> str:
    return " ".join(shown(text).strip('"').split()) or "unreadable"


def _broken(broken: MarkedYAMLError, file: str, error: type[DocumentError]) -> DocumentError:
    mark = broken.problem_mark or broken.context_mark
    where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark is not None else file
    problem = broken.problem or broken.context or "unreadable"
    hint = ""
    if "\\t" in problem or "\t" in problem:
        hint = "indent with spaces, not tabs"
    elif "mapping values are not allowed" in problem:
        hint = 'a text that holds ": " must stand in quotes'
    elif "alias" in problem:
        hint = "a text that begins with * must stand in quotes"
    elif "single document" in (broken.context or ""):
        problem, hint = "more than one document in the file", "keep one; further ones go into files of their own"
    return error(where, f"broken YAML: {_first_line(problem)}", hint)


@define
class _Builder:
    """Turns nodes into data, writing aliases out, and notes where everything stands."""

    file: str
    error: type[DocumentError]
    places: dict[str, Place] = field(factory=dict)
    count: int = 0

    def fail(self, node: Node, path: str, problem: str, hint: str) -> DocumentError:
        place = f"{self.file}:{node.start_mark.line + 1}"
        return self.error(f"{place}: {path}" if path else place, problem, hint)

    def build(self, node: Node, path: str, depth: int) -> Any:
        """The data of one node; its own place is noted unless its key has already noted it."""
        self.count += 1
        if self.count > MOST_VALUES:
            raise self.fail(node, "", f"more than {MOST_VALUES} values", "use fewer aliases (*name)")
        if depth > DEEPEST:
            raise self.fail(node, "", f"nested deeper than {DEEPEST} levels", "does an alias contain itself?")
        line = node.start_mark.line + 1
        if isinstance(node, ScalarNode):
            value, raw = self.scalar(node, path)
            self.places[path] = Place(self.places[path].line if path in self.places else line, raw)
            return value
        self.places.setdefault(path, Place(line))
        if isinstance(node, SequenceNode) and node.tag == _TAG + "seq":
            return [self.build(item, item_path(path, index), depth + 1) for index, item in enumerate(node.value)]
        if isinstance(node, MappingNode) and node.tag == _TAG + "map":
            return self.mapping(node, path, depth)
        raise self.fail(node, path, f"the tag {shown(node.tag)} is not read here", "write plain values")

    def mapping(self, node: MappingNode, path: str, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        inherited: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                raise self.fail(key_node, path, "a key must be a word, not a list or a mapping", "quote the key")
            if key_node.tag == _TAG + "merge":
                inherited = {**self.merged(value_node, path, depth), **inherited}
                continue
            key = self.whole(key_node, key_node.value, path)
            where = key_path(path, key)
            if key in data:
                raise self.fail(key_node, where, "the key stands twice in one mapping", "keep one of the two")
            self.places[where] = Place(key_node.start_mark.line + 1)
            data[key] = self.build(value_node, where, depth + 1)
        return {**inherited, **data}

    def merged(self, node: Node, path: str, depth: int) -> dict[str, Any]:
        """What `<<: *name` or `<<: [*one, *two]` brings in; the first of several wins."""
        sources = node.value if isinstance(node, SequenceNode) else [node]
        data: dict[str, Any] = {}
        for source in sources:
            if not isinstance(source, MappingNode):
                raise self.fail(node, path, "<< must name a mapping", "write <<: *name")
            data = {**self.mapping(source, path, depth + 1), **data}
        return data

    def scalar(self, node: ScalarNode, path: str) -> tuple[Any, str | None]:
        """The value, and the source text when it was written without quotes."""
        text = self.whole(node, node.value, path)
        raw = text if node.style is None else None
        if node.tag in _TEXT_TAGS:
            return text, raw
        if node.tag not in _PLAIN_TAGS:
            raise self.fail(node, path, f"the tag {shown(node.tag)} is not read here", "write plain values")
        if text in _WORDS:
            return _WORDS[text], raw
        if _SAFE_INTEGER.fullmatch(text):
            return int(text), raw
        if _SPECIAL_FLOAT.fullmatch(text):
            raise self.fail(node, path, f"{shown(text)} is not a number one can use", "write a finite number")
        if _FLOAT.fullmatch(text):
            if math.isinf(number := float(text)):
                raise self.fail(node, path, f"the number {shown(text)} is too large", "write a finite number")
            return number, raw
        return text, raw

    def whole(self, node: Node, text: str, path: str) -> str:
        """The text with pairs of \\ud… escapes, which JSON writes for rarer characters, made one character."""
        if _SURROGATE.search(text) is None:
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            problem = "the text holds half a character (a lone \\ud… escape)"
            raise self.fail(node, path, problem, "write it whole") from None
