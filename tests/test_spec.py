"""The official WebAssembly test suite, one test a script and engine; the counts are printed at the end.

The interpreter is looked at as if no other engine were here; one with more features gets what needs them.

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
def totals() -> dict[str, Counts]:
    """By engine."""
    return {}


@pytest.mark.parametrize("name", NAMES)
def test_script(
    name: str,
    engine: str,
    suite: Path,
    scope: dict[str, str],
    totals: dict[str, Counts],
    request: pytest.FixtureRequest,
) -> None:
    if engine == "wasm3":
        request.getfixturevalue("interpreter_only")
    script = Script(suite, name, scope)
    script.run()
    totals.setdefault(engine, Counts()).add(script.counts)
    assert not script.failures, "\n".join(script.failures[:30])


def test_counts(totals: dict[str, Counts], capsys: pytest.CaptureFixture[str]) -> None:
    """Runs last: what passed, and what is counted apart."""
    with capsys.disabled():
        for engine, counts in totals.items():
            print(f"\nofficial WebAssembly test suite, {engine}")
            for line in counts.lines():
                print("  " + line)
