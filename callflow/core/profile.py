"""Profiles: every point where the seed document and the running systems differ is one named switch (design §5, B§0).

`DOCS` follows the seed to the letter and is the default; `KAZOO_4` and `KAZOO_5` follow what the code does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, fields, frozen

UploadQuery = Literal["none", "kazoo-4", "kazoo-5"]
"""What follows the file name in an upload URL: nothing, or the query string of one of the two systems (B§6.3)."""


def _switch(help: str, source: str) -> Any:
    return field(kw_only=True, metadata={"help": help, "source": source})


@frozen
class Profile:
    """One way of reading the rules: a name and a value for every switch. Compare and hash by value."""

    name: str
    bounds_are_errors: bool = _switch(
        "A setting outside the documented bounds is refused; otherwise it is a warning and used as written.",
        "the seed, Schema; B§3.2; C13",
    )
    repairs_bare_children: bool = _switch(
        "A `children` object that is itself a node is read as its `_` child; otherwise it leads nowhere.",
        "the seed, Sample Recording Per User; B§0; C1",
    )
    default_time_limit_s: int | None = _switch(
        "Time limit in seconds of a recording that states none; None: the system's max_recording_time_limit.",
        "the seed, Schema; B§3.4; C12",
    )
    upload_query: UploadQuery = _switch(
        "The query string appended to the upload URL.",
        "the seed, Start Recording; B§6.3; C16",
    )
    stop_pops_ended: bool = _switch(
        "`stop` takes the newest recording off the stack even when it has ended; otherwise the newest live one.",
        "B§3.5; C9",
    )
    stop_cancels_armed: bool = _switch(
        "`stop` cancels a recording that still waits for the answer or the bridge; otherwise it records later.",
        "B§3.5, B§12 scenario 7",
    )
    empty_stop_ends_newest: bool = _switch(
        "`stop` without anything on the stack ends the newest recording that runs on the leg; otherwise nothing.",
        "B§3.5; C8",
    )
    same_name_appends: bool = _switch(
        "A start under the `media_name` of a recording that is over goes on with that file; otherwise a new file.",
        "B§3.5; C35",
    )
    hooks_fire_again: bool = _switch(
        "`record_on_bridge` records again at every later bridge, into the same file; otherwise it fires once.",
        "B§3.6; C4",
    )
    limit_waits_for_resume: bool = _switch(
        "A time limit that passes while the recording is paused ends it when it is resumed; otherwise at once.",
        "B§3.4",
    )
    mask_pops: bool = _switch(
        "Masking and unmasking take the newest recording off the stack; otherwise they leave the stack alone.",
        "B§3.5; B§3.10; C44",
    )
    transfer_empties_stack: bool = _switch(
        "The flow that goes on after a transfer starts with an empty stack for `stop`; otherwise with what was on it.",
        "B§3.7; B§8.2",
    )
    toggle_is_start: bool = _switch(
        "The metaflow action `toggle`, like everything unknown, starts a recording; otherwise it starts or stops.",
        "B§10; C24",
    )
    digits_aim_at_own_leg: bool = _switch(
        "A metaflow that the callee dials acts on recordings of the callee's own leg only; otherwise on the talk's.",
        "B§3.5; B§10",
    )
    takes_accept_any_stop: bool = _switch(
        "The end of any recording on the leg ends a take that is being recorded; otherwise only the take's own end.",
        "the seed, note on voicemail; B§3.11; C2",
    )
    outbound_starts_at_bridging: bool = _switch(
        "Account and endpoint recordings of outbound calls start when a module rings somebody; otherwise at once.",
        "B§9.3",
    )
    resources_fail_hard_stops: bool = _switch(
        "A failed `resources` or `offnet` leaves the caller parked; otherwise the caller is hung up with the cause.",
        "B§7.16",
    )
    starts_at_once_when_answered: bool = _switch(
        "`record_on_answer` on an answered call starts at once; otherwise it never starts.",
        "the seed, Schema; B§3.6; C3",
    )
    starts_at_once_when_bridged: bool = _switch(
        "`record_on_bridge` on a bridged call starts at once; otherwise it waits for the next bridge.",
        "the seed, Schema; B§3.6; C4",
    )
    min_length_deletes: bool = _switch(
        "A recording shorter than `record_min_sec` is deleted; otherwise it is kept and stored.",
        "the seed, Schema; B§3.9; C11",
    )
    reads_third_party_bigcouch: bool = _switch(
        "`third_party_bigcouch_host` decides where a recording without url goes; otherwise nobody reads it.",
        "the seed, Storage of recordings; B§6.1; C19",
    )
    record_caller_blocks: bool = _switch(
        "`record_caller` records what the caller says and holds the flow; otherwise both sides, as record_call does.",
        "the seed, opening; B§5",
    )
    record_caller_needs_storage: bool = _switch(
        "`record_caller` records only what will be stored, in a file named by the call; otherwise whatever it is told.",
        "B§5; B§6.1",
    )
    record_caller_silence_ms: int = _switch(
        "Milliseconds of the caller's silence that end `record_caller`; 0: silence never does.",
        "B§5; B§4.6",
    )
    limit_ends_on_whole_seconds: bool = _switch(
        "The time limit is checked against whole seconds of the clock: up to one second early; otherwise exact.",
        "B§3.4",
    )
    bridge_setup_ms: int = _switch(
        "Milliseconds from the callee's answer to the bridge.",
        "B§3.6; design §12, Time and steps",
    )
    answers_fallen_cause: bool = _switch(
        "A branch key that found neither its child nor `_` ends the call with its default response; otherwise a plain "
        "hang-up.",
        "B§2.3, B§2.5",
    )
    sends_ftps: bool = _switch(
        "A recording whose url is ftps:// is sent there; otherwise the sender cannot read the address: not stored.",
        "B§6.3",
    )
    tries_per_attempt: int = _switch(
        "How often each attempt of a delivery tries to send the file, 5 s apart.",
        "B§6.6",
    )
    saves_document_again: bool = _switch(
        "A recording's document that cannot be saved is tried again like its file; otherwise the delivery has failed.",
        "B§6.6; C20",
    )
    heeds_should_store: bool = _switch(
        "`should_store_recording` of a node decides before url, plan and system; otherwise nobody reads it.",
        "B§3.2; B§6.1",
    )
    recording_module: str = _switch(
        "The module that a recording's document names as its `source_type`.",
        "B§6.5",
    )
    dotted_media_type: bool = _switch(
        "A recording's document writes its `media_type` with a dot, `.mp3`; otherwise `mp3`.",
        "B§6.5",
    )


@frozen
class SwitchDoc:
    """One row of the profiles' table in the documentation."""

    name: str
    value: object
    help: str
    source: str


