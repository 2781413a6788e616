"""`callflow scan`: where silence detection would end a recording of a sound file, and why (B§4)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from callflow.core.errors import StorageError
from callflow.report.wording import clock, printable

if TYPE_CHECKING:
    from callflow.media.runs import Detection
    from callflow.media.scan import Scan

CURVE_COLUMNS: Final = 72
MOST_RUNS: Final = 20
"""Silent runs that the text lists; the JSON object has them all."""

_NUMBER: Final = click.IntRange(0, 1_000_000_000)


@click.command()
@click.argument("audio", type=click.Path(path_type=Path))
@click.option(
    "--threshold",
    metavar="SCORE",
    type=_NUMBER,
    default=200,
    show_default=True,
    help="A frame of a lower score is silent (silence_threshold); 0 turns the detection off.",
)
@click.option(
    "--initial",
    "initial_ms",
    metavar="MS",
    type=_NUMBER,
    default=0,
    show_default=True,
    help="End after so many ms of silence before any speech (silence_initial_timeout); 0 never does.",
)
@click.option(
    "--final",
    "final_ms",
    metavar="MS",
    type=_NUMBER,
    default=5,
    show_default=True,
    help="End after so many ms of silence once there was speech (silence_final_timeout); 0 never does.",
)
@click.option(
    "--rate",
    "rate_hz",
    metavar="HZ",
    type=click.IntRange(1_000, 192_000),
    help="Resample first, to the rate of the call's codec, which moves the scores  [default: the file's own].",
)
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead of text.")
@click.option(
    "--picture",
    metavar="FILE.svg",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the scores over time, with the threshold and the end, into this file.",
)
def command(
    audio: Path,
    threshold: int,
    initial_ms: int,
    final_ms: int,
    rate_hz: int | None,
    as_object: bool,
    picture: Path | None,
) -> None:
    """Scan AUDIO as a switch with silence detection would: where does a recording of it end, and why?

    Every 20 ms get a score: the mean of their samples' absolute values, twice that at 16000 Hz, six times that at
    48000 Hz. A stereo file is scored as one, so that a lone talker counts half. Any sound file will do.

    \b
    Examples: callflow scan examples/silence/two_sentences.flac
              callflow scan call.mp3 --rate 8000 --initial 3000 --final 2000 --picture call.svg
    """
    from callflow.media.runs import Detection
    from callflow.media.scan import scan_file

    if picture is not None:
        _check_picture(picture, audio)
    detection = Detection(threshold, initial_ms, final_ms)
    scan = scan_file(audio, detection, rate_hz)
    if picture is not None:
        _draw(scan, threshold, audio, picture)
    if as_object:
        click.echo(json.dumps(_object(scan)))
        return
    from callflow.report.score_curve import score_curve_text

    click.echo(_heading(scan, audio))
    click.echo(score_curve_text(scan, threshold, CURVE_COLUMNS))
    click.secho(_verdict(scan, detection), bold=True)
    click.echo(_runs(scan, threshold))


def _check_picture(picture: Path, audio: Path) -> None:
    """UsageError for a picture that we cannot draw, or that would take the audio's place."""
    if picture.suffix.lower() != ".svg":
        raise click.UsageError(f"--picture {picture}: only SVG is drawn; name a file that ends in .svg")
    if picture.exists() and audio.exists() and picture.samefile(audio):
        raise click.UsageError(f"--picture {picture} would overwrite the audio; name another file")


def _draw(scan: Scan, threshold: int, audio: Path, picture: Path) -> None:
    """Write the picture. Raises StorageError when the system refuses."""
    from callflow.report.score_curve import score_curve_svg

    try:
        picture.write_text(score_curve_svg(scan, threshold, audio.name), encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise StorageError(f"{printable(picture)}: cannot be written: {reason}; choose another file") from error


def _object(scan: Scan) -> dict[str, Any]:
    """What `--json` prints; names and their order are a promise (design §7)."""
    return {
        "ended_ms": scan.fired.at_ms if scan.fired else None,
        "completion_cause": scan.fired.cause if scan.fired else None,
        "speech_started_ms": scan.speech_started_ms,
        "silent": scan.silent.tolist(),
    }


def _heading(scan: Scan, audio: Path) -> str:
    sides = {1: "mono", 2: "stereo"}.get(scan.channels, f"{scan.channels} channels")
    was = f", resampled from {scan.file_rate_hz} Hz" if scan.rate_hz != scan.file_rate_hz else ""
    frames = len(scan.scores.sums)
    return f"{printable(audio)}: {clock(scan.length_ms)}, {sides} at {scan.rate_hz} Hz{was}, {frames} frames of 20 ms"


def _verdict(scan: Scan, detection: Detection) -> str:
    """Where the recording would end, in a sentence."""
    fired = scan.fired
    if fired is None:
        why = ""
        if not detection.threshold:
            why = ": a threshold of 0 turns the detection off"
        elif not (detection.initial_ms or detection.final_ms):
            why = ": both timeouts are 0, which never ends it"
        return f"silence does not end the recording{why}"
    end = f"the recording ends at {clock(fired.at_ms)} with {fired.cause}"
    if fired.cause == "no-input-timeout":
        return f"{end}: no speech, and the initial timer of {detection.initial_ms} ms started with the recording"
    since = clock(fired.silent_since_ms)
    return f"{end}: the final timer of {detection.final_ms} ms started at {since}, where the first silent frame ended"


def _runs(scan: Scan, threshold: int) -> str:
    """When speech starts, and the silent runs as a table, the first of many."""
    starts = scan.speech_started_ms
    lines = ["no frame is loud" if starts is None else f"speech starts at {clock(starts)}"]
    runs = scan.silent
    total = clock(int((runs[:, 1] - runs[:, 0]).sum()))
    lines.append(f"{len(runs)} silent run{'s' * (len(runs) != 1)} (score below {threshold}), {total} in all")
    if len(runs):
        lines.append(f"{'from':>14}{'to':>14}{'length':>14}")
    for from_ms, to_ms in runs[:MOST_RUNS].tolist():
        lines.append(f"{clock(from_ms):>14}{clock(to_ms):>14}{clock(to_ms - from_ms):>14}")
    if len(runs) > MOST_RUNS:
        lines.append(f"{len(runs) - MOST_RUNS} more; --json lists them all")
    return "\n".join(lines)
