"""Plots as SVG: a run's comparisons, as how many times better than each alternative; and lines over an x."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH, LEFT, RIGHT, STEP, TOP = 960, 470, 120, 24, 56


def svg(result: dict[str, Any]) -> str:
    rows = [row for row in result["rows"] if row["ratio"] and row["peer"]]
    low = min([0.5, *(row["ratio"] for row in rows)])
    high = max([2.0, *(row["ratio"] for row in rows)])

    def x(ratio: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(ratio / low) / math.log(high / low)

    height = TOP + STEP * len(rows) + 30
    machine = result["machine"]
    version = result["versions"]["zcwasm"]
    title = f"zcwasm {version}, {machine['cpu']}, {machine['cpus']} CPUs, {result['date'][:10]}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="16" y="24" font-size="15">{escape(title)}</text>',
        '<text x="16" y="42" fill="#666">how many times better than the alternative (log scale)</text>',
    ]
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        tick = 10.0**power
        if low <= tick <= high:
            parts.append(
                f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{TOP}" y2="{height - 24}" '
                f'stroke="{"#333" if tick == 1 else "#ddd"}"/>'
                f'<text x="{x(tick):.1f}" y="{height - 8}" text-anchor="middle" fill="#666">{tick:g}×</text>'
            )
    for index, row in enumerate(rows):
        y = TOP + STEP * index
        start, end = sorted((x(1.0), x(row["ratio"])))
        colour = "#c33" if row["met"] is False else "#2a7" if row["ratio"] >= 1 else "#999"
        parts.append(
            f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end">'
            f"{escape(row['what'])} <tspan fill='#666'>/ {escape(row['peer'])}</tspan></text>"
            f'<rect x="{start:.1f}" y="{y + 5}" width="{max(end - start, 1):.1f}" height="{STEP - 8}" '
            f'fill="{colour}"/>'
            f'<text x="{end + 6:.1f}" y="{y + 17}">{row["ratio"]:.3g}×</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


COLOURS = ("#2a78d6", "#1a9a5c", "#c9600e", "#8a4fc4", "#c23b6b", "#6b7280")
CURVES_WIDTH, CURVES_HEIGHT, MARGIN, LEGEND = 960, 460, 60, 250


@dataclass
class Line:
    name: str
    colour: int  # lines that belong together have the same
    points: list[tuple[float, float]]
    dashed: bool = False


def curves(title: str, lines: list[Line]) -> str:
    """Lines over a common x from 0, on a logarithmic y axis."""
    points = [point for line in lines for point in line.points]
    right = max([1.0, *(x for x, _ in points)])
    low = 10.0 ** math.floor(math.log10(min([100.0, *(y for _, y in points)])))
    high = 10.0 ** math.ceil(math.log10(max([1000.0, *(y for _, y in points)])))

    def x(value: float) -> float:
        return MARGIN + (CURVES_WIDTH - MARGIN - LEGEND) * value / right

    def y(value: float) -> float:
        room = CURVES_HEIGHT - 2 * MARGIN
        return CURVES_HEIGHT - MARGIN - room * math.log(value / low) / math.log(high / low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{CURVES_WIDTH}" height="{CURVES_HEIGHT}" '
        f'viewBox="0 0 {CURVES_WIDTH} {CURVES_HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{CURVES_WIDTH}" height="{CURVES_HEIGHT}" fill="#fff"/>',
        f'<text x="16" y="24" font-size="15">{escape(title)}</text>',
    ]
    tick = low
    while tick <= high * 1.001:
        for value in (tick, 2 * tick, 5 * tick):
            if value <= high * 1.001:
                parts.append(
                    f'<line x1="{MARGIN}" x2="{x(right):.1f}" y1="{y(value):.1f}" y2="{y(value):.1f}" '
                    f'stroke="#ddd"/><text x="{MARGIN - 8}" y="{y(value) + 4:.1f}" text-anchor="end" '
                    f'fill="#666">{value:,.6g}</text>'
                )
        tick *= 10
    for value in sorted({at for at, _ in points}):
        parts.append(
            f'<text x="{x(value):.1f}" y="{CURVES_HEIGHT - MARGIN + 20}" text-anchor="middle" fill="#666">'
            f"{value:,.6g}</text>"
        )
    for index, line in enumerate(lines):
        dash = ' stroke-dasharray="6 4"' if line.dashed else ""
        stroke = f'stroke="{COLOURS[line.colour % len(COLOURS)]}" stroke-width="2"{dash}'
        path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in line.points)
        at = 44 + 20 * index
        parts.append(
            f'<polyline points="{path}" fill="none" {stroke}/>'
            f'<line x1="{CURVES_WIDTH - LEGEND + 16}" x2="{CURVES_WIDTH - LEGEND + 44}" y1="{at}" y2="{at}" '
            f'{stroke}/><text x="{CURVES_WIDTH - LEGEND + 52}" y="{at + 4}">{escape(line.name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])
