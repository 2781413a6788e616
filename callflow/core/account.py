"""An account, read from Kazoo's own document shapes or implied by the flow that a scenario runs (design §6; B§9.1).

The records themselves are in `callflow.core.endpoints` and `callflow.core.directory`, and can be imported from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from attrs import define, field, frozen

from callflow.core.account_configs import ConfigReader
from callflow.core.account_documents import (
    CallflowConfigDocument,
    DeviceDocument,
    MailboxDocument,
    MediaConfigDocument,
    MediaDocument,
    UserDocument,
    VoicemailDocument,
    leaves_its_folder,
    system_media,
)
from callflow.core.account_groups import Group, GroupDocument
from callflow.core.account_menus import Menu, MenuDocument
from callflow.core.account_metaflows import Placed, read_account_metaflows
from callflow.core.account_recordings import RecordingReview
from callflow.core.account_storage import read_account_storage
from callflow.core.call_recording import AccountRecordingDocument, LegacyRecording
from callflow.core.diagnostic import Diagnostic
from callflow.core.directory import Account, FlowDocument, FlowMatch
from callflow.core.endpoints import Device, Mailbox, MediaFile, SystemMedia, User
from callflow.core.errors import FlowError, ScenarioError
from callflow.core.flow_heading import FlowHeading, own_fields, read_heading, refused_parts, without_unread
from callflow.core.implied import implied_account
from callflow.core.metaflows import Bindings
from callflow.core.number_patterns import BadPattern, compile_pattern
from callflow.core.settings import Reading, read_settings, setting
from callflow.core.shown import child_path, shown
from callflow.core.storage_plan import StoragePlan

__all__ = [
    "Account",
    "Device",
    "FlowDocument",
    "FlowMatch",
    "Group",
    "Mailbox",
    "MediaFile",
    "Menu",
    "SystemMedia",
    "User",
    "implied_account",
    "read_account",
]

T = TypeVar("T")


@frozen
class PreflowDocument:
    """An account's `preflow`: a flow that runs before every other (B§1.2)."""

    always: str | None = setting(None, help="The id of the callflow that runs first.")


@frozen
class AccountDocument:
    """What is read of the account document itself; its lists of documents are read one by one."""

    id: str = setting("account", help="The account's id.", shortest=1)
    name: str | None = setting(None, help="The account's name.", longest=128)
    timezone: str | None = setting(None, help="The account's time zone, such as Europe/Berlin.")
    preflow: PreflowDocument | None = setting(None, help="The flow that runs before every other.")
    call_recording: AccountRecordingDocument | None = setting(None, help="Which calls are recorded by themselves.")
    record_call: bool | LegacyRecording | None = setting(None, help="Only users and devices have it; no effect here.")


_PARTS = (
    "users", "devices", "vmboxes", "menus", "media", "temporal_rules", "temporal_rules_sets", "callflows", "groups",
    "metaflows", "system_config", "configs", "realm", "numbers", "enabled", "language",
    "caller_id", "call_restriction", "music_on_hold", "ringtones", "storage",
)  # fmt: skip
"""Keys of an account file that are read elsewhere, or that Kazoo's account documents have."""

_READ_ELSEWHERE = ("call_forward", "metaflows")
"""Keys that users and devices may have, which `refused_parts` and `account_metaflows` answer for."""


def read_account(
    document: object,
    *,
    known: Mapping[str, Collection[str]],
    bounds_are_errors: bool = True,
    skip_unsimulated: bool = False,
) -> tuple[Account, tuple[Diagnostic, ...]]:
    """Read an account file's content; `known` are the keys of Kazoo's documents (`callflow.schemas.document_keys`).

    Documents come as a list, or as an object from id to document. Raises ScenarioError with the JSON path of the
    first fault, the others as its notes: a wrong type, a misspelt key, a bad pattern, and everything switched on that
    is not simulated yet; metaflows of that kind are only warned of with `skip_unsimulated`. Duplicate ids and numbers
    and owners that nobody is are warnings.
    """
    reader = _Reader(known, bounds_are_errors, skip_unsimulated)
    account = reader.account(document)
    if reader.faults:
        first, *others = (ScenarioError(fault.where, fault.problem, fault.hint) for fault in reader.faults)
        for other in others:
            first.add_note(str(other))
        raise first
    return account, tuple(reader.diagnostics)


