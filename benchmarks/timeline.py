"""Draws a trace of zcwasm.trace as SVG: a row for each thread and device.

    python benchmarks/timeline.py TRACE.json OUT.svg [--from MS] [--to MS]

For pages that cannot show Perfetto. docs/howto/tracing.svg is the trace of the program on its page.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from html import escape
from pathlib import Path
from typing import Any

WIDTH, LEFT, RIGHT, TOP, ROW, GAP = 960, 130, 16, 34, 22, 14
COLOURS = {
    "guest": "#2a78d6",
    "wait": "#c9cdd4",
    "kernel": "#1a9a5c",
    "device": "#c9600e",
    "transfer": "#8a4fc4",
}


def rows_of(slices: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The slices of a track by how deep they lie in others."""
    rows: list[list[dict[str, Any]]] = []
    ends: list[float] = []
    for each in sorted(slices, key=lambda each: (each["ts"], -each["dur"])):
        while ends and ends[-1] <= each["ts"] + 1e-6:
            ends.pop()
        if len(rows) == len(ends):
            rows.append([])
        rows[len(ends)].append(each)
        ends.append(each["ts"] + each["dur"])
    return rows


def svg(trace: dict[str, Any], begin: float, end: float) -> str:
    """`begin` and `end`: in microseconds."""
    names = {
        each["tid"]: each["args"]["name"] for each in trace["traceEvents"] if each["name"] == "thread_name"
    }
    tracks: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for each in trace["traceEvents"]:
        if each["ph"] == "X" and each["ts"] < end and each["ts"] + each["dur"] > begin:
            tracks[each["tid"]].append(each)

    def x(ts: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (min(max(ts, begin), end) - begin) / (end - begin)

    parts: list[str] = []
    y = TOP
    for track in sorted(tracks, key=lambda track: (track >= 10**9, names.get(track, ""))):
        name = names.get(track, str(track))
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(name.split(":")[0])}</text>'
        )
        for row in rows_of(tracks[track]):
            for each in row:
                left, right = x(each["ts"]), x(each["ts"] + each["dur"])
                width = max(right - left, 0.5)
                title = f"{each['name']} {each['dur']:.1f} µs"
                parts.append(
                    f'<rect x="{left:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 3}" rx="2" '
                    f'fill="{COLOURS[each["cat"]]}"><title>{escape(title)}</title></rect>'
                )
                if width > 7 * len(each["name"]):
                    colour = "#333" if each["cat"] == "wait" else "#fff"
                    parts.append(
                        f'<text x="{(left + right) / 2:.1f}" y="{y + 14}" text-anchor="middle" '
                        f'fill="{colour}">{escape(each["name"])}</text>'
                    )
            y += ROW
        y += GAP
    step = next(
        s for s in (10, 20, 50, 100, 200, 500, *(10**i for i in range(3, 12))) if (end - begin) / s < 12
    )
    lines = []
    for i in range(int((end - begin) // step) + 1):
        at = x(begin + i * step)
        lines.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP - 6}" y2="{y}" stroke="#e5e7eb"/>'
            f'<text x="{at:.1f}" y="18" text-anchor="middle" fill="#666">{i * step / 1000:g} ms</text>'
        )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}" '
            f'font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>',
            *lines,
            *parts,
            "</svg>",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trace", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--from", dest="begin", type=float, help="ms since the trace began")
    parser.add_argument("--to", dest="end", type=float)
    options = parser.parse_args()
    trace = json.loads(options.trace.read_text("utf-8"))
    slices = [each for each in trace["traceEvents"] if each["ph"] == "X"]
    first = min(each["ts"] for each in slices)
    last = max(each["ts"] + each["dur"] for each in slices)
    begin = first if options.begin is None else options.begin * 1000
    options.out.write_text(svg(trace, begin, last if options.end is None else options.end * 1000), "utf-8")


if __name__ == "__main__":
    main()
