"""The official WebAssembly test suite, one test a script; the counts are printed at the end.

It is read from ../shared/spec beside the checkout, or from the folder that ZCWASM_SPEC names.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_runner import Counts, Script, find_archive, load_scope, script_names, unpack

ARCHIVE = find_archive()
if isinstance(ARCHIVE, str):
    pytest.skip(ARCHIVE, allow_module_level=True)
NAMES = script_names(ARCHIVE)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert isinstance(ARCHIVE, Path)
    return unpack(ARCHIVE, tmp_path_factory.mktemp("spec"))


@pytest.fixture(scope="module")
def scope(suite: Path) -> dict[str, str]:
    return load_scope(suite)


@pytest.fixture(scope="module")
def totals() -> Counts:
    return Counts()


@pytest.mark.parametrize("name", NAMES)
def test_script(name: str, suite: Path, scope: dict[str, str], totals: Counts) -> None:
    script = Script(suite, name, scope)
    script.run()
    totals.add(script.counts)
    assert not script.failures, "\n".join(script.failures[:30])


def test_counts(totals: Counts, scope: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Runs last: what passed, and what is counted apart."""
    with capsys.disabled():
        print("\nofficial WebAssembly test suite")
        for line in totals.lines():
            print("  " + line)
