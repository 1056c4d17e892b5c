"""`zcwasm selftest`: holds here, finds what is wrong, and reports it."""

from __future__ import annotations

import re

import numpy as np
import pytest

import zcwasm
from zcwasm import _cli, _selftest
from zcwasm._selftest.checks import BANDWIDTH, PEAK, apple_chip, share

#: What a first look at a machine's numbers needs, of each device.
COSTS = re.compile(
    r"    submit and wait +[\d.]+ µs, of which the device worked [\d.]+\n"
    r"    one more dispatch +[\d.]+ µs, [^\n]*\n"
    r"    one more beside others +[\d.]+ µs, [^\n]*\n"
    r"    affine over 64 MiB +[\d.]+ GB/s read and written[^\n]*\n"
    r"    matmul of (\d+) × \1 +[\d.]+ TFLOP/s[^\n]*\n"
    r"(?:    512 rows (?:× F16|× Q4_K|of attention) +[\d.]+ TFLOP/s[^\n]*\n){0,3}"  # not of software
    r"(?:    one row × \w+ +[\d.]+ GB/s of weights[^\n]*\n)*"
    r"    model of \d+ layers of \d+ +[\d.]+ tokens/s, a prompt of \d+ at \d+: all overhead\n"
)


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
    assert len(COSTS.findall(report)) == sum(info["available"] for info in zcwasm.devices())


@pytest.mark.footprint
def test_holds_here_without_costs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_selftest, "costs", lambda bench: pytest.fail("nobody asked what it costs"))
    monkeypatch.setattr(_selftest, "CHECKS", [])
    assert _cli.main(["selftest", "--no-costs"]) == 0
    report = capsys.readouterr().out
    assert report.endswith("all holds\n")
    assert "costs" not in report


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
        "Apple M5 Max": "",
        "NVIDIA H100 80GB HBM3": "",
        "Apple Paravirtual device": "",
    }
    assert {name: apple_chip(name) for name in names} == names


def test_shares_of_chips_that_are_known() -> None:
    class Device:
        def __init__(self, kind: str, name: str) -> None:
            self.kind, self.name = kind, name

    cases = [
        ("metal", "Apple M1", 1.3, PEAK, ", 50% of M1's 2.6"),
        ("metal", "Apple M2 Max", 6.8, PEAK, ", 50% of M2 Max's 13.6"),
        ("metal", "Apple M4", 1.3, PEAK, ""),  # announced is its bandwidth only
        ("metal", "Apple M4", 30, BANDWIDTH, ", 25% of M4's 120"),
        ("metal", "Apple Paravirtual device", 30, BANDWIDTH, ""),
        ("cpu", "Apple M1", 1.3, PEAK, ""),  # the peak is its GPU's
    ]
    for kind, name, reached, announced, text in cases:
        device = Device(kind, name)
        assert share(device, reached, announced) == text  # type: ignore[arg-type]
    assert set(PEAK) < set(BANDWIDTH)