@define
class _Reader:
    known: Mapping[str, Collection[str]]
    bounds_are_errors: bool
    skip_unsimulated: bool
    faults: list[FlowError] = field(factory=list)
    diagnostics: list[Diagnostic] = field(factory=list)
    documents: dict[str, list[Placed]] = field(factory=dict)

    def account(self, document: object) -> Account:
        if not isinstance(document, Mapping):
            self._fault("", f"{shown(document)} is no account", "write an object with users, devices, vmboxes, …")
            return Account(id="account")
        heading = self._read(AccountDocument, document, "", "an account", _PARTS) or AccountDocument()
        self._refuse_unsimulated(document, "")
        media, callflow = self._system(document)
        voicemail = callflow.voicemail or VoicemailDocument()
        users = self._records(document, "users", UserDocument)
        devices = self._records(document, "devices", DeviceDocument)
        boxes = self._records(document, "vmboxes", MailboxDocument)
        files = self._records(document, "media", MediaDocument)
        menus = self._records(document, "menus", MenuDocument)
        groups = self._records(document, "groups", GroupDocument)
        review = RecordingReview(heading.call_recording, heading.record_call, self.faults, self.diagnostics)
        recordings = review.review(users, devices)
        metaflows = self._metaflows(document)
        self._check_owners([*devices, *boxes], {user.id for _, user in users})
        self._check_paths(files)
        return Account(
            id=heading.id,
            name=heading.name or heading.id,
            timezone=heading.timezone,
            users={user.id: user.record() for _, user in users},
            devices={device.id: device.record() for _, device in devices},
            mailboxes={box.id: box.record(voicemail) for _, box in boxes},
            media={each.id: each.record() for _, each in files},
            flows=self._flows(document),
            system=system_media(media, callflow, self._storage_plan(document)),
            preflow_id=heading.preflow.always if heading.preflow else None,
            recordings=recordings,
            metaflows=metaflows,
            menus={menu.id: menu.record() for _, menu in menus},
            groups={group.id: group.record() for _, group in groups},
            temporal_rules=self._raw(document, "temporal_rules"),
        )

    def _read(
        self, cls: type[T], document: Mapping[Any, Any], where: str, of: str, also_known: Collection[str]
    ) -> T | None:
        own, strict = own_fields(document), self.bounds_are_errors
        return self._taken(read_settings(cls, own, where, bounds_are_errors=strict, of=of, also_known=also_known))

    def _taken(self, reading: Reading[T]) -> T | None:
        kept = without_unread(reading)
        self.faults += kept.faults
        self.diagnostics += kept.diagnostics
        return reading.settings

    def _documents(self, document: Mapping[Any, Any], kind: str) -> Iterator[tuple[str, Mapping[Any, Any]]]:
        """Yield (JSON path, document) of one kind, the first of each id."""
        listed = document.get(kind)
        pairs: list[tuple[str, object]] = []
        if isinstance(listed, list | tuple):
            pairs = [(f"{kind}[{index}]", each) for index, each in enumerate(listed)]
        elif isinstance(listed, Mapping):
            pairs = [(child_path(kind, str(key)), _with_id(each, key)) for key, each in listed.items()]
        elif listed is not None:
            self._fault(kind, f"{shown(listed)} is not a list", "write a list of documents, each with its id")
        seen: set[object] = set()
        for where, each in pairs:
            if not isinstance(each, Mapping):
                self._fault(where, f"{shown(each)} is not an object", 'write {"id": …, …}')
                continue
            name = each.get("id", each.get("_id"))
            if isinstance(name, str) and name in seen:
                message = f"the id {shown(name)} is there twice: this document is left out"
                hint = "give it an id of its own"
                self.diagnostics.append(Diagnostic("duplicate-id", "warning", where, message, hint))
                continue
            if isinstance(name, str):
                seen.add(name)
            self._refuse_unsimulated(each, where)
            yield where, each

    def _records(self, document: Mapping[Any, Any], kind: str, cls: type[T]) -> list[tuple[str, T]]:
        found = []
        for where, each in self._documents(document, kind):
            read = self._read(cls, each, where, f"a document of {kind}", {*self.known.get(kind, ()), *_READ_ELSEWHERE})
            self.documents.setdefault(kind, []).append((where, each))
            if read is not None:
                found.append((where, read))
        return found

    def _metaflows(self, document: Mapping[Any, Any]) -> Mapping[str, Bindings]:
        found = read_account_metaflows(
            document,
            self.documents.get("users", ()),
            self.documents.get("devices", ()),
            strict=self.bounds_are_errors,
            skip_unsimulated=self.skip_unsimulated,
        )
        self.faults += found.faults
        self.diagnostics += found.diagnostics
        return found.by_device

    def _raw(self, document: Mapping[Any, Any], kind: str) -> Mapping[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for where, each in self._documents(document, kind):
            name = each.get("id", each.get("_id"))
            if isinstance(name, str) and name:
                found[name] = each
            else:
                self._fault(where, "the document has no 'id'", "give it one, a string")
        return found

    def _flows(self, document: Mapping[Any, Any]) -> tuple[FlowDocument, ...]:
        flows = []
        owners: dict[str, str] = {}
        for where, each in self._documents(document, "callflows"):
            heading = self._taken(read_heading(each, where, bounds_are_errors=self.bounds_are_errors))
            if "flow" not in each:
                self._fault(where, "the callflow has no 'flow'", 'write "flow": {"module": …}')
            if heading is None:
                continue
            self._check_patterns(heading, where)
            for number in heading.numbers:
                if owners.setdefault(number, where) != where:
                    message = f"{shown(number)} belongs to {owners[number]} already, which answers it"
                    self.diagnostics.append(Diagnostic("duplicate-number", "warning", f"{where}.numbers", message))
            flows.append(FlowDocument(heading.id, heading.name, heading.numbers, heading.patterns, each))
        # An account with faults is never handed out, and its directory would refuse a bad pattern once more.
        return () if self.faults else tuple(flows)

    def _check_patterns(self, heading: FlowHeading, where: str) -> None:
        for index, pattern in enumerate(heading.patterns):
            try:
                compile_pattern(pattern)
            except BadPattern as error:
                self._fault(f"{where}.patterns[{index}]", str(error), error.hint)

    def _system(self, document: Mapping[Any, Any]) -> tuple[MediaConfigDocument, CallflowConfigDocument]:
        configs = ConfigReader(self.known, self.bounds_are_errors, self.faults, self.diagnostics)
        return configs.media(document), configs.callflow(document)

    def _storage_plan(self, document: Mapping[Any, Any]) -> StoragePlan | None:
        strict, skips = self.bounds_are_errors, self.skip_unsimulated
        found = read_account_storage(document, bounds_are_errors=strict, skip_unsimulated=skips)
        self.faults += found.faults
        self.diagnostics += found.diagnostics
        return found.plan

    def _check_owners(self, owned: list[tuple[str, Any]], users: Collection[str]) -> None:
        for where, each in owned:
            if each.owner_id is not None and each.owner_id not in users:
                message = f"no user has the id {shown(each.owner_id)}: nobody owns this"
                self.diagnostics.append(Diagnostic("unknown-owner", "warning", f"{where}.owner_id", message))

    def _check_paths(self, files: list[tuple[str, MediaDocument]]) -> None:
        for where, each in files:
            if each.path is not None and leaves_its_folder(each.path):
                self._fault(f"{where}.path", f"{shown(each.path)} leaves the folder", "write a path inside it")

    def _refuse_unsimulated(self, document: Mapping[Any, Any], where: str) -> None:
        self.faults += refused_parts(document, where)

    def _fault(self, where: str, problem: str, hint: str) -> None:
        self.faults.append(FlowError(where, problem, hint))


def _with_id(document: object, key: object) -> object:
    if isinstance(document, Mapping) and "id" not in document and "_id" not in document:
        return {"id": key, **document}
    return document
