"""The documents that are saved before their audio: what is known of each recording that was kept (B§6.5, B§7.6)."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from callflow.core.recording_document import gregorian_s, media_type, owner_of
from callflow.core.trace import LEG, MAILBOX, Row
from callflow.report.results import CallResult, RecordingResult
from callflow.simulate import Run
from callflow.storage.audio_types import content_type_of


@define(eq=False)
class SavedDocuments:
    """Makes the documents of one run; `observe` every row before the one that asks for a delivery."""

    run: Run
    _parties: dict[tuple[str, str], str] = field(factory=dict, init=False)
    _callees: dict[tuple[str, str], str] = field(factory=dict, init=False)
    _mailboxes: dict[tuple[str, int], str] = field(factory=dict, init=False)

    def observe(self, row: Row) -> None:
        """Note who is on which leg, who talked to whom first, and which mailbox a message is left in."""
        detail = row.detail or {}
        if row.kind == MAILBOX:
            self._mailboxes[row.call_id, detail["recording"]] = detail["mailbox"]
        elif row.kind == LEG and row.name == "CHANNEL_CREATE":
            self._parties[row.call_id, row.leg] = detail["party"]
        elif row.kind == LEG and row.name == "CHANNEL_BRIDGE":
            other = self._parties[row.call_id, detail["other_leg"]]
            self._callees.setdefault((row.call_id, row.leg), other)

    def document(self, call: CallResult, index: int, url: str, month: str) -> dict[str, Any]:
        """The document of recording `index` of a call, JSON values only; `url` is where it is sent, or "".

        `month` is that of the recording's end, the first part of its id that of its start (C22).
        """
        recording, setting = call.recordings[index], self.run.prepared.setting
        caller = next(each.caller for each in self.run.prepared.calls if each.id == call.call_id)
        document: dict[str, Any] = {
            "_id": recording.id,
            "pvt_type": "call_recording",
            "call_id": call.call_id,
            "cdr_id": f"{month}-{call.call_id}",
            "interaction_id": "",
            "caller_id_name": caller.name,
            "caller_id_number": call.caller,
            "from": call.caller,
            "to": call.dialled,
            "request": call.dialled,
            "direction": "inbound",
            "description": f"recording {recording.name}",
            "name": recording.name,
            "media_source": "recorded",
            "media_type": media_type(setting.profile, recording.format),
            "content_type": content_type_of(recording.file or ""),
            "source_type": setting.profile.recording_module,
            "origin": recording.origin,
            "duration": recording.length_ms // 1000,
            "duration_ms": recording.length_ms,
            "start": gregorian_s(setting.start_s, recording.started_ms or 0),
            "custom_channel_vars": {"Account-ID": setting.account.id},
            "recording_vars": {},
            "conference_recording": False,
            "transcribe": False,
        }
        if caller.device_id:
            owner_id = owner_of(setting.account, caller)
            document |= {"endpoint_id": caller.device_id, "owner_id": owner_id}
            document["custom_channel_vars"] |= {"Authorizing-ID": caller.device_id, "Owner-ID": owner_id}
        document |= self._callee_of(call, recording)
        if mailbox := self._mailboxes.get((call.call_id, index)):
            kept = {"folder": "new", "source_id": mailbox, "length": recording.length_ms}
            document |= {"pvt_type": "mailbox_message", **kept, "timestamp": document["start"]}
        if url:
            document["url"] = url
        return document

    def _callee_of(self, call: CallResult, recording: RecordingResult) -> dict[str, str]:
        """Whom the recorded leg talked to first; nobody where there was no talk."""
        party = self._callees.get((call.call_id, recording.leg))
        if party is None:
            return {}
        account = self.run.prepared.setting.account
        known = account.users.get(party) or account.devices.get(party)
        return {"callee_id_name": known.name if known is not None else party, "callee_id_number": call.dialled}
