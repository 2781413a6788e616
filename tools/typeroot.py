"""Links the rooms together under build/typeroot, as an installation would, so that type checkers find them.

Type checkers do not read setuptools' package-dir: to them `callflow.media` would be `callflow/media`. The farm is
made anew each time, since a link to a file that is gone would be reported as a missing module.
"""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FARM = ROOT / "build" / "typeroot"
ROOMS = ("actions", "examples", "media", "storage")


def lay_links(root: Path, farm: Path) -> None:
    """Make `farm`/callflow hold links to everything in `root`/callflow and to the rooms beside it."""
    shutil.rmtree(farm, ignore_errors=True)
    package = farm / "callflow"
    package.mkdir(parents=True)
    inside = [path for path in (root / "callflow").iterdir() if path.name != "__pycache__"]
    for target in [*inside, *(root / room for room in ROOMS)]:
        (package / target.name).symlink_to(target, target_is_directory=target.is_dir())


if __name__ == "__main__":
    lay_links(ROOT, FARM)
