"""The benchmarks of real sizes and of threads: models that synthetic.py makes, and what numbers become."""

import json
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zcwasm
from zcwasm.llm import Model

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

import cores
import real_sizes
import synthetic

TYPES = [*(name.lower() for name in synthetic.BLOCKS), *synthetic.MIXTURES]


@pytest.mark.parametrize("types", TYPES)
def test_synthetic_models_compute(tmp_path: Path, types: str) -> None:
    path = synthetic.make(f"tiny,layers=2,vocab=300:{types}", tmp_path)
    with Model.open(path, zcwasm.Device("cpu")) as model:
        assert (model.config.layers, model.config.dim, model.config.vocab) == (2, 256, 300)
        with model.session(context=64) as session:
            logits = np.array(session.logits([5, 260, 290]))
            assert np.isfinite(logits).all()
            assert 0.1 < np.abs(logits).max() < 100
            tokens = list(session.generate([5, 260, 290], max_new_tokens=4, ignore_eos=True))
            assert len(tokens) == 4


@pytest.mark.parametrize("types", TYPES)
def test_synthetic_weights_have_the_size_of_real_ones(tmp_path: Path, types: str) -> None:
    gguf = pytest.importorskip("gguf")
    reader = gguf.GGUFReader(synthetic.make(f"tiny:{types}", tmp_path))
    for tensor in reader.tensors:
        if len(tensor.shape) == 2:
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            assert values.std() == pytest.approx(synthetic.DEVIATION, rel=0.05), tensor.name
            assert abs(values.mean()) < synthetic.DEVIATION / 5


def test_a_mixture_has_its_types(tmp_path: Path) -> None:
    weights = zcwasm.Weights(synthetic.make("tiny:q4_k_m", tmp_path))
    kinds = {name: tensor.type for name, tensor in weights.tensors.items()}
    assert kinds["output.weight"] == kinds["blk.0.ffn_down.weight"] == "Q6_K"
    assert kinds["blk.1.ffn_down.weight"] == kinds["blk.0.attn_q.weight"] == "Q4_K"


def test_a_model_is_made_once(tmp_path: Path) -> None:
    path = synthetic.make("tiny:q8_0", tmp_path)
    before = path.stat()
    assert synthetic.make("tiny:q8_0", tmp_path) == path
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["huge:q4_0", "tiny:q9", "tiny", "tiny,width=3:q4_0", "tiny,dim=x:q4_0"])
def test_names_without_a_meaning(tmp_path: Path, name: str) -> None:
    with pytest.raises(SystemExit):
        synthetic.make(name, tmp_path)


def test_rows_that_are_no_blocks(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="Q4_K"):
        synthetic.make("tiny,dim=288:q4_k", tmp_path)
    assert not list(tmp_path.iterdir())


PEER = """#!{python}
import json, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
assert given["-fa"] == "1" and given["-ngl"] == "99"
counts = lambda name: [int(each) for each in given[name].split(",")]
about = dict(build_number=1, build_commit="abc", backends="CUDA", gpu_info="GPU")
rates = [float(at) for at in range(1, 1 + int(given["-r"]))]
if given["-n"] == "0":
    rows = [dict(n_prompt=count, n_gen=0, n_depth=0) for count in counts("-p")]
else:
    rows = [dict(n_prompt=0, n_gen=int(given["-n"]), n_depth=count) for count in counts("-d")]
print(json.dumps([dict(row, samples_ts=rates, **about) for row in rows]))
"""


def make_peer(folder: Path) -> None:
    peer = folder / "llama-bench"
    peer.write_text(PEER.format(python=sys.executable))
    peer.chmod(peer.stat().st_mode | stat.S_IXUSR)


def measured(tmp_path: Path, *more: str) -> dict[str, Any]:
    make_peer(tmp_path)
    given = ["--cache", str(tmp_path), "--rounds", "3", "--tokens", "4", "--contexts", "8", "20"]
    options = real_sizes.arguments([*given, "--prefills", "10", "--sampled", "8", *more])
    return real_sizes.measure("tiny,layers=1:q4_0", zcwasm.Device("cpu"), options)


