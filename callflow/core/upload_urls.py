"""The addresses that recordings are sent to: the seed's form, the code's, and a storage plan's path (B§6.3, B§6.7).

Whatever a call id, a name or a document holds becomes one step of a path: it is percent-encoded, and none of it leads
out of the folder that the address names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from attrs import frozen


def recording_url(base: str, call_id: str, extension: str, fields: Mapping[str, str]) -> str:
    """The URL of one recording below `base`: `call_recording_CALL_ID.EXT`, the call id percent-encoded (seed; B§6.3).

    Without `fields` (the seed's form) a query that the base has stays behind the path. With them, a base without a
    query gets them as its query; one with a query gets the file's name as a value and the fields after it. A fragment
    is never sent, and is left out. FTP has no queries: there, a `?` belongs to a folder's name. Raises ValueError for
    text that cannot be encoded.
    """
    name = f"call_recording_{quote(call_id, safe='')}.{extension}"
    parts = urlsplit(base)._replace(fragment="")
    if not has_queries(base):
        return f"{urlunsplit(parts).rstrip('/')}/{name}"
    path = f"{parts.path.rstrip('/')}/{name}"
    if not fields:
        return urlunsplit(parts._replace(path=path))
    added = urlencode(fields, quote_via=quote)
    if not parts.query:
        return urlunsplit(parts._replace(path=path, query=added))
    last = parts.query.rpartition("&")[2]
    joint = "" if last.endswith("=") else "=" if "=" not in last else "&recording="
    # The code strips the slashes from the end of the whole address, here that of its query.
    return urlunsplit(parts._replace(query=f"{parts.query.rstrip('/')}{joint}{name}&{added}"))


def has_queries(url: str) -> bool:
    """Whether a `?` in the address begins a query: not for FTP (RFC 1738)."""
    return url[:3].lower() != "ftp"


ARGUMENTS: Final = ("account_id", "db", "id", "attachment")
"""What `arg` of a path can name: the account, the database of the month, the recording's document and its name."""


@frozen
class PathPart:
    """One part of a storage plan's path (`field_list`, B§6.7): the text itself, or what to look up, or `parts` joined.

    `arg` is one of ARGUMENTS, `field` a key of the recording's document. What is looked up is percent-encoded.
    """

    kind: Literal["const", "arg", "field", "group"]
    value: str = ""
    parts: tuple[PathPart, ...] = ()


def plan_path(
    parts: tuple[PathPart, ...], separator: str, arguments: Mapping[str, str], document: Mapping[str, str]
) -> str:
    """The path that a plan's parts make, with `separator` between them; a field without a value is left out (B§6.7).

    Raises ValueError for text that cannot be encoded.
    """
    written = []
    for part in parts:
        if part.kind == "const":
            written.append(part.value)
        elif part.kind == "group":
            written.append(plan_path(part.parts, "", arguments, document))
        else:
            value = (arguments if part.kind == "arg" else document).get(part.value)
            if value:
                written.append(quote(value, safe=""))
    return separator.join(written)


def climbs(path: str) -> bool:
    """Whether a step of the path is `.` or `..`, percent-encoded or not: it would lead out of its folder."""
    return any(unquote(step) in (".", "..") for step in path.split("/"))


def database_name(account_id: str, month: str) -> str:
    """The account's database of the month, `account/AA/BB/REST-YYYYMM` (B§6.5)."""
    return f"account/{account_id[:2]}/{account_id[2:4]}/{account_id[4:]}-{month}"
