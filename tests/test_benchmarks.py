"""The one command for all benchmarks, and the page that it makes: with scripts that stand for them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import everything  # noqa: E402
import page  # noqa: E402
import run  # noqa: E402

ROW = {
    "what": "a call",
    "value": 1e-7,
    "unit": "s",
    "best": 9e-8,
    "peer": "another | one",
    "peer_value": 3e-7,
    "peer_best": 2e-7,
    "ratio": 3.0,
    "best_ratio": 2.2,
    "target": "≥ 4×",
    "met": False,
}


def test_every_script_is_a_benchmark_of_the_command() -> None:
    """But for those that others use, what compares two checkouts, and what draws a trace."""
    others = {"beside", "common", "everything", "llama_bench", "page", "plot", "run", "synthetic", "timeline"}
    scripts = {path.stem for path in BENCHMARKS.glob("*.py")} - others
    assert scripts == {each.name for each in everything.BENCHMARKS}
    groups = {each.name for each in everything.BENCHMARKS if each.arguments is None}
    assert groups == set(run.GROUPS)


def test_the_page_is_made_of_the_files() -> None:
    assert page.differing(everything.RESULTS) == []


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of scripts in place of the benchmarks, and one for the page."""
    texts = {
        "good": f"import json; print(json.dumps([{ROW!r}]))",
        "rows": f"import json; print(json.dumps([{ROW!r}]))",
        "printing": "print('one\\n\\033[1mtwo')",
        "bad": "import sys; sys.exit('no luck')",
        "slow": "import time; time.sleep(60)",
        "lacking": "",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    made: dict[str, dict[str, Any]] = {
        "good": {"peers": ("no_such_peer", "json")},
        "lacking": {"needs": ("no_such_module", "json", "no-such-program")},
    }
    benchmarks = [
        everything.Benchmark(
            name, name.title(), arguments=None if name == "good" else (), **made.get(name, {})
        )
        for name in texts
    ]
    monkeypatch.setattr(everything, "BENCHMARKS", benchmarks)
    monkeypatch.setattr(everything, "HERE", tmp_path)
    monkeypatch.setattr(everything, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(run, "GROUPS", {"good": (0,)})
    monkeypatch.setattr(page, "PROJECT", tmp_path / "project")
    monkeypatch.setattr(page, "MOST", 2.0)  # whatever else runs here
    return tmp_path


def test_the_command(
    scripts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["everything.py", "--limit", "5", "--quick"])
    assert everything.main() == 1
    printed = capsys.readouterr().out
    assert "good: done" in printed
    assert "no_such_peer not here" in printed
    assert "bad: failed, exit code 1: no luck" in printed
    assert "slow: failed, took more than 5 s" in printed
    assert "lacking: left out, needs no_such_module, no-such-program, not here" in printed
    assert printed.endswith("2 failed: bad, slow\n")
    good = json.loads((scripts / "results" / "good.json").read_text())
    assert good["rows"] == [ROW] == json.loads((scripts / "results" / "rows.json").read_text())["rows"]
    assert good["machine"]["cpus"] >= 1
    assert "numpy" in good["versions"]
    text = (scripts / "project" / "results.md").read_text("utf-8")
    assert "| a call | 100 ns | another \\| one | 300 ns | 3.00× | ≥ 4×, **missed** |" in text
    assert "Not beside no_such_peer, which was not installed." in text
    assert "```text\none\ntwo\n```" in text
    assert "failed: exit code 1: no luck" in text
    assert "(results/good.svg)" in text
    assert "another | one" in (scripts / "project" / "results" / "good.svg").read_text("utf-8")
    assert page.differing(scripts / "results") == []
    (scripts / "results" / "bad.json").unlink()
    (scripts / "project" / "results" / "old.svg").write_text("")
    assert page.differing(scripts / "results") == ["results.md", "results/old.svg"]


def test_a_loaded_machine_is_marked() -> None:
    result: dict[str, Any] = {
        "date": "2026-11-30T23:00+00:00",
        "machine": {"cpu": "x", "cpus": 2, "memory": None, "system": "Linux"},
        "versions": {"zcwasm": "0.1.0", "wasmtime": "absent"},
        "absent": [],
        "quick": False,
    }
    assert "**Loaded machine**: other processes used 50% of the CPUs." in page.about(result | {"others": 0.5})
    quiet = page.about(result | {"others": 0.05})
    assert (
        quiet
        == "2026-11-30T23:00+00:00; x, 2 CPUs, Linux; zcwasm 0.1.0. Other processes used 5% of the CPUs."
    )
    assert "is not known" in page.about(result | {"others": None})


def test_numbers_of_a_machine_that_was_mostly_others_are_not_shown() -> None:
    result: dict[str, Any] = {"name": "calls", "title": "Calls", "date": "2026-11-30T23:00", "status": "done"}
    pictures: dict[str, str] = {}
    lines = page.section(result | {"others": 0.97, "rows": [ROW], "text": ""}, pictures)
    assert "2026-11-30: measured while other processes used 97% of the CPUs, so not shown" in lines[2]
    assert pictures == {}
