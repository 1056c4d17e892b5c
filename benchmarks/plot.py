"""The comparisons of a run as an SVG: how many times better than each alternative, on a logarithmic axis."""

from __future__ import annotations

import math
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