def test_both_sides_are_measured(tmp_path: Path) -> None:
    model = measured(tmp_path, "--llama-bench", str(tmp_path))
    rows = {(row["kind"], row["count"]): row for row in model["rows"]}
    assert set(rows) == {("decode", 8), ("decode", 20), ("prefill", 10), ("sampled", 8)}
    for (kind, _), row in rows.items():
        assert len(row["rates"]) == 3
        assert min(row["rates"]) > 0
        assert row["value"] == sorted(row["rates"])[1]
        assert row.get("peer_value") == (None if kind == "sampled" else 2.0)
    assert rows["decode", 8]["ratio"] == rows["decode", 8]["value"] / 2
    assert model["copied_in_last_decode"] == {}
    assert model["file_bytes"] == (tmp_path / "tiny-layers1-q4_0.gguf").stat().st_size
    assert json.loads(json.dumps(model)) == model


def test_over_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_peer(tmp_path)
    monkeypatch.setattr(cores, "LEAST_READ", 1 << 20)
    given = ["--cache", tmp_path, "--llama-bench", tmp_path, "--output", tmp_path / "cores", "--rounds", 4]
    given += [
        "--models",
        "tiny,layers=1:q4_0",
        "--threads",
        1,
        2,
        "--tokens",
        4,
        "--context",
        8,
        "--prefill",
        10,
    ]
    monkeypatch.setattr(sys, "argv", ["cores.py", *map(str, given)])
    cores.main()
    printed = capsys.readouterr().out
    result = json.loads((tmp_path / "cores.json").read_text("utf-8"))
    for row, threads in zip(result["rows"], (1, 2), strict=True):
        assert row["threads"] == threads
        assert len(row["rates"]["decode"]) == len(row["rates"]["prefill"]) == 4
        assert (row["peer_decode"], row["peer_prefill"]) == (2.5, 2.5)
        assert min(row["decode"], row["prefill"], row["reading"], row["product"]) > 0
    assert result["isa"] in zcwasm.Device("cpu").info["name"]
    assert printed.strip().endswith(cores.table(result))


def test_what_decoding_shall_reach() -> None:
    row = {"reading": 10e9, "token_bytes": 1e9, "peer_decode": 5.0}
    assert cores.need(row) == pytest.approx(6.0)  # 1.2 times the peer
    assert cores.need(row | {"peer_decode": 8.0}) == pytest.approx(8.5)  # 85% of reading
    assert cores.need({"reading": 10e9, "token_bytes": 1e9}) is None


def test_without_the_peer(tmp_path: Path) -> None:
    assert all("ratio" not in row for row in measured(tmp_path)["rows"])


def row(kind: str, count: int, value: float, peer: float | None = None) -> dict[str, Any]:
    theirs = {} if peer is None else {"peer_value": peer, "ratio": value / peer}
    return {"kind": kind, "count": count, "value": value, "rates": [value], **theirs}


RESULT: dict[str, Any] = {
    "date": "2026-01-02T03:04+00:00",
    "machine": {"cpu": "CPU", "cpus": 2, "memory": 1, "system": "Linux"},
    "device": {"kind": "vulkan", "name": "A GPU", "driver": "1.2", "api": "1.3"},
    "versions": {"zcwasm": "0"},
    "rounds": 3,
    "tokens": 64,
    "models": [
        {
            "model": "1B Q4_0",
            "file_bytes": 2_000_000_000,
            "token_bytes": 1_000_000_000,
            "load_seconds": 0.1,
            "device_bytes": None,
            "cache_bytes": 1,
            "copied_in_last_decode": {"mirror": 512},
            "peer": "1 (abc), CUDA",
            "rows": [row("decode", 16, 1200, 1000), row("decode", 2048, 600), row("sampled", 16, 900)],
        }
    ],
}


def test_the_table() -> None:
    lines = real_sizes.table(RESULT["models"]).splitlines()
    assert lines[2] == "| 1B Q4_0: decode after 16 / 2,048 tokens | 1,200 / 600 | 1,000 / – | 1.20 / – |"
    assert lines[3] == "| …sampled, after 16 | 900 |  | 0.75 of greedy |"
    for part in ("20.0 GB/s", "1,200 GB/s after 16", "mirror 512 B"):
        assert part in lines[4]


def test_results_are_joined_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = {**RESULT, "models": [{**RESULT["models"][0], "model": "8B & more"}]}
    result = real_sizes.joined([RESULT, other, RESULT])
    assert [model["model"] for model in result["models"]] == ["1B Q4_0", "8B & more"]
    real_sizes.print_all(result, tmp_path / "out")
    assert "A GPU (1.2)" in capsys.readouterr().out
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == result
    picture = (tmp_path / "out.svg").read_text("utf-8")
    assert picture.count("<polyline") == 4
    assert "8B &amp; more, llama.cpp" in picture