DOCS = Profile(
    "docs",
    bounds_are_errors=True,
    repairs_bare_children=True,
    default_time_limit_s=3600,
    upload_query="none",
    stop_pops_ended=False,
    stop_cancels_armed=True,
    empty_stop_ends_newest=False,
    same_name_appends=False,
    hooks_fire_again=False,
    limit_waits_for_resume=False,
    mask_pops=False,
    transfer_empties_stack=False,
    toggle_is_start=False,
    digits_aim_at_own_leg=False,
    takes_accept_any_stop=True,
    outbound_starts_at_bridging=False,
    resources_fail_hard_stops=False,
    starts_at_once_when_answered=True,
    starts_at_once_when_bridged=True,
    min_length_deletes=True,
    reads_third_party_bigcouch=True,
    record_caller_blocks=True,
    record_caller_needs_storage=False,
    record_caller_silence_ms=0,
    limit_ends_on_whole_seconds=False,
    bridge_setup_ms=0,
    answers_fallen_cause=True,
    sends_ftps=True,
    tries_per_attempt=1,
    saves_document_again=True,
    heeds_should_store=False,
    recording_module="kapps_call_recording",
    dotted_media_type=False,
)
"""The seed document to the letter."""

KAZOO_4 = Profile(
    "kazoo-4",
    bounds_are_errors=False,
    repairs_bare_children=False,
    default_time_limit_s=None,
    upload_query="kazoo-4",
    stop_pops_ended=True,
    stop_cancels_armed=False,
    empty_stop_ends_newest=False,
    same_name_appends=True,
    hooks_fire_again=True,
    limit_waits_for_resume=True,
    mask_pops=True,
    transfer_empties_stack=True,
    toggle_is_start=True,
    digits_aim_at_own_leg=True,
    takes_accept_any_stop=False,
    outbound_starts_at_bridging=False,
    resources_fail_hard_stops=False,
    starts_at_once_when_answered=False,
    starts_at_once_when_bridged=False,
    min_length_deletes=False,
    reads_third_party_bigcouch=False,
    record_caller_blocks=True,
    record_caller_needs_storage=True,
    record_caller_silence_ms=5000,
    limit_ends_on_whole_seconds=True,
    bridge_setup_ms=200,
    answers_fallen_cause=False,
    sends_ftps=False,
    tries_per_attempt=5,
    saves_document_again=False,
    heeds_should_store=False,
    recording_module="kapps_call_recording",
    dotted_media_type=False,
)
"""What the code of Kazoo 4 does."""

KAZOO_5 = Profile(
    "kazoo-5",
    bounds_are_errors=False,
    repairs_bare_children=False,
    default_time_limit_s=None,
    upload_query="kazoo-5",
    stop_pops_ended=True,
    stop_cancels_armed=False,
    empty_stop_ends_newest=True,
    same_name_appends=True,
    hooks_fire_again=True,
    limit_waits_for_resume=True,
    mask_pops=False,
    transfer_empties_stack=True,
    toggle_is_start=False,
    digits_aim_at_own_leg=False,
    takes_accept_any_stop=True,
    outbound_starts_at_bridging=True,
    resources_fail_hard_stops=True,
    starts_at_once_when_answered=False,
    starts_at_once_when_bridged=False,
    min_length_deletes=False,
    reads_third_party_bigcouch=False,
    record_caller_blocks=False,
    record_caller_needs_storage=False,
    record_caller_silence_ms=0,
    limit_ends_on_whole_seconds=True,
    bridge_setup_ms=200,
    answers_fallen_cause=True,
    sends_ftps=True,
    tries_per_attempt=5,
    saves_document_again=False,
    heeds_should_store=True,
    recording_module="media_recording",
    dotted_media_type=True,
)
"""What the code of Kazoo 5 does, as far as it can be seen."""

PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (DOCS, KAZOO_4, KAZOO_5)}
"""Every profile by the name that `--profile` and scenario files use."""


def describe(profile: Profile) -> tuple[SwitchDoc, ...]:
    """Return one row per switch, in the order of the class: its name, this profile's value, help and source."""
    return tuple(
        SwitchDoc(switch.name, getattr(profile, switch.name), switch.metadata["help"], switch.metadata["source"])
        for switch in fields(Profile)
        if "help" in switch.metadata
    )
