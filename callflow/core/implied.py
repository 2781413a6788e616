"""The account that a flow implies when a scenario gives none: whoever it names exists (design §6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from callflow.core.account_menus import Menu
from callflow.core.directory import Account
from callflow.core.endpoints import Device, Mailbox, MediaFile, User
from callflow.core.flow import Node
from callflow.core.sounds import PROMPT_LENGTHS_MS


def implied_account(nodes: Iterable[Node], *, id: str = "account") -> Account:
    """Return an account in which every user, device, mailbox, menu and media that the nodes name exists (design §6).

    Each user owns one registered device, `<user id>-phone`; a mailbox's number is its id; system prompts stay prompts.
    """
    users: dict[str, User] = {}
    devices: dict[str, Device] = {}
    mailboxes: dict[str, Mailbox] = {}
    media: dict[str, MediaFile] = {}
    menus: dict[str, Menu] = {}
    for kind, named in _named_documents(nodes):
        if kind == "user" and named not in users:
            users[named] = User(id=named, name=named)
            phone = f"{named}-phone"
            devices[phone] = Device(id=phone, name=phone, owner_id=named)
        elif kind == "device":
            devices.setdefault(named, Device(id=named, name=named))
        elif kind == "voicemail":
            mailboxes.setdefault(named, Mailbox(id=named, number=named, name=named))
        elif kind == "menu":
            menus.setdefault(named, Menu(id=named, name=named))
        elif kind == "play" and named not in PROMPT_LENGTHS_MS:
            media.setdefault(named, MediaFile(id=named, name=named))
    return Account(id=id, users=users, devices=devices, mailboxes=mailboxes, media=media, menus=menus)


def _named_documents(nodes: Iterable[Node]) -> Iterator[tuple[str, str]]:
    """Yield (kind, id) for each document that a node's data names, members of ring groups among them."""
    for node in nodes:
        if isinstance(node.data.get("id"), str):
            yield node.module, node.data["id"]
        endpoints = node.data.get("endpoints")
        for endpoint in endpoints if isinstance(endpoints, list) else ():
            if isinstance(endpoint, Mapping) and isinstance(endpoint.get("id"), str):
                yield str(endpoint.get("endpoint_type")), endpoint["id"]
