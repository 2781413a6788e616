"""Kazoo's document `storage` of an account, as it is written: attachments, connections, plan (B§6.7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from callflow.core.address import has_control_characters, is_host
from callflow.core.settings import setting
from callflow.core.shown import shown
from callflow.core.upload_urls import climbs

_WITHOUT_BLANKS: Final = re.compile(r"\S*")
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_REGION: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


def _path_text(value: Any, siblings: Mapping[str, Any]) -> tuple[str, str] | None:
    """The fault of text that is put into a path as it is written."""
    if has_control_characters(value) or "#" in value:
        return f"{shown(value)} holds a # or a control character", "write what can stand in a path"
    return (f"{shown(value)} leaves its folder", "write a path without . and .. steps") if climbs(value) else None


def _host(value: Any, siblings: Mapping[str, Any]) -> tuple[str, str] | None:
    """The fault of what is no name or address of a machine, or has its port beside it."""
    is_alone = is_host(value) and (":" not in value or value.endswith("]"))
    return None if is_alone else (f"{shown(value)} is no host", "write a name or an address, its port under 'port'")


def _no_blanks(value: Any, siblings: Mapping[str, Any]) -> tuple[str, str] | None:
    if _WITHOUT_BLANKS.fullmatch(value) and not has_control_characters(value):
        return None
    return "it holds a blank", "write it without blanks"


def _bucket_name(value: Any, siblings: Mapping[str, Any]) -> tuple[str, str] | None:
    """The fault of what is no bucket's name: it would be a part of an address."""
    if _BUCKET.fullmatch(value):
        return None
    return f"{shown(value)} is no bucket", "write letters, digits and . _ - with a letter or digit first"


def _region_name(value: Any, siblings: Mapping[str, Any]) -> tuple[str, str] | None:
    """The fault of what is no region: it becomes part of a host's name."""
    return None if _REGION.fullmatch(value) else (f"{shown(value)} is no region", "write it like eu-west-1")


@frozen
class PlanParameters:
    """`params` of a plan's attachments."""

    folder_path: str | None = setting(None, help="A folder before the path.", check=_path_text)


@frozen
class PlanAttachments:
    """Which handler brings attachments to their place."""

    handler: str | None = setting(None, help="The id of one of the document's attachments.")
    params: PlanParameters | None = setting(None, help="Settings that lie over the handler's own.")
    stub: bool = setting(False, help="Whether the file is kept in the database as well.")


@frozen
class TypePlan:
    """The plan of one type of document."""

    connection: str | None = setting(None, help="The id of one of the document's connections, or local.")
    attachments: PlanAttachments | None = setting(None, help="Where attachments go.")


@frozen
class PlanTypes:
    """The types of document that a plan can name; recordings alone are read."""

    call_recording: TypePlan | None = setting(None, help="The plan of call recordings.")
    fax: Mapping[str, Any] | None = setting(None, help="Not read here.")
    function: Mapping[str, Any] | None = setting(None, help="Not read here.")
    mailbox_message: Mapping[str, Any] | None = setting(None, help="Not read here.")
    media: Mapping[str, Any] | None = setting(None, help="Not read here.")


@frozen
class DatabasePlan(TypePlan):
    """The plan of one kind of database: what holds for a type that says nothing, and the types."""

    database: Mapping[str, Any] | None = setting(None, help="Not read here.")
    types: PlanTypes | None = setting(None, help="The types of document.")


@frozen
class PlanDocument:
    """`plan`: recordings are in the databases of the months, `modb`; the other kinds are not read."""

    modb: DatabasePlan | None = setting(None, help="Databases of a month.")
    account: Mapping[str, Any] | None = setting(None, help="Not read here.")
    aggregate: Mapping[str, Any] | None = setting(None, help="Not read here.")
    system: Mapping[str, Any] | None = setting(None, help="Not read here.")
    yodb: Mapping[str, Any] | None = setting(None, help="Not read here.")


