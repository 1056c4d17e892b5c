"""`zcwasm selftest`: holds here, finds what is wrong, and reports it."""

from __future__ import annotations

import numpy as np
import pytest

import zcwasm
from zcwasm import _cli, _selftest
from zcwasm._selftest.checks import apple_chip


@pytest.mark.footprint
def test_holds_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert _cli.main(["selftest"]) == 0
    report = capsys.readouterr().out
    assert report.startswith(f"zcwasm {zcwasm.__version__}, NumPy {np.__version__}")
    assert report.endswith("all holds\n")
    assert "FAILED" not in report
    for info in zcwasm.devices():
        assert f"\n{info['kind']}: " in report
        assert info["reason"] in report
    assert max(map(len, report.splitlines())) < 200


def test_reports_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(bench: _selftest.Bench) -> str:
        _selftest.close([1.0], np.zeros(1), 0.5, "a kernel")
        return ""

    def crashes(bench: _selftest.Bench) -> str:
        raise zcwasm.DeviceError("lost")

    monkeypatch.setattr(_selftest, "CHECKS", [broken, crashes])
    monkeypatch.setattr(_selftest, "costs", lambda bench: [])
    monkeypatch.setattr(_selftest, "demo", lambda: "fine")
    lines: list[str] = []
    assert not _selftest.run(lines.append)
    broke = "  FAILED  broken: AssertionError: a kernel: worst error 1 (expect, line"
    assert any(line.startswith(broke) for line in lines)
    assert any(line.startswith("  FAILED  crashes: DeviceError: lost (crashes, line") for line in lines)
    assert lines[-1].endswith(" FAILED")


def test_bandwidth_is_of_the_whole_name() -> None:
    names = {
        "Apple M1": "M1",
        "Apple M3 Max": "M3 Max",
        "Apple M5": "M5",
        "Apple M5 Max": None,
        "NVIDIA H100 80GB HBM3": None,
        "Apple Paravirtual device": None,
    }
    assert {name: apple_chip(name) for name in names} == names
