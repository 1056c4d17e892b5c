"""zcwasm inspect of models: what is shown of files that run, and of those that do not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import encoder_models
import family_models
import pytest
import tiny_model

pytest.importorskip("tokenizers", reason="needs zcwasm[llm]")

import zcwasm
from zcwasm import _inspect_model


def inspected(zcwasm_command: Any, path: Path, *options: str) -> Any:
    return zcwasm_command("inspect", str(path), *options)


def test_a_language_model(zcwasm_command: Any, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    tiny_model.write(path, kind="Q8_0")
    found = inspected(zcwasm_command, path, "--json", "--context", "100").json
    assert (found["kind"], found["family"], found["format"]) == ("language model", "llama", "gguf")
    assert found["files"] == [{"name": str(path), "size": path.stat().st_size}]
    numbers = found["numbers"]
    with zcwasm.llm.Model.open(path, zcwasm.Device("cpu")) as model:
        assert {name: getattr(model.config, name) for name in numbers if name != "windows"} == {
            name: value for name, value in numbers.items() if name != "windows"
        }
        tensors = model.weights.tensors.values()
        of_cache = model.config.cache_bytes(100, "f16")
    by_type = {row["type"]: row for row in found["tensors"]}
    assert by_type["Q8_0"]["bytes"] == sum(each.nbytes for each in tensors if each.type == "Q8_0")
    assert sum(row["count"] for row in found["tensors"]) == len(tensors)
    assert found["tokenizer"] == {"kind": "gpt2, smollm", "tokens": numbers["vocab"], "refused": None}
    assert found["template"] is True
    memory = found["memory"]
    assert (memory["context"], memory["cache"]["f16"]) == (100, of_cache)
    assert memory["total"] == memory["weights"] + memory["session"] > memory["weights"] + of_cache
    assert found["refused"] is None
    ran = inspected(zcwasm_command, path)
    assert ran.status == 0
    assert ran.out.startswith(f"{path}: {path.stat().st_size:,} bytes, gguf: language model, llama\n")
    for line in ("  context       256 tokens", "  template      yes"):
        assert line in ran.out.splitlines()


def test_folders(zcwasm_command: Any, tmp_path: Path) -> None:
    config = family_models.config("gemma3")
    folder = family_models.write_folder(
        tmp_path / "gemma3", config, family_models.checkpoint("gemma3"), kind="BF16", shards=3
    )
    found = inspected(zcwasm_command, folder, "--json").json
    assert (found["kind"], found["family"], len(found["files"])) == ("language model", "gemma3", 3)
    assert found["template"] is False
    assert found["numbers"]["windows"] == [config["sliding_window"]]
    assert {row["type"] for row in found["tensors"]} == {"BF16"}
    assert found["memory"]["made"] > 0  # vectors
    config = family_models.config("gpt2")
    folder = family_models.write_folder(
        tmp_path / "gpt2", config, family_models.checkpoint("gpt2"), kind="BF16"
    )
    memory = inspected(zcwasm_command, folder, "--json").json["memory"]
    with zcwasm.llm.Model.open(folder, zcwasm.Device("cpu")) as model:
        made = [each for each in model.weights.tensors.values() if each.file]
        mapped = len(model.weights._views()[0])
    assert memory["made"] >= sum(each.nbytes for each in made) > 200_000  # q, k and v, and others
    assert memory["weights"] == mapped + memory["made"]
    text = inspected(zcwasm_command, folder).out
    assert f"bytes: {mapped:,} of weights, which are mapped\n" in text
    assert f"and {memory['made']:,} that are made of them at opening\n" in text
    folder = encoder_models.write_folder(tmp_path / "bert", "bert")
    found = inspected(zcwasm_command, folder, "--json").json
    assert (found["kind"], found["family"]) == ("encoder", "bert")
    assert (found["numbers"]["pooling"], found["numbers"]["outputs"]) == ("mean", 32)
    found = inspected(zcwasm_command, encoder_models.write_gguf(tmp_path / "e.gguf", "bert"), "--json").json
    assert (found["kind"], found["format"]) == ("encoder", "gguf")
    scorer = next(name for name in encoder_models.table() if name.endswith("scores"))
    folder = encoder_models.write_folder(
        tmp_path / "scorer", scorer, architectures=["BertForSequenceClassification"]
    )
    assert inspected(zcwasm_command, folder, "--json").json["kind"] == "cross-encoder"
    found = inspected(zcwasm_command, encoder_models.write_gguf(tmp_path / "s.gguf", scorer), "--json").json
    assert (found["kind"], found["refused"], found["numbers"]["outputs"]) == ("cross-encoder", None, 1)


def test_what_is_refused_is_shown_with_the_reason(zcwasm_command: Any, tmp_path: Path) -> None:
    folder = encoder_models.write_folder(tmp_path / "bert", "bert", surprise=1)
    ran = inspected(zcwasm_command, folder)
    assert ran.status == 1
    assert "safetensors: encoder, bert\n" in ran.out
    assert "\nrefused: " in ran.out
    assert "surprise is 1: this key is not known" in ran.out
    found = inspected(zcwasm_command, folder, "--json")
    assert found.status == 1
    assert "surprise" in json.loads(found.out)["refused"]
    nothing = encoder_models.write_folder(tmp_path / "nothing", "bert", model_type={"a": 1})
    ran = inspected(zcwasm_command, nothing)
    assert ran.status == 1
    assert "refused: " in ran.out
    ran = inspected(zcwasm_command, folder / "model.safetensors")
    assert ran.status == 1
    assert "refused: tensors alone are no model" in ran.out
    other = encoder_models.write_gguf(tmp_path / "other.gguf", "bert")
    data = other.read_bytes().replace(b"\x04\0\0\0\0\0\0\0bert", b"\x04\0\0\0\0\0\0\0\x1b[2J", 1)
    other.write_bytes(data)
    ran = inspected(zcwasm_command, other)
    assert ran.status == 1
    assert "\x1b" not in ran.out
    assert r"general.architecture is '\x1b[2J'" in ran.out


def test_a_tokenizer_that_is_refused(zcwasm_command: Any, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    tiny_model.write(path)
    data = path.read_bytes()
    assert data.count(b"\x06\0\0\0\0\0\0\0smollm") == 1
    path.write_bytes(data.replace(b"\x06\0\0\0\0\0\0\0smollm", b"\x06\0\0\0\0\0\0\0unheard"[:14]))
    ran = inspected(zcwasm_command, path)
    assert ran.status == 0  # tokens can be given and taken as ids
    assert "refused: " in next(line for line in ran.out.splitlines() if line.startswith("  tokenizer"))


def test_damaged_files_are_errors(zcwasm_command: Any, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    tiny_model.write(path)
    whole = path.read_bytes()
    for data in (b"", b"GGUF", whole[: len(whole) // 2], b"GGUF" + b"\xff" * 60):
        path.write_bytes(data)
        ran = inspected(zcwasm_command, path)
        assert (ran.status, ran.out) == (1, "")
        assert ran.err.startswith(f"zcwasm inspect: {path}: ")
        assert ran.err.count("\n") == 1
    unnamed = tmp_path / "model"
    unnamed.write_bytes(whole)
    assert inspected(zcwasm_command, unnamed).status == 0
    folder = encoder_models.write_folder(tmp_path / "bert", "bert")
    (folder / "config.json").write_text("[" * 100_000)
    ran = inspected(zcwasm_command, folder)
    assert ran.status == 1
    assert "is no JSON" in ran.out + ran.err
    shutil.rmtree(folder)
    folder.mkdir()
    ran = inspected(zcwasm_command, folder)
    assert (ran.status, ran.out) == (1, "")


def test_arguments(zcwasm_command: Any, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    tiny_model.write(path)
    ran = inspected(zcwasm_command, path, "--context", "100000")
    assert ran.status == 1
    assert "context is 100000" in ran.err
    ran = inspected(zcwasm_command, Path(zcwasm.__file__).parent / "guests" / "bert.wasm", "--context", "5")
    assert (ran.status, ran.err) == (2, "zcwasm inspect: --context is for models\n")


def test_texts_of_files_obey_nothing() -> None:
    assert _inspect_model.shown("a\x1b[2J") == r"'a\x1b[2J'"
