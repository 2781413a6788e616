"""Two keys of recordings that only the code has: whether a file is stored, and how often that is tried (B§3.2, B§6)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

TALK = ("at 1s: alice answers", "at 4s: caller hangs up")


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
@pytest.mark.parametrize("wish", [True, False])
def test_should_store_recording_comes_before_the_url(
    staging: ModuleType, tmp_path: Path, profile: str, wish: bool
) -> None:
    """B§6.1, row 2: Kazoo 5 heeds it, to the account's database or nowhere; for the others the url decides."""
    flow = staging.record(staging.ring("alice"), should_store_recording=wish)
    row = staging.rows_of(staging.played(tmp_path, *TALK, flow=flow, profile=profile), "DELIVERY")[0]
    heeded = "account_database" if wish else "none"
    assert row.detail["target"] == (heeded if profile == "kazoo-5" else "url")
    if profile == "kazoo-5":
        assert row.rule == f"record_call.should_store_recording={'true' if wish else 'false'}"


@pytest.mark.parametrize(("profile", "tries"), [("docs", 2), ("kazoo-4", 10), ("kazoo-5", 10)])
def test_storage_retry_times_of_the_node_comes_before_the_systems(
    staging: ModuleType, tmp_path: Path, profile: str, tries: int
) -> None:
    """B§6.6: data before account and system; one more attempt than retries, of five tries each in the code."""
    flow = staging.record(staging.ring("alice"), storage_retry_times=1)
    storage = {"answers": [503]}
    (recording,) = staging.played(tmp_path, *TALK, flow=flow, profile=profile, storage=storage).result().recordings
    assert recording.delivery is not None
    assert (recording.delivery.state, len(recording.delivery.attempts)) == ("failed", tries)
