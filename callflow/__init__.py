"""A callflow engine simulator: load a KAZOO callflow, place scripted calls on a virtual clock, hear what is recorded.

`callflow.core` decides, `callflow.actions` are the modules of a callflow, `callflow.media` makes the audio,
`callflow.storage` delivers it; `callflow.simulate` puts them together.
"""

from __future__ import annotations

from typing import Final

__version__: Final = "0.1.0"
