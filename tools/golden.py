"""Write the expected trace of every example anew: `make golden`. Read the difference before you commit it."""

from __future__ import annotations

import sys
from pathlib import Path

from callflow.scenario import load_scenario
from callflow.simulate import simulate
from callflow.tracefile import write_rows

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def main() -> int:
    """Run every example scenario; 1 when one is not as it expects."""
    status = 0
    for path in sorted(EXAMPLES.glob("*/*.yaml")):
        if path.read_text(encoding="utf-8").startswith("scenario:"):
            (scenario,) = load_scenario(path)
            run = simulate(scenario)
            for failure in run.result().failures:
                print(failure.message, file=sys.stderr)
                status = 1
            write_rows(run.rows, path.with_suffix(".trace.jsonl"))
            print(path.relative_to(EXAMPLES.parent))
    return status


if __name__ == "__main__":
    sys.exit(main())
