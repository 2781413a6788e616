"""The token that a receiver may ask of everybody: where a request may carry it, and the comparison in constant time.

It is read from a file or the environment, never from the command line, where every user of the machine sees it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from callflow.core.errors import StorageError
from callflow.storage.carrier import words_for

CHALLENGE: Final = 'Basic realm="recordings", charset="UTF-8", Bearer realm="recordings"'
"""The `WWW-Authenticate` header of a refusal: browsers ask for a name, any, and a password, the token."""
FIELD: Final = "token"
"""The field of a query that may carry it."""
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,1024}")


def token_from(text: str, where: str) -> str:
    """The token that `text` holds, white space around it removed. Raises `StorageError`, without the token."""
    token = text.strip()
    if not _TOKEN.fullmatch(token):
        raise StorageError(f"{where}: is no token; write one line of 1 to 1024 visible ASCII characters, no spaces")
    return token


def token_in(file: Path) -> str:
    """The token in `file`. Raises `StorageError`."""
    try:
        with file.open("rb") as opened:
            content = opened.read(4096)
    except OSError as error:
        raise StorageError(f"{file}: cannot be read, {words_for(error)}; name a file that holds the token") from error
    return token_from(content.decode("ascii", "replace"), str(file))


def is_admitted(token: str | None, authorization: str, fields: Mapping[str, str]) -> bool:
    """Whether a request carries `token` (None: nothing is asked): as Bearer, as password of Basic, or in its query."""
    if token is None:
        return True
    offered = (_of_header(authorization), fields.get(FIELD, ""))
    return any([hmac.compare_digest(each.encode(), token.encode()) for each in offered])


def _of_header(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        pair = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return pair.partition(":")[2]
