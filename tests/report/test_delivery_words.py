"""What became of a file, in words: four states that never look alike, tries, webhooks, and the result object (C47)."""

from __future__ import annotations

from attrs import evolve

from callflow.report.delivery_words import storage_words, webhook_words
from callflow.report.recordings import deliveries_text, recordings_text
from callflow.report.results import (
    Attempt,
    CallResult,
    DeliveryResult,
    RecordingResult,
    RunResult,
    WebhookResult,
    as_json,
)
from callflow.report.side_by_side import facts

URL = "http://h/call_recording_c1.mp3"
TRIED = (Attempt(9_000, "document: 409"), Attempt(70_000, "503"), Attempt(131_500, "201"))
STORED = DeliveryResult("url", "PUT", URL, "stored", TRIED)
HOOK = WebhookResult("http://h/hook", "failed", (Attempt(200_000, "500"),))


def run_of(*deliveries: DeliveryResult) -> RunResult:
    """A run of one call, a recording for each delivery."""
    made = [
        RecordingResult("i", "call", "n", "o", "A", "mp3", 2, 16_000, 0, 0, 9_000, 9_000, "hangup", "success-silence",
                        "finished", delivery=each)
        for each in deliveries
    ]  # fmt: skip
    return RunResult("s", "docs", "passed", (CallResult("c1", "1", "2", 0, recordings=tuple(made)),))


def test_stored_failed_not_stored_and_waiting_never_look_alike() -> None:
    """C47: failed, disabled and not there yet are different things to whoever reads them."""
    nowhere = DeliveryResult("none", None, None, "not_stored", refusal="media.store_recordings=false")
    states = [storage_words(evolve(STORED, state=state, attempts=())) for state in ("stored", "failed", "waiting")]
    assert states == [
        f"PUT {URL}: stored",
        f"PUT {URL}: could not be stored",
        f"PUT {URL}: waiting, not stored so far",
    ]
    assert storage_words(nowhere) == "not stored: media.store_recordings=false"


def test_tries_and_later_ends_are_told() -> None:
    """Issue 4, item 4: how often it was tried, what was the last word, and that another file lies there now."""
    assert storage_words(STORED) == f"PUT {URL}: stored after 3 tries, 201"
    assert storage_words(evolve(STORED, overwritten_by=2)).endswith("; overwritten by recording 2")
    assert storage_words(DeliveryResult("s3", None, None, "stored")) == "the plan's bucket: stored"
    assert webhook_words(HOOK) == "POST http://h/hook: could not be told, 500"
    assert webhook_words(evolve(HOOK, state="stored", attempts=())) == "POST http://h/hook: told"


def test_every_try_has_its_time_and_how_long_it_was_waited_for() -> None:
    """Design §7: the tries of what did not go well at once, of files and of webhooks."""
    quiet = DeliveryResult("url", "PUT", URL, "stored", TRIED[2:])
    text = deliveries_text(run_of(quiet, evolve(STORED, webhook=HOOK)))
    assert text.splitlines() == [
        f"recording 1: PUT {URL}: stored after 3 tries, 201",
        "   0:09.000 document: 409",
        "   1:10.000 503, 1:01.000 later",
        "   2:11.500 201, 1:01.500 later",
        "recording 1: POST http://h/hook: could not be told, 500",
        "   3:20.000 500",
    ]
    assert deliveries_text(run_of(quiet)) == ""
    assert "  webhook   POST http://h/hook: could not be told, 500" in recordings_text(
        run_of(evolve(STORED, webhook=HOOK))
    )


def test_two_runs_differ_in_webhooks_and_overwritten_files() -> None:
    """Design §5, `callflow diff`: what became of a file is a fact beside the other run's."""
    changed = evolve(STORED, overwritten_by=1, webhook=evolve(HOOK, attempts=HOOK.attempts * 2))
    found = {each.what: (each.left, each.right) for each in facts(run_of(STORED), run_of(changed)) if not each.is_same}
    place = f"PUT {URL}: stored after 3 tries"
    assert found == {
        "recording 0: storage": (place, f"{place}, overwritten by recording 1"),
        "recording 0: webhook": ("", "failed after 2 tries"),
    }


def test_the_object_has_them_only_where_there_are_any() -> None:
    """Design §7: the names of the result object are a promise; what few runs have is left out of the others."""
    plain, full = run_of(STORED), run_of(evolve(STORED, overwritten_by=1, webhook=HOOK))
    first, second = (as_json(each)["calls"][0]["recordings"][0]["delivery"] for each in (plain, full))
    assert list(first) == ["target", "method", "url", "state", "attempts"]
    more = {"url": "http://h/hook", "state": "failed", "attempts": [{"at_ms": 200_000, "result": "500"}]}
    assert second == {**first, "overwritten_by": 1, "webhook": more}
