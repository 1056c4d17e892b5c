"""One word for one thing: old words that must not come back, over the sources and the documentation.

The glossary is in csrc/README.md. What only a reader can judge is not here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "buildtools"))

import sources  # noqa: E402

SUFFIXES = sources.SUFFIXES | {".py", ".pyi", ".md"}
DRIVERS = ("csrc/device/vulkan/", "csrc/device/metal/", "docs/explanation/metal.md")

# The old word, the new one, and where the old one means something else.
WORDS: list[tuple[str, str, tuple[str, ...]]] = [
    (r"zc_command_buffer|\bcommand buffers?\b", "batch", (*DRIVERS, "csrc/README.md")),
    (r"\bzc_device_work\w*", "zc_device_piece, or zc_dispatch_work for the cost", ()),
    (r"\bzc_work_owner\w*", "zc_owner", ()),
    (r"\bzc_abi_work\b", "zc_abi_device", ()),
    (r"\bzc_cpu_scratch\b|\bzc_scratch\(|\bZC_SCRATCH_", "zc_workspace: scratch is a device's", ()),
    (r"\bzc_cpu_pool_run\b|\bzc_pool_(?:run|body)\b", "zc_threads: pool is a kernel", ()),
    (r"\b(?:[Aa]|[Tt]he|[Ii]ts|[Ee]ach|own|every) recording\b(?! of)|\brecordings\b", "batch", DRIVERS),
    (
        r"\bclock_gettime\b|\bnow_ns\b",
        "zc_clock_ns",
        ("csrc/base/zc_clock.c", "csrc/wasi/zc_wasi_clock.c", "zcwasm/guests/", "zcwasm/examples/"),
    ),
    (r"\bzc_store\b", "zc_executor: a store is Python's", ()),
    (r"\b(?:land|landed|flying|near_places)\b", "in flight, device_positions", ()),
]


def texts() -> Iterator[tuple[str, str]]:
    for folder in ("csrc", "zcwasm", "docs"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and not path.is_relative_to(sources.WASM3):
                yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


@pytest.mark.parametrize(("old", "new", "elsewhere"), WORDS, ids=[new for _, new, _ in WORDS])
def test_old_words_stay_out(old: str, new: str, elsewhere: tuple[str, ...]) -> None:
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]} (say {new})"
        for name, text in texts()
        if not name.startswith(elsewhere)
        for match in re.finditer(old, text)
    ]
    assert found == []


def test_the_glossary_explains_the_words_that_were_settled() -> None:
    glossary = (
        (ROOT / "csrc" / "README.md").read_text("utf-8").split("## Glossary", 1)[1].split("\n## ", 1)[0]
    )
    known = set(re.findall(r"^\| ([\w ,]+?) \|", glossary, re.MULTILINE))
    words = {word for row in known for word in row.split(", ")}
    assert words >= {
        *("region", "range", "binding", "kernel", "dispatch", "work", "batch", "recording", "sequence"),
        *(
            "submission",
            "piece",
            "part",
            "owner",
            "scratch",
            "workspace",
            "pool",
            "rows",
            "executor",
            "store",
            "instance",
        ),
    }
