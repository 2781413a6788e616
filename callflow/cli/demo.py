"""`callflow demo`: the main job on real input — record a call per user, upload it, and show where it went."""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import structlog

from callflow.cli.faults import PASSED
from callflow.cli.playing import Show, Uploads
from callflow.cli.run import status_of, worst
from callflow.report.results import RecordingResult
from callflow.scenario import load_scenario
from callflow.scenario.preparing import Choices, prepare
from callflow.simulate import Run

SCENARIOS = ("answered.yaml", "voicemail.yaml")


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/demo"),
    show_default=True,
    help="Folder for the audio files, the receiver's folder and the account database.",
)
def command(out: Path) -> None:
    """Record the seed document's sample call, for real.

    Starts a recording receiver on this machine, places two calls on the sample callflow "Recording Per User" — Alice
    answers; nobody answers and Bob leaves a voicemail — renders the audio, sends it by HTTP PUT, and shows the result.

    \b
    Example: callflow demo --out /tmp/demo
    """
    from callflow.storage.receiver import RunningReceiver

    examples = resources.files("callflow.examples") / "record_per_user"
    status = PASSED
    show = Show()
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda *_: ""])
    with resources.as_file(examples) as folder, RunningReceiver(out / "received", log=log) as receiver:
        show.say(f"receiver: {receiver.url} stores in {receiver.folder}\n")
        for name in SCENARIOS:
            (scenario,) = load_scenario(folder / name)
            choices = Choices(values={"RECORDING_SERVER": receiver.url.removeprefix("http://")}, uploads=True)
            run = Run(prepare(scenario, choices))
            place = out / Path(name).stem
            result = show.play(run, place, None, Uploads())
            for index, recording in enumerate(result.recordings):
                show.say(f"play recording {index}: {_place(recording, receiver.folder)}", bold=True)
            show.say()
            status = worst(status, status_of(result, is_upload=True))
    sys.exit(status)


def _place(recording: RecordingResult, folder: Path) -> Path:
    """Where one can play it: in the receiver's folder when it was sent there, otherwise our own file."""
    delivery = recording.delivery
    if delivery is not None and delivery.url is not None and delivery.state == "stored":
        return folder / unquote(urlsplit(delivery.url).path).lstrip("/")
    assert recording.file is not None, "a finished recording has a file"
    return Path(recording.file).resolve()
