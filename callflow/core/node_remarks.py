"""Remarks on a single node's data that a module's settings class cannot make: addresses, ids, a missing action."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from callflow.core.address import has_control_characters, is_url
from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import FlowError
from callflow.core.filling import Filling
from callflow.core.shown import shown
from callflow.core.silence_remarks import silence_remarks

UPLOAD_SCHEMES = frozenset({"http", "https", "ftp", "ftps"})
"""The schemes of `url` for which a recording is sent anywhere (B§6.1; C17)."""

ID_LENGTH = 32
"""Kazoo's document ids are 32 hexadecimal digits (B§7.6)."""

LONGEST_MODULE = 64
"""Letters that a module's name may have (B§1.1)."""

_RECORDING_MODULES = frozenset({"record_call", "record_caller"})
_NOT_SIMULATED = {
    "voicemail": (("action", "check", "checking messages"),),
    "callflow": (("doc_id", None, "branching into a part of a document"),),
}
"""By module, the keys (and values, None for any) whose effect nobody simulates yet: refused, never ignored."""

_BRACES = re.compile(r"\{[^{}]*\}")
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)


def node_remarks(
    module: str, data: Mapping[str, Any], where: str
) -> tuple[tuple[FlowError, ...], tuple[Diagnostic, ...]]:
    """Return the faults and diagnostics of one node's `data`, whose JSON path is `where`."""
    faults: list[FlowError] = []
    diagnostics: list[Diagnostic] = []
    if module == "record_call" and data.get("action") is None:
        message = "record_call has no action, and starts a recording"
        diagnostics.append(Diagnostic("no-action", "warning", where, message, 'write "action": "start"'))
    if module in _RECORDING_MODULES and isinstance(data.get("url"), str) and data["url"]:
        refused, remarks = url_remarks(data["url"], f"{where}.url", is_filled=True)
        faults += refused
        diagnostics += remarks
    if module in _RECORDING_MODULES:
        diagnostics += silence_remarks(data, where)
    for key, value, what in _NOT_SIMULATED.get(module, ()):
        if key in data and value in (None, data[key]):
            faults.append(FlowError(f"{where}.{key}", f"{what} is not simulated yet", "take the node out of the flow"))
    document_id = data.get("id")
    # A path or an address names media otherwise, and an unfilled name has its own remark.
    if isinstance(document_id, str) and len(document_id) != ID_LENGTH and not set(document_id) & set("/:{"):
        message = f"{shown(document_id)} has {len(document_id)} characters, Kazoo's ids have {ID_LENGTH}"
        diagnostics.append(Diagnostic("id-length", "info", f"{where}.id", message))
    return tuple(faults), tuple(diagnostics)


def url_remarks(
    url: str, where: str, *, is_filled: bool = False
) -> tuple[tuple[FlowError, ...], tuple[Diagnostic, ...]]:
    """Return the faults and diagnostics of an upload address, whose JSON path is `where` (B§6.1; C17).

    `is_filled` where names such as {USER_ID} have been filled in, and those without a value remarked on.
    """
    match = _SCHEME.match(url)
    scheme = match[1].lower() if match else ""
    if scheme == "file":
        problem = "a callflow must not choose a file of this machine"
        return (FlowError(where, problem, "leave url out and choose a folder with --out"),), ()
    if has_control_characters(url):
        problem = f"{shown(url)} holds a control character"
        return (FlowError(where, problem, "take out line breaks, tabs and the like, or write them as %0A, %09"),), ()
    if scheme not in UPLOAD_SCHEMES:
        what = f"nobody uploads to {shown(scheme + ':')}" if scheme else "the url has no scheme"
        message = f"{what}: the recording is made and never stored"
        hint = "write an address that starts with http://, https://, ftp:// or ftps://"
        return (), (Diagnostic("url-scheme", "error", where, message, hint),)
    if not is_url(url):
        message = f"{shown(url)} is no address of a server: the recording is made and never stored"
        hint = "write it like http://server/folder, without blanks, with / ? # @ in a password as %2F %3F %23 %40"
        return (), (Diagnostic("bad-url", "error", where, message, hint),)
    return (), tuple(_doubts(url, scheme, where, is_filled))


def _doubts(url: str, scheme: str, where: str, is_filled: bool) -> Iterator[Diagnostic]:
    """Yield what becomes of parts of a right address that its author may not expect (B§6.3)."""
    if scheme == "ftps":
        message = "Kazoo 4 cannot read an ftps address: there the recording is made and never stored"
        yield Diagnostic("ftps-url", "warning", where, message, "write ftp:// or https:// if it is to run there")
    if "#" in url:
        message = "what follows # is no part of what is sent, and is left out"
        yield Diagnostic("url-fragment", "warning", where, message, "write %23 for a # of the path")
    for name in dict.fromkeys(_BRACES.findall(url)):
        if not (is_filled and _is_fillable(name)):
            message = f"{shown(name)} is taken literally: nobody fills it in here"
            yield Diagnostic("unfilled-placeholder", "warning", where, message, "write the value itself")


def _is_fillable(text: str) -> bool:
    filling = Filling({})
    filling.fill(text)
    return bool(filling.unfilled)


def bare_children(where: str, module: object, *, is_repaired: bool, has_default: bool) -> Diagnostic:
    """Return the remark on a `children` object that is itself a node, as in the seed's own sample (C1, B§0).

    `module` is what that node calls its module; `is_repaired` says whether it is read as the `_` child, `has_default`
    whether a real `_` stands beside it.
    """
    inside = f"the {module} node" if isinstance(module, str) and len(module) <= LONGEST_MODULE else "a node"
    kazoo = "no `_` child, so the flow ends there and the caller is hung up"
    if is_repaired:
        outcome = f"is read as its `_` child; Kazoo would find {kazoo}"
    elif has_default:
        outcome = "is executed literally: the flow goes on to the `_` beside it, and that node never runs"
    else:
        outcome = f"is executed literally: {kazoo}"
    message = f"`children` is itself {inside}, and {outcome}"
    return Diagnostic("bare-children", "error", where, message, 'write "children": {"_": {"module": …}}')
