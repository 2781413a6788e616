"""What each key of a scenario is, in a line, for editors to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TOP: Final[Mapping[str, str]] = {
    "scenario": "Its name.",
    "callflow": "A callflow's file, a path from here, or a quoted number that the account's callflows have.",
    "account": "The account's file, or the account itself; without one, whoever the callflow names exists.",
    "with": "What fills each {NAME} of the callflow.",
    "profile": "Whose rules hold: the document's, or those of a running system.",
    "start": "The virtual wall clock at the start, with its zone: 2026-11-30T23:59:50Z. Default: now.",
    "timezone": "The zone of the account's local time: Europe/Berlin.",
    "seed": "The seed of everything random. Default: 1.",
    "tags": "Words to choose scenarios by: [smoke, voicemail].",
    "use": "Other files whose parts hold where this one says nothing; mappings are merged key by key.",
    "storage": "What the targets of deliveries reply, and a webhook.",
    "caller": "Who calls.",
    "timeline": "The steps, one a line, in the order of time: - at 4s: alice answers.",
    "calls": "Several calls on one clock: a name, and below it caller, timeline, expect.",
    "call_id": "The call's id. Default: made from the scenario's name and seed.",
    "expect": "What must come of it.",
    "examples": "A table; the scenario runs once a row, whose values fill {NAME}.",
}

CALLER: Final[Mapping[str, str]] = {
    "number": "The number that others see, in quotes.",
    "name": "The name that others see.",
    "dials": "What is dialled, in quotes.",
    "device": "The caller's telephone, for a caller of the account.",
    "call_id": "The call's id.",
    "codec": "The codec of the caller's telephone, which decides its rate.",
}

STORAGE: Final[Mapping[str, str]] = {
    "answers": "What URLs reply, a try an entry; the last one repeats.",
    "account_database": "What the account's database replies.",
    "third_party_bigcouch": "What the account's third-party CouchDB replies.",
    "couchdb": "What the CouchDB of a storage plan replies.",
    "s3": "What the bucket of a storage plan replies.",
    "documents": "What the saving of a recording's document meets, before its file is sent.",
    "webhook": "Who is told by POST of every recording that is stored, and what it replies.",
}

WEBHOOK: Final[Mapping[str, str]] = {"url": "The http or https address.", "answers": "What it replies."}

EXPECT: Final[Mapping[str, str]] = {
    "path": "The modules that ran, in order.",
    "recordings": "All recordings, in the order of arming; each says what matters about it.",
    "events": "Events in this order; others may lie between.",
    "events_unordered": "Events in any order.",
    "exactly": "How often an event happens: {RECORD_START: 1}.",
    "never": "Events that do not happen.",
    "hangup_cause": "Why the call ended.",
    "hangup_by": "Who ended it: caller, a party, flow, end of scenario.",
    "outcome": "passed, or error where an action raises.",
    "deliveries": "The deliveries, by recording, else all of them in order.",
    "audio": "What sounds on a channel of a recording between two times.",
    "diagnostics": "Codes that must occur; an empty list: no warning and no error.",
    "profiles": "What differs under a profile: its keys replace those above, null takes one back.",
}

EVENT: Final[Mapping[str, str]] = {
    "event": "The event, in words or by its channel event's name.",
    "leg": "On which leg: A, B for any callee, or a party.",
    "at": "When, from the call's start: 4s ±40ms.",
}

RECORDING: Final[Mapping[str, str]] = {
    "id": "A pattern of the document's id, which begins with the month of the start.",
    "month": "The month of the database it goes to, that of its end: 202612.",
    "kind": "call, caller (record_caller) or voicemail.",
    "name": "The file's name.",
    "origin": "What started it, as the document says it.",
    "leg": "The leg that is recorded: A, B for any callee, or a party.",
    "format": "The format of the file.",
    "channels": "1 for mono, 2 for stereo.",
    "sample_rate": "In Hz.",
    "armed": "When it was armed, from the call's start.",
    "started": "When it started, from the call's start.",
    "ended": "When it ended, from the call's start.",
    "length": "The length of the file: 20s ±40ms.",
    "ended_by": "What ended it.",
    "completion_cause": "The cause that the switch reports; none for voicemail.",
    "state": "What became of it.",
    "stored": "A pattern of the URL at which it was stored.",
    "delivery": "What became of its delivery; none where there was none.",
    "attempts": "How often it was tried to deliver it.",
    "overwritten_by": "The index of the recording that was stored in its place.",
    "webhook": "Whether the webhook was told.",
}

DELIVERY: Final[Mapping[str, str]] = {
    "recording": "The index of its recording; without it, the list is that of all deliveries.",
    "target": "The kind of target.",
    "method": "The HTTP verb.",
    "url": "A pattern of the URL.",
    "state": "What became of it.",
    "attempts": "How many tries there were.",
    "results": "What came of each try: [503, timeout, 201].",
}

AUDIO: Final[Mapping[str, str]] = {
    "recording": "The recording's index. Default: 0.",
    "left": "What the recorded leg says.",
    "right": "What the recorded leg hears.",
    "mono": "The one channel of a mono recording.",
    "from": "From when, counted from the file's beginning. Default: 0s.",
    "to": "Until when. Default: the file's end.",
}

CALL: Final[Mapping[str, str]] = {key: TOP[key] for key in ("caller", "timeline", "expect", "call_id")}

ACCOUNT: Final[Mapping[str, str]] = {
    "id": "The account's id.",
    "name": "The account's name.",
    "realm": "The account's SIP realm.",
    "users": "The users, as Kazoo's documents.",
    "devices": "The telephones: owner_id, registered, do_not_disturb, call_forward, codec.",
    "vmboxes": "The mailboxes.",
    "menus": "The menus.",
    "media": "Sounds that flows play by their id.",
    "temporal_rules": "Rules of time.",
    "callflows": "The callflows, with numbers and patterns.",
    "call_recording": "Which calls are recorded without a flow: account, endpoint; inbound, outbound; onnet, offnet.",
    "metaflows": "What digits during a call set off.",
    "preflow": "A callflow that runs before every other: {always: ID}.",
    "timezone": "The account's zone.",
    "system_config": "Settings of the system: media, callflow.",
}
