"""The score of a scanned file over time, with the silence threshold: a line of text, and a picture (SVG).

The scale is logarithmic: noise, a threshold of 200 and speech in the thousands are all to be seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby
from xml.sax.saxutils import escape

from callflow.media.scan import Scan
from callflow.report.wording import clock, printable

_WIDTH, _HEIGHT = 960, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 40, 40, 32
_PLOT_WIDTH, _PLOT_HEIGHT = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
_LEAST_TOP = 1_000  # the scale of a file in which nothing is loud
_MOST_TICKS = 10
_TICKS_MS = (100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000)
_HOURS_MS = (3_600_000, 7_200_000, 14_400_000)
_LEVELS = "▂▃▄▅▆▇█"
_SILENT = "▁"


def score_curve_text(scan: Scan, threshold: int, width: int) -> str:
    """The curve in one line of at most `width` block characters, and below it a ^ where the recording would end.

    The lowest block is a stretch in which every frame is silent; of the others the height says the loudest frame.
    """
    peaks = scan.scores.peaks(width).tolist()
    least, most = math.log1p(threshold), math.log1p(max(peaks, default=0))
    marks = [
        _LEVELS[min(int(len(_LEVELS) * (math.log1p(peak) - least) / max(most - least, 1e-9)), len(_LEVELS) - 1)]
        if peak >= threshold
        else _SILENT
        for peak in peaks
    ]
    line = "".join(marks)
    if scan.fired is None:
        return line
    return f"{line}\n{' ' * ((scan.fired.at_ms - 1) * len(peaks) // scan.length_ms)}^"


def score_curve_svg(scan: Scan, threshold: int, title: str) -> str:
    """The curve as an SVG document: silent stretches shaded, the threshold a dashed line, the end a red one.

    A stretch is a pixel wide or a frame long, whichever is more, and is drawn as high as its loudest frame.
    """
    peaks = scan.scores.peaks(_PLOT_WIDTH).tolist()
    top = 1.1 * math.log10(1 + max(*peaks, threshold, _LEAST_TOP)) if peaks else math.log10(1 + _LEAST_TOP)
    words = escape(printable(title))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        ' font-family="sans-serif" font-size="12" fill="#333">',
        f"<title>{words}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{_LEFT}" y="24" font-size="14">{words}</text>',
        *_shades(peaks, threshold),
        *_grid(top),
        *_ticks(scan.length_ms),
        *_curve(peaks, top),
        *_threshold_line(threshold, top),
        *_end_line(scan),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(part: float) -> float:
    """The place of a part (0..1) of the file's length."""
    return _LEFT + _PLOT_WIDTH * part


def _y(score: float, top: float) -> float:
    """The height of a score, whose logarithm reaches `top` at the upper edge."""
    return _TOP + _PLOT_HEIGHT * (1 - min(math.log10(1 + score) / top, 1))


def _shades(peaks: list[int], threshold: int) -> Iterator[str]:
    """A rectangle behind every run of silent stretches; a peak cut to a whole number is below a whole threshold too."""
    at = 0
    for is_silent, run in groupby(peak < threshold for peak in peaks):
        length = sum(1 for _ in run)
        if is_silent:
            x, width = _x(at / len(peaks)), _PLOT_WIDTH * length / len(peaks)
            yield f'<rect x="{x:.1f}" y="{_TOP}" width="{width:.1f}" height="{_PLOT_HEIGHT}" fill="#e8eef6"/>'
        at += length


def _grid(top: float) -> Iterator[str]:
    """A line and its score for every power of ten."""
    for power in range(int(top) + 1):
        y = _y(10**power, top)
        yield f'<path d="M{_LEFT} {y:.1f}h{_PLOT_WIDTH}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**power}</text>'
    yield f'<path d="M{_LEFT} {_TOP}v{_PLOT_HEIGHT}h{_PLOT_WIDTH}" fill="none" stroke="#333"/>'


def _ticks(length_ms: int) -> Iterator[str]:
    """Times below the plot, at most `_MOST_TICKS` and the one at 0."""
    steps = (each for each in (*_TICKS_MS, *_HOURS_MS) if each * _MOST_TICKS >= length_ms)
    step_ms = next(steps, _HOURS_MS[-1])
    for at_ms in range(0, length_ms + 1, step_ms):
        x = _x(at_ms / length_ms if length_ms else 0)
        yield f'<text x="{x:.1f}" y="{_HEIGHT - 12}" text-anchor="middle">{clock(at_ms)}</text>'


def _curve(peaks: list[int], top: float) -> Iterator[str]:
    """Steps, one a stretch, filled down to the axis."""
    if peaks:
        width = _PLOT_WIDTH / len(peaks)
        steps = "".join(f"V{_y(peak, top):.1f}h{width:.3f}" for peak in peaks)
        yield f'<path d="M{_LEFT} {_HEIGHT - _BOTTOM}{steps}V{_HEIGHT - _BOTTOM}Z" fill="#4a7ab5" fill-opacity="0.7"/>'


def _threshold_line(threshold: int, top: float) -> Iterator[str]:
    y = _y(threshold, top)
    yield f'<path id="threshold" d="M{_LEFT} {y:.1f}h{_PLOT_WIDTH}" stroke="#c77700" stroke-dasharray="6 4"/>'
    yield f'<text x="{_WIDTH - _RIGHT}" y="{y - 4:.1f}" text-anchor="end" fill="#c77700">threshold {threshold}</text>'


def _end_line(scan: Scan) -> Iterator[str]:
    """Where the recording would end, and why."""
    if scan.fired is None:
        return
    part = scan.fired.at_ms / scan.length_ms
    anchor, shift = ("start", 6) if part < 0.7 else ("end", -6)
    x = _x(part)
    yield f'<path id="end" d="M{x:.1f} {_TOP}v{_PLOT_HEIGHT}" stroke="#c22" stroke-width="2"/>'
    words = f"{clock(scan.fired.at_ms)} {scan.fired.cause}"
    yield f'<text x="{x + shift:.1f}" y="{_TOP + 12}" text-anchor="{anchor}" fill="#c22">{words}</text>'
