"""Pins every package that a set-up installs: name, version and the hashes of all its files, no download addresses.

One file a set-up, each holding the one before it at the same versions: `requirements/run.txt` (the program and its
build backend), `test.txt` (what the tests use, optional parts of the product among it), `dev.txt` (linter, type
checker, this tool). The versions hold for every Python that `requires-python` allows and every platform, by
environment markers. `make pins` runs this.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"
OPTIONAL = ("mysql", "png", "postgres", "s3", "tts")
SETS: dict[str, tuple[str, ...]] = {"dev": ("test", *OPTIONAL, "dev"), "test": ("test", *OPTIONAL), "run": ()}
"""Set-up -> the extras it installs; the largest first, since its versions bind the others."""


def requirements(extras: tuple[str, ...]) -> list[str]:
    """Return what pyproject.toml asks for: the build backend, the dependencies and those of `extras`."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    wanted: list[str] = [*document["build-system"]["requires"], *project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    return wanted


def compile_pins(extras: tuple[str, ...], bound_by: Path | None) -> str:
    """Return the text of one pinned file; `bound_by` is a pinned file whose versions it must share.

    Raises `CalledProcessError` when the requirements cannot be met together.
    """
    python = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    command = ["uv", "pip", "compile", "-", "--universal", "--generate-hashes", "--no-header", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--quiet", "--python-version", python.removeprefix(">=")]
    if bound_by is not None:
        command += ["--constraints", str(bound_by)]
    wanted = "\n".join(requirements(extras))
    return subprocess.run(command, input=wanted, text=True, check=True, capture_output=True, cwd=ROOT).stdout


def main() -> int:
    """Write the three files and return the exit status."""
    FOLDER.mkdir(exist_ok=True)
    bound_by: Path | None = None
    for name, extras in SETS.items():
        try:
            pins = compile_pins(extras, bound_by)
        except subprocess.CalledProcessError as error:
            print(f"requirements/{name}.txt: {error.stderr}", file=sys.stderr)
            return 1
        path = FOLDER / f"{name}.txt"
        path.write_text("# Written by `make pins` from pyproject.toml; do not edit.\n" + pins, encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {pins.count('==')} packages")
        bound_by = bound_by or path
    return 0


if __name__ == "__main__":
    sys.exit(main())