@frozen
class StorageDocument:
    """`storage` of an account."""

    id: str | None = setting(None, help="The document's id.")
    attachments: Mapping[str, Any] | None = setting(None, help="Handlers by id.")
    connections: Mapping[str, Any] | None = setting(None, help="Database servers by id.")
    plan: PlanDocument | None = setting(None, help="Which of them a document goes to.")


@frozen
class AttachmentDocument:
    """One of `attachments`."""

    handler: str = setting(help="Which kind of place it is.")
    name: str | None = setting(None, help="A name for people.")
    settings: Mapping[str, Any] = setting(help="What the handler needs.")


@frozen
class HandlerSettings:
    """What every handler can be told of the path."""

    field_list: tuple[Mapping[str, Any] | str, ...] | None = setting(None, help="The parts of the path.")
    field_separator: str = setting("/", help="What stands between the parts.", check=_path_text)
    folder_base_path: str | None = setting(None, help="A folder before folder_path and the path.", check=_path_text)
    folder_path: str | None = setting(None, help="A folder before the path.", check=_path_text)


@frozen
class UrlSettings(HandlerSettings):
    """The handler `ftp`, and what `http` shares with it."""

    url: str = setting(help="The URL that the path comes under.", shortest=7)


@frozen
class HttpSettings(UrlSettings):
    """The handler `http`."""

    verb: str = setting("put", help="The HTTP verb.", one_of=("put", "post", "PUT", "POST"))
    send_multipart: bool = setting(False, help="Whether the file is one part of a form, its document another.")
    base64_encode_data: bool = setting(False, help="Whether the file is sent in base64.")


@frozen
class S3Settings(HandlerSettings):
    """The handler `s3`."""

    bucket: str = setting(help="The bucket.", shortest=6, longest=63, check=_bucket_name)
    key: str | None = setting(None, help="The access key's id.", shortest=1, longest=128, check=_no_blanks)
    secret: str | None = setting(None, help="The access key's secret.", shortest=1, longest=128, check=_no_blanks)
    region: str | None = setting(None, help="The region; default: the provider's.", shortest=1, check=_region_name)
    host: str | None = setting(None, help="The server; default: Amazon's of the region.", shortest=1, check=_host)
    port: int | None = setting(None, help="The server's port; default: the scheme's.", at_least=1, at_most=65535)
    scheme: str = setting("https", help="http or https.", one_of=("http", "https"))
    bucket_access_method: str | None = setting(
        None, help="Whether the bucket stands before the host or in the path.", one_of=("auto", "vhost", "path")
    )


@frozen
class Credentials:
    """Who one is to a database server."""

    username: str = setting(help="The user.")
    password: str | int = setting(help="The user's password.")


@frozen
class ConnectionSettings:
    """Where a database server is; `host` is another word of the code for `ip`."""

    ip: str | None = setting(None, help="The server's name or address.", shortest=1, check=_host)
    host: str | None = setting(None, help="The same.", shortest=1, check=_host)
    port: int = setting(5984, help="The server's port.", at_least=1, at_most=65535)
    credentials: Credentials | None = setting(None, help="User and password.")


@frozen
class ConnectionDocument:
    """One of `connections`."""

    driver: str = setting("kazoo_couch", help="What speaks to the server.", one_of=("kazoo_couch",))
    name: str | None = setting(None, help="A name for people.")
    settings: Mapping[str, Any] = setting(help="Where the server is.")


ALSO_KNOWN: Final[Mapping[type, tuple[str, ...]]] = {
    UrlSettings: ("document_url_field",),
    HttpSettings: ("document_url_field",),
    S3Settings: ("bucket_after_host", "tags_key_path"),
    ConnectionSettings: ("connect_options", "connect_timeout", "max_pipeline_size", "max_sessions", "pool"),
}
"""Keys that Kazoo has beside those that are read."""
