"""`python -m callflow`: the command line."""

from __future__ import annotations

from callflow.cli import main

if __name__ == "__main__":
    main()
