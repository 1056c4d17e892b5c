"""The page of results in the documentation, made of the files that everything.py wrote.

    python benchmarks/page.py [--check]

Writes docs/project/results.md, and a plot for each benchmark that has a peer to docs/project/results/. The
order is that of everything.py; a file that is missing is left out. --check compares instead, and fails where
the page is not what the files make (tests/test_benchmarks.py).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import common
import plot

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent / "docs" / "project"
QUIET = 0.1  # run.py's: the share of the CPUs that others may use in a quiet machine
MOST = 0.5  # with more than that a run is recorded, but not shown: it says more of the others than of us
MOST_LINES = 40  # of what a script printed

HEAD = """\
# Results

<!-- Made by benchmarks/page.py of benchmarks/results/all/; do not edit. -->

What the benchmarks gave, each beside what its user would take instead. `python benchmarks/everything.py` \
measures all of them again, and makes this page. Runs on other machines, with language models of real sizes, \
GPUs and many threads, and what each benchmark is, are on [the benchmarks' own page](benchmarks.md).

How to read it: numbers are medians over the rounds, in which the contenders take turns. A *ratio* says how \
many times better zcwasm was than the alternative, as the median of the rounds' ratios; a bar to the right \
is better. Where other processes used more than a tenth of the CPUs meanwhile, a run says so: its ratios are \
worth more than its numbers, and both less than those of a quiet machine. Where they used more than half, \
its numbers are in its file alone.
"""


def show(value: float | None, unit: str) -> str:
    return "" if value is None else common.show(value, unit)


def times(value: float | None) -> str:
    return "" if value is None else f"{common.three_digits(value)}×"


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table(rows: list[dict[str, Any]]) -> list[str]:
    lines = [line(["", "zcwasm", "alternative", "", "ratio", "target"]), line(["---"] * 6)]
    for row in rows:
        met = {None: "", True: ", met", False: ", **missed**"}[row["met"]]
        cells = [row["what"], show(row["value"], row["unit"]), row["peer"] or ""]
        cells += [show(row["peer_value"], row["unit"]), times(row["ratio"]), (row["target"] or "") + met]
        lines.append(line(cells))
    return lines


def about(result: dict[str, Any]) -> str:
    """When, where and beside what."""
    machine, share = result["machine"], result["others"]
    memory = f", {machine['memory'] / 2**30:.0f} GiB" if machine["memory"] else ""
    versions = ", ".join(
        f"{name} {version}" for name, version in result["versions"].items() if version != "absent"
    )
    words: str = f"{result['date']}; {machine['cpu']}, {machine['cpus']} CPUs{memory}, {machine['system']}; "
    words += f"{versions}."
    if share is None:
        words += " What other processes used is not known."
    elif share > QUIET:
        words += f" **Loaded machine**: other processes used {share:.0%} of the CPUs."
    else:
        words += f" Other processes used {share:.0%} of the CPUs."
    words += " Few rounds (`--quick`)." * result["quick"]
    if result["absent"]:
        words += f" Not beside {' and '.join(result['absent'])}, which was not installed."
    return words


def section(result: dict[str, Any], pictures: dict[str, str]) -> list[str]:
    name = result["name"]
    lines = [f"## {result['title']}", ""]
    source = f"[all numbers](../../benchmarks/results/all/{name}.json)"
    if result["status"] != "done":
        return [*lines, f"{result['date'][:10]}: {result['status']}: {result['why']} ({source}).", ""]
    if (result["others"] or 0) > MOST:
        why = f"measured while other processes used {result['others']:.0%} of the CPUs, so not shown"
        command = f"`python benchmarks/everything.py --only {name}`"
        return [*lines, f"{result['date'][:10]}: {why} ({source}). {command} measures it again.", ""]
    lines += [f"{about(result)} `python benchmarks/everything.py --only {name}`; {source}.", ""]
    if any(row["ratio"] and row["peer"] for row in result["rows"]):
        pictures[f"{name}.svg"] = plot.svg(result)
        lines += [
            f"![{result['title']}: how many times better than each alternative](results/{name}.svg)",
            "",
        ]
    if result["rows"]:
        lines += [*table(result["rows"]), ""]
    if result["text"]:
        printed = [each.rstrip() for each in result["text"].strip().splitlines()]
        cut = [f"… {len(printed) - MOST_LINES} more"] * (len(printed) > MOST_LINES)
        lines += ["```text", *printed[:MOST_LINES], *cut, "```", ""]
    return lines


def order() -> list[str]:
    import everything

    return [each.name for each in everything.BENCHMARKS]


def made(results: Path) -> dict[Path, str]:
    """Each file of the page, by its path in the folder of the page."""
    pictures: dict[str, str] = {}
    lines = [HEAD]
    for name in order():
        path = results / f"{name}.json"
        if path.exists():
            lines += section(json.loads(path.read_text("utf-8")), pictures)
    files = {Path("results.md"): "\n".join(lines).rstrip() + "\n"}
    return files | {Path("results") / name: text for name, text in pictures.items()}


def write(results: Path) -> Path:
    for path, text in made(results).items():
        (PROJECT / path).parent.mkdir(parents=True, exist_ok=True)
        (PROJECT / path).write_text(text, "utf-8")
    return PROJECT / "results.md"


def differing(results: Path) -> list[str]:
    """What is not as the files make it."""
    files = made(results)
    found = {path.relative_to(PROJECT) for path in (PROJECT / "results").glob("*.svg")}
    wrong = [path for path, text in files.items() if not (PROJECT / path).is_file()]
    wrong += [
        path
        for path, text in files.items()
        if path not in wrong and (PROJECT / path).read_text("utf-8") != text
    ]
    return sorted(map(str, [*wrong, *(found - files.keys())]))


def main() -> int:
    results = HERE / "results" / "all"
    if "--check" not in sys.argv[1:]:
        print(f"written: {write(results)}")
        return 0
    wrong = differing(results)
    print("\n".join(f"{path} is not what benchmarks/results/all/ makes" for path in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
