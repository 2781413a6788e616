"""Meters: how far tries are, and how they are broken off."""

from __future__ import annotations

import io

import pytest

from callflow.storage.durable import BLOCK_BYTES, read_blocks
from callflow.storage.meter import Meter, Progress


def test_what_a_carrier_reads_is_counted_as_it_goes() -> None:
    """Every carrier reads by `read_blocks`, and so needs no word of meters."""
    meter, source = Meter(), io.BytesIO(bytes(BLOCK_BYTES + 5))
    meter.take(BLOCK_BYTES + 5)
    meter.take(100)
    with meter.metering(BLOCK_BYTES + 5):
        blocks = read_blocks(source)
        assert meter.progress() == Progress(0, 2, 0, BLOCK_BYTES + 105)
        next(blocks)
        assert meter.progress() == Progress(0, 2, BLOCK_BYTES, BLOCK_BYTES + 105)
        next(blocks)
        source.seek(0)
        list(read_blocks(source))
        assert meter.progress().done_bytes == BLOCK_BYTES + 5  # sent twice (a redirect), counted once
    assert meter.progress().done_bytes == 0  # that try failed
    meter.finish(BLOCK_BYTES + 5)
    assert meter.progress() == Progress(1, 2, BLOCK_BYTES + 5, BLOCK_BYTES + 105)


def test_outside_a_try_nothing_is_counted_or_stopped() -> None:
    """Copies into the outbox and files of the receiver are nobody's progress."""
    meter = Meter()
    meter.stop()
    assert list(read_blocks(io.BytesIO(b"abc"))) == [b"abc"]
    with meter.metering(3), pytest.raises(InterruptedError):
        list(read_blocks(io.BytesIO(b"abc")))
    assert list(read_blocks(io.BytesIO(b"abc"))) == [b"abc"]
