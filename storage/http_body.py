"""What the body of an upload is made of: the file's bytes, base64 of them, or a form with the document (B§6.7).

The form is what Kazoo's handler `http` sends with `send_multipart`: two parts of `multipart/form-data`, the recording's
document as JSON, named by its id, and the audio, named by the attachment. Names are quoted as browsers quote them,
where Kazoo does not quote at all. `base64_encode_data` makes the whole body base64, as the schema says; Kazoo's code
heeds it for the audio's part of a form only.
"""

from __future__ import annotations

import json
import secrets
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from callflow.core.delivery import Body
from callflow.storage.http_client import FileBody
from callflow.storage.parcel import Parcel

_PRIVATE: Final = ("_", "pvt_")
_QUOTED: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


class FormedBody(FileBody):
    """A file between `head` and `tail`, itself as base64 where asked for: `bytes` long in all, in constant memory.

    Raises what `FileBody` raises; `left` counts bytes of the file.
    """

    _is_whole = False

    def __init__(self, file: Path, *, head: bytes = b"", tail: bytes = b"", is_base64: bool = False) -> None:
        super().__init__(file)
        self._head, self._tail, self._is_base64 = head, tail, is_base64
        inner = -(-self.left // 3) * 4 if is_base64 else self.left
        self.bytes: Final = len(head) + inner + len(tail)

    def __iter__(self) -> Iterator[bytes]:
        """Yield head, file and tail, in blocks."""
        if self._head:
            yield self._head
        blocks = super().__iter__()
        yield from _in_base64(blocks) if self._is_base64 else blocks
        if self._tail:
            yield self._tail
        self._is_whole = True

    @property
    def is_sent(self) -> bool:
        """Whether all of it went out, what stands behind the file too."""
        return self._is_whole


def body_of(parcel: Parcel) -> tuple[FormedBody, str]:
    """The body for one request that carries `parcel`, and its content type. Raises `OSError` where the file is gone."""
    if parcel.target.body is Body.BASE64:
        return FormedBody(parcel.file, is_base64=True), parcel.content_type
    if parcel.target.body is Body.MULTIPART:
        boundary = secrets.token_hex(16)
        head, tail = _form_around(parcel, boundary)
        return FormedBody(parcel.file, head=head, tail=tail), f"multipart/form-data; boundary={boundary}"
    return FormedBody(parcel.file), parcel.content_type


def _form_around(parcel: Parcel, boundary: str) -> tuple[bytes, bytes]:
    document_id = str(parcel.metadata.get("_id", parcel.delivery_id))
    name = str(parcel.metadata.get("name", parcel.file.name))
    public = {key: value for key, value in parcel.metadata.items() if not key.startswith(_PRIVATE)}
    document = json.dumps({**public, "id": document_id}, ensure_ascii=False)
    head = (
        f"--{boundary}\r\n{_part_head(document_id, 'application/json')}{document}\r\n"
        f"--{boundary}\r\n{_part_head(name, parcel.content_type)}"
    )
    return head.encode("utf-8", "replace"), f"\r\n--{boundary}--\r\n".encode()


def _part_head(name: str, content_type: str) -> str:
    quoted = name.translate(_QUOTED)
    return f'Content-Disposition: form-data; name="{quoted}"\r\nContent-Type: {content_type}\r\n\r\n'


def _in_base64(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        joined = rest + block
        whole = len(joined) - len(joined) % 3
        rest = joined[whole:]
        if whole:
            yield b2a_base64(memoryview(joined)[:whole], newline=False)
    if rest:
        yield b2a_base64(rest, newline=False)
