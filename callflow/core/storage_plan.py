"""An account's storage plan: where its call recordings without a url go (B§6.1, B§6.7).

It is read from the account's document `storage` by `callflow.core.account_storage`. The path of a recording is made
when the recording is over, from its document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from attrs import field, frozen

from callflow.core.address import is_url, without_credentials
from callflow.core.delivery import Body, Target, TargetKind
from callflow.core.upload_urls import PathPart, climbs, has_queries, plan_path

DEFAULT_PATH: Final = (
    PathPart("arg", "account_id"),
    PathPart("field", "owner_id"),
    PathPart("arg", "id"),
    PathPart("arg", "attachment"),
)
"""The path of the handlers `http` and `ftp`: `<account>/<owner>/<doc id>/<attachment>` (B§6.7)."""

DEFAULT_S3_PATH: Final = (
    PathPart("arg", "db"),
    PathPart("group", parts=(PathPart("arg", "id"), PathPart("const", "_"), PathPart("arg", "attachment"))),
)
"""The name of an object in a bucket: `<db>/<doc id>_<attachment>`, the database's slashes written %2F (B§6.7)."""


@frozen(eq=False)
class StoragePlan:
    """Where the plan sends a recording: `kind` URL, S3 or COUCHDB, or NONE for a handler that was skipped.

    `address` is what the path comes under, with credentials where it has some: a URL, `s3://KEY:SECRET@HOST/BUCKET`
    whose `query` follows the object, or a CouchDB's URL. `parts`, `separator` and `folder` make the path.
    `rule` names the option that decided it, as the trace shows it.
    """

    kind: TargetKind
    rule: str
    address: str = field(default="", repr=without_credentials)
    method: str = "PUT"
    body: Body = Body.RAW
    parts: tuple[PathPart, ...] = DEFAULT_PATH
    separator: str = "/"
    folder: str = ""
    query: str = ""

    def target(self, arguments: Mapping[str, str], document: Mapping[str, str]) -> Target:
        """The place of one recording; `arguments` are those of ARGUMENTS, `document` its document's fields as text.

        A path that would lead out of its folder makes it a target of kind NONE, and so does text that is no URL.
        """
        if self.kind is TargetKind.NONE:
            return Target(self.kind, "", "", self.rule)
        if self.kind is TargetKind.COUCHDB:
            return Target(self.kind, self.method, self.address, self.rule)
        try:
            path = self.path(arguments, document)
        except ValueError:  # text that cannot be encoded
            return self._dropped("what is no URL")
        if climbs(path):
            return self._dropped("a path out of its folder")
        url = self._below(path)
        return Target(self.kind, self.method, url, self.rule, self.body) if url else self._dropped("what is no URL")

    def path(self, arguments: Mapping[str, str], document: Mapping[str, str]) -> str:
        """What comes under the address, the folder first. Raises ValueError for text that cannot be encoded."""
        path = plan_path(self.parts, self.separator, arguments, document)
        return f"{self.folder.rstrip('/')}/{path}" if self.folder else path

    def _below(self, path: str) -> str:
        """The address with the path: at the end of its query if it has one (B§6.7), "" for what is no URL."""
        if self.kind is TargetKind.S3:
            # A slash at its beginning would give the object a first folder without a name.
            return f"{self.address}/{quote(path.lstrip('/'), safe='/')}?{self.query}"
        joint = "" if has_queries(self.address) and urlsplit(self.address).query else "/"
        url = f"{self.address}{joint}{path}"
        return url if is_url(url) else ""

    def _dropped(self, what: str) -> Target:
        return Target(TargetKind.NONE, "", "", f"{self.rule}: {what} is dropped")
