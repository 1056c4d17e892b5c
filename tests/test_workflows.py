"""The workflows name machines that exist: a job for one that was retired never starts, and says nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / ".github" / "workflows"
if not FOLDER.exists():
    pytest.skip("not in a checkout", allow_module_level=True)
FILES = sorted(FOLDER.glob("*.yml"))

# Of actions/runner-images, in November 2026; those that are not for everybody are left out.
IMAGES = {
    "ubuntu-22.04",
    "ubuntu-24.04",
    "ubuntu-26.04",
    "macos-15",
    "macos-15-intel",
    "macos-26",
    "macos-26-intel",
}
IMAGES |= {f"{name}-arm" for name in IMAGES if name.startswith("ubuntu")}
RETIRED = {
    "macos-14": "not supported since 2026-11-02",
    "macos-13": "not supported since 2025-12-04",
    "macos-12": "removed 2024-12-03",
    "ubuntu-20.04": "removed 2025-04-15",
}


def wrong(text: str) -> list[str]:
    """What is no machine of a workflow's text."""
    found = []
    for names in re.findall(r"^ +(?:runs-on|os): *(.+)$", text, re.MULTILINE):
        for name in re.findall(r"[^\[\], ]+", re.sub(r"\$\{\{.*?\}\}", "", names)):
            if name not in IMAGES:
                found.append(f"{name}: {RETIRED.get(name, 'not an image, or moving')}")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_machines_exist(file: Path) -> None:
    assert wrong(file.read_text("utf-8")) == []


@pytest.mark.parametrize("name", [*RETIRED, "macos-latest", "ubuntu-24.04-arm64"])
def test_others_are_noticed(name: str) -> None:
    assert [each.split(":")[0] for each in wrong(f"    runs-on: {name}\n")] == [name]
    assert [each.split(":")[0] for each in wrong(f"      os: [ubuntu-24.04, {name}]\n")] == [name]
    assert wrong("    runs-on: ${{ matrix.os }}\n") == []


def test_both_systems_of_apple_compile_and_run() -> None:
    """The oldest image and a newer one: other compilers and SDKs, and a system that no wheel was built on."""
    text = (FOLDER / "wheels.yml").read_text("utf-8")
    assert {name for name in IMAGES if re.search(rf"\b{name}(?![-\w])", text)} >= {"macos-15", "macos-26"}
    assert "python buildtools/metal.py apple" in text
