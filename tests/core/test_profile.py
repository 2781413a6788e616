"""Profiles: every switch has a value in each, a line of help and a source (design §5)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from attrs import evolve, fields

from callflow.core.profile import DOCS, KAZOO_4, KAZOO_5, PROFILES, Profile, describe


def test_profiles_are_found_by_name() -> None:
    """The names are those of the command line, the document's first."""
    assert list(PROFILES) == ["docs", "kazoo-4", "kazoo-5"]
    assert all(profile.name == name for name, profile in PROFILES.items())


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_every_switch_says_what_and_why(profile: Profile) -> None:
    """A switch without a source is an opinion: each cites the seed, B§ or C#, and helps in one sentence."""
    rows = describe(profile)
    assert [row.name for row in rows] == [each.name for each in fields(Profile) if each.name != "name"]
    for row in rows:
        assert row.value == getattr(profile, row.name)
        assert re.search(r"the seed|B§\d|C\d", row.source)
        assert row.help.endswith(".")


def test_the_document_is_followed_to_the_letter() -> None:
    """The default profile: bounds hold, an absent limit is 3600 s, short recordings go, nothing is added to a URL."""
    assert (DOCS.bounds_are_errors, DOCS.default_time_limit_s, DOCS.min_length_deletes) == (True, 3600, True)
    assert (DOCS.upload_query, DOCS.stop_pops_ended, DOCS.bridge_setup_ms) == ("none", False, 0)
    assert (DOCS.tries_per_attempt, DOCS.saves_document_again) == (1, True)


def test_the_kazoo_profiles_differ_where_the_code_does() -> None:
    """Kazoo 4 and 5 part in these switches beside their names (B§2.3, B§3.5, B§3.11, B§5, B§6.3, B§7.16, B§9, B§10)."""
    changed: dict[str, Any] = {
        "upload_query": "kazoo-5", "record_caller_blocks": False, "record_caller_silence_ms": 0,
        "record_caller_needs_storage": False,
        "answers_fallen_cause": True, "empty_stop_ends_newest": True, "mask_pops": False, "toggle_is_start": False,
        "digits_aim_at_own_leg": False, "takes_accept_any_stop": True, "outbound_starts_at_bridging": True,
        "resources_fail_hard_stops": True, "sends_ftps": True,
        "heeds_should_store": True, "recording_module": "media_recording", "dotted_media_type": True,
    }  # fmt: skip
    assert evolve(KAZOO_4, name="kazoo-5", **changed) == KAZOO_5
    assert not KAZOO_5.bounds_are_errors and KAZOO_5.default_time_limit_s is None
