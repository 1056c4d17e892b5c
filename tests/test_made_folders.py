"""Folders whose matrices are made at opening (zcwasm/_models/making.py): what is made and what is not, where
it lies, what it costs, and what hostile folders get. That they compute what transformers does is in
test_families.py; FP8 is in test_fp8_folders.py."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tokenizers", reason="needs zcwasm[llm]")

import family_models
from family_models import Stored
from fp8_models import fp8, quantized
from support import resident_bytes

import zcwasm
from zcwasm._models import making
from zcwasm._models.model_file import Entry
from zcwasm.guests import layouts
from zcwasm.llm import Model, _memory

Array = npt.NDArray[Any]
IDS = list(range(5, 45))
MADE = ["gpt2", "gpt_neox", "mixtral", "qwen3_moe"]


def write(path: Path, family: str, **options: Any) -> Path:
    return family_models.write_folder(
        path, family_models.config(family), family_models.checkpoint(family), **options
    )


def edit(path: Path, **changes: Any) -> None:
    """Keys of config.json."""
    found = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(found | changes))


def open_on_cpu(path: Path, **options: Any) -> Model:
    return Model.open(path, zcwasm.Device("cpu"), **options)


def logits(model: Model) -> Array:
    with model.session(context=64, kv_dtype="f32", exact=True) as session:
        return np.array(session.logits(IDS))


def matrices_made() -> int:
    return zcwasm.copy_stats()["matrices_made"]


# What of a family's matrices is made: the names that say so.
MATRICES = {
    "gpt2": ("attn_", "ffn_"),
    "gpt_neox": ("attn_q.", "attn_k.", "attn_v."),
    "mixtral": ("_exps.",),
    "qwen3_moe": ("_exps.",),
}


@pytest.mark.parametrize("family", MADE)
def test_only_what_has_to_be_made_is(tmp_path: Path, family: str) -> None:
    before = zcwasm.copy_stats()
    model = open_on_cpu(write(tmp_path / "folder", family, kind="BF16", shards=2))
    after = zcwasm.copy_stats()
    assert {name for name, count in after.items() if count != before[name]} == {
        "weights_made",
        "matrices_made",
    }
    files = len(model.weights.paths)
    made = {
        name: each
        for name, each in model.weights.tensors.items()
        if len(each.shape) > 1 and each.file >= files
    }
    expected = {
        name
        for name, each in model.weights.tensors.items()
        if len(each.shape) > 1 and any(part in name for part in MATRICES[family])
    }
    assert set(made) == expected
    assert all(each.type == "BF16" and each.offset % making.ALIGNMENT == 0 for each in made.values())
    size = after["matrices_made"] - before["matrices_made"]
    assert sum(each.nbytes for each in made.values()) <= size
    assert size < sum(each.nbytes for each in made.values()) + making.ALIGNMENT * len(made)
    for each in made.values():
        assert not each.array().flags.writeable


def test_names_that_are_on_the_hub(tmp_path: Path) -> None:
    """GPT-2's first folder has no prefix, and masks; so have Pythia's."""
    beside = {"n_ctx": 96, "n_inner": 256, "task_specific_params": {"text-generation": {}}, "attn_pdrop": 0.1}
    mask = Stored("F32", (1, 1, 8, 8), bytes(256))
    one = Stored("F16", (1,), bytes(2))
    for family, prefix, said, masks in (
        ("gpt2", "transformer.", beside, {"h.{}.attn.bias": mask, "h.{}.attn.masked_bias": one}),
        (
            "gpt_neox",
            "",
            {"rope_scaling": None},
            {
                "gpt_neox.layers.{}.attention.bias": mask,
                "gpt_neox.layers.{}.attention.masked_bias": one,
                "gpt_neox.layers.{}.attention.rotary_emb.inv_freq": one,
            },
        ),
    ):
        config, tensors = family_models.config(family), family_models.checkpoint(family)
        expected = logits(open_on_cpu(write(tmp_path / family, family)))
        named = {name.removeprefix(prefix): values for name, values in tensors.items()}
        unread = {name.format(layer): each for name, each in masks.items() for layer in range(3)}
        path = family_models.write_folder(tmp_path / "hub", config | said, {**named, **unread})
        assert np.array_equal(logits(open_on_cpu(path)), expected)
    # Others have no such names.
    for name in ("transformer.wte.weight", "gpt_neox.embed_in.weight", "model.layers.0.attn.bias"):
        path = family_models.write_folder(
            tmp_path / "other",
            family_models.config("llama"),
            family_models.checkpoint("llama") | {name: mask},
        )
        with pytest.raises(zcwasm.ModelError, match=f"tensor {name} is not known"):
            open_on_cpu(path)


def in_order(names: Sequence[str]) -> list[str]:
    """Experts of one projection behind each other."""
    return sorted(
        names,
        key=lambda name: (
            [part for part in name.split(".") if not part.isdigit()]
            + [f"{int(part):09}" for part in name.split(".") if part.isdigit()]
        ),
    )


def test_experts_that_lie_behind_each_other_are_shown_where_they_are(tmp_path: Path) -> None:
    config, tensors = family_models.config("mixtral"), family_models.checkpoint("mixtral")
    expected = logits(open_on_cpu(family_models.write_folder(tmp_path / "mixed", config, tensors)))
    sorted_ones = {name: tensors[name] for name in in_order(list(tensors))}
    path = family_models.write_folder(tmp_path / "sorted", config, sorted_ones, kind="F16")
    before = matrices_made()
    model = open_on_cpu(path)
    assert matrices_made() == before
    stack = model.weights["blk.1.ffn_up_exps.weight"]
    assert (stack.type, stack.shape, stack.file) == ("F16", (4, 96, 64), 0)
    assert np.array_equal(logits(model), expected)
    # Two that have changed places, and two of which another tensor lies between.
    names = list(sorted_ones)
    first = names.index("model.layers.1.block_sparse_moe.experts.1.w3.weight")
    swapped = [*names]
    swapped[first : first + 2] = reversed(names[first : first + 2])
    parted = [name for name in names if name != "model.norm.weight"]
    parted.insert(parted.index(names[first]), "model.norm.weight")
    for order in (swapped, parted):
        family_models.write_folder(path, config, {name: tensors[name] for name in order}, kind="F16")
        before = matrices_made()
        assert np.array_equal(logits(open_on_cpu(path)), expected)
        assert matrices_made() - before == 4 * 96 * 64 * 2


@pytest.mark.slow_on_software
def test_files_are_small_enough_for_buffers(
    tmp_path: Path, device: zcwasm.Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And rows are made a few at a time, in the middle of groups and experts."""
    expected = {}
    for family in MADE:
        model = Model.open(write(tmp_path / family, family, shards=2), device)
        expected[family] = (
            logits(model),
            {name: each.array() for name, each in model.weights.tensors.items()},
        )
    monkeypatch.setattr(making, "MOST_FILE", 60000)
    monkeypatch.setattr(making, "STEP", 1700)  # 6 rows of 64
    for family in MADE:
        seen: list[tuple[int, int]] = []
        before = matrices_made()
        model = Model.open(tmp_path / family, device, progress=lambda *each, seen=seen: seen.append(each))
        files = {each.file for each in model.weights.tensors.values()}
        assert max(files) - len(model.weights.paths) >= 2
        for name, each in model.weights.tensors.items():
            assert np.array_equal(each.array(), expected[family][1][name]), name
        assert np.array_equal(logits(model), expected[family][0])
        made = matrices_made() - before
        assert (made, made) in seen


def test_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "STEP", 4096)
    monkeypatch.setattr("zcwasm._models.weights._LEAST_STEP", 4096)
    path = write(tmp_path / "folder", "gpt2")
    seen: list[tuple[int, int]] = []
    open_on_cpu(path, progress=lambda done, total: seen.append((done, total)))
    (total,) = {total for _, total in seen}
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) > 10
    assert seen[-1] == (total, total)

    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    before = matrices_made()
    with pytest.raises(KeyboardInterrupt):
        open_on_cpu(path, progress=stop)
    assert matrices_made() == before  # of one file, which was not done
    open_on_cpu(write(tmp_path / "mapped", "llama"), progress=stop)


def test_a_bar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm", reason="progress=True needs tqdm")
    open_on_cpu(write(tmp_path / "folder", "gpt2"), progress=True)
    assert "matrices made: 100%" in capsys.readouterr().err


def test_what_does_not_fit_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "folder", "qwen3_moe")
    before = matrices_made()
    monkeypatch.setattr(_memory, "available", lambda: 100_000)
    with pytest.raises(zcwasm.ModelError, match=r"folder: tensor blk.0.ffn_.*442368 bytes, and 100000 bytes"):
        open_on_cpu(path)
    assert matrices_made() == before
    open_on_cpu(write(tmp_path / "mapped", "llama"), pack=False)


@pytest.mark.footprint
def test_opening_takes_what_is_made_and_no_more(tmp_path: Path) -> None:
    """The pages of the files that were read are let go."""
    tensors = {}
    for name, values in family_models.checkpoint("mixtral").items():
        shape = tuple({64: 1024, 96: 2048, 32: 512}.get(side, side) for side in values.shape)
        tensors[name] = Stored("BF16", shape, b"\x3c" * (2 * int(np.prod(shape))))
    config = family_models.config("mixtral") | {"hidden_size": 1024, "intermediate_size": 2048}
    config |= {"num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 64}
    path = family_models.write_folder(tmp_path, config, tensors)
    del tensors
    open_on_cpu(write(tmp_path / "small", "mixtral"), pack=False)
    before, made = resident_bytes(), matrices_made()
    model = open_on_cpu(path, pack=False)
    made, grown = matrices_made() - made, resident_bytes() - before
    print(f"{made:,} bytes made, {grown:,} more resident")
    assert made == 3 * 4 * 3 * 2 * 1024 * 2048
    assert model.weights.nbytes > 2 * made
    assert grown < made + (32 << 20)


def test_long_rows_are_refused() -> None:
    """Some rows at a time are made, and one row is the least."""
    for columns, fits in ((making.STEP // 2, True), (making.STEP // 2 + 1, False)):
        entry = Entry("w", "BF16", (columns, 1), 0)
        makings = making.Makings()
        made = making.Making("out", ("w",), making.Taken(transposed=True))
        if fits:
            makings.add(made, {"w": entry})
            continue
        with pytest.raises(zcwasm.ModelError, match="tensor w: out would have rows of 16777218 bytes"):
            makings.add(made, {"w": entry})


def test_a_folder_of_holes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may say that it is larger than most memories, and hold nothing."""
    free = _memory.available
    monkeypatch.setattr(_memory, "available", lambda: min(free(), 100 << 30))  # of large machines
    side = 1 << 20
    config = family_models.config("mixtral") | {"hidden_size": 4096, "intermediate_size": side}
    config |= {"num_hidden_layers": 1, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128}
    block = "model.layers.0.block_sparse_moe."
    shapes = {
        "model.embed_tokens.weight": [300, 4096],
        "lm_head.weight": [300, 4096],
        f"{block}gate.weight": [4, 4096],
    }
    for expert in range(4):
        for name, shape in {"w1": [side, 4096], "w2": [4096, side], "w3": [side, 4096]}.items():
            shapes[f"{block}experts.{expert}.{name}.weight"] = shape
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    assert at > 200e9
    folder = family_models.write_folder(tmp_path, config, {})
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        out.truncate(out.tell() + at)
    with pytest.raises(zcwasm.ModelError, match=r"bytes of memory are free: convert it to GGUF"):
        open_on_cpu(folder)


@pytest.mark.parametrize("family", ["gpt_neox", "qwen3_moe"])
def test_sessions_are_saved_and_forked(tmp_path: Path, family: str) -> None:
    path = write(tmp_path / "folder", family, kind="BF16")
    model = open_on_cpu(path)
    with model.session(context=64) as session:
        session.logits(IDS)
        (fork,) = session.fork(1)
        with fork:
            expected = np.array(fork.logits([*IDS, 3]))
        session.save(tmp_path / "saved")
    again = open_on_cpu(path)
    assert again.weights.sha256 == model.weights.sha256
    with again.load_session(tmp_path / "saved") as session:
        assert np.array_equal(session.logits([*IDS, 3]), expected)
    # Of other bytes.
    tensors = family_models.checkpoint(family)
    name = next(name for name in tensors if "query_key_value.weight" in name or "experts.1." in name)
    tensors[name] = -tensors[name]
    other = open_on_cpu(
        family_models.write_folder(tmp_path / "other", family_models.config(family), tensors, kind="BF16")
    )
    with pytest.raises(zcwasm.SnapshotError):
        other.load_session(tmp_path / "saved")


def test_the_digest_says_what_is_made_of_the_same_bytes(tmp_path: Path) -> None:
    """Eight heads of half the size make other rows of q."""
    tensors = {
        name: values * ("query_key_value.bias" not in name)  # which are made, too, and equal then
        for name, values in family_models.checkpoint("gpt_neox").items()
    }
    path = family_models.write_folder(tmp_path / "folder", family_models.config("gpt_neox"), tensors)
    first = open_on_cpu(path).weights.sha256
    edit(path, num_attention_heads=8)
    edit(path, rope_parameters={"partial_rotary_factor": 0.5, "rope_theta": 10000.0, "rope_type": "default"})
    second = open_on_cpu(path)
    assert second.weights.sha256 != first
    assert [tensor.shape for tensor in second.weights.tensors.values() if "attn_q.w" in tensor.name] == [
        (64, 64)
    ] * 3


# ---- hostile folders ----

Change = Callable[[dict[str, Any]], object]


def leave(tensors: dict[str, Any]) -> None:
    """For what config.json says alone."""


def put(name: str, shape: tuple[int, ...], kind: str = "F16") -> Change:
    return lambda tensors: tensors.update({name: stored(shape, kind)})


def stored(shape: tuple[int, ...], kind: str = "F16") -> Stored:
    size = {"F16": 2, "I32": 4, "F64": 8, "F8_E5M2": 1}[kind]
    return Stored(kind, shape, bytes(size * int(np.prod(shape))))


EXPERT = "model.layers.1.block_sparse_moe.experts.2.w3.weight"
C_ATTN, QKV = "transformer.h.1.attn.c_attn.weight", "gpt_neox.layers.1.attention.query_key_value.weight"
# Family, what is done to its tensors, what config.json says, and what is said to that.
DAMAGE: dict[str, tuple[str, Change, dict[str, Any], str]] = {
    "an expert is missing": (
        "mixtral",
        lambda t: t.pop(EXPERT),
        {},
        f"tensor {EXPERT} is missing (config.json has 4",
    ),
    "the last expert is missing": (
        "mixtral",
        leave,
        {"num_local_experts": 5},
        "experts.4.w1.weight is missing",
    ),
    "an expert too many": ("mixtral", leave, {"num_local_experts": 3}, "experts.3.w1.weight is not known"),
    "no expert": (
        "qwen3_moe",
        lambda t: [t.pop(name) for name in list(t) if ".1.mlp.experts." in name and "up_proj" in name],
        {},
        "blk.1.ffn_up_exps.weight is missing",
    ),
    "an expert twice": (
        "mixtral",
        lambda t: t.update({EXPERT.replace(".2.", ".02."): t[EXPERT]}),
        {},
        "experts.02.w3.weight is there under another name",
    ),
    "an expert of another shape": (
        "mixtral",
        put(EXPERT, (64, 96)),
        {},
        f"tensor {EXPERT} gives F16 (64, 96), {EXPERT.replace('s.2', 's.0')} F32 (96, 64)",
    ),
    "an expert of another type": ("mixtral", put(EXPERT, (96, 64)), {}, f"{EXPERT} gives F16"),
    "an expert of whole numbers": ("mixtral", put(EXPERT, (96, 64), "I32"), {}, "is I32"),
    "an expert with three sides": ("mixtral", put(EXPERT, (96, 64, 1)), {}, "must be a matrix"),
    "an expert that is a number": ("mixtral", put(EXPERT, ()), {}, "must be a matrix"),
    "an expert of nothing": ("mixtral", put(EXPERT, (0, 64)), {}, "gives F16 (0, 64)"),
    "experts by other names": (
        "qwen3_moe",
        put("model.layers.0.block_sparse_moe.experts.0.w1.weight", (3, 3)),
        {},
        "experts.0.w1.weight is not known",
    ),
    "a bias of an expert": ("mixtral", put(EXPERT.replace("weight", "bias"), (96,)), {}, "bias is not"),
    "very many experts": (
        "mixtral",
        leave,
        {"num_local_experts": 1 << 40},
        "num_local_experts is 1099511627776",
    ),
    "more than are routed": (
        "qwen3_moe",
        leave,
        {"num_local_experts": layouts.ZC_ROUTE_MAX_EXPERTS + 1},
        f"must be 1 to {layouts.ZC_ROUTE_MAX_EXPERTS}",
    ),
    "more used than there are": ("mixtral", leave, {"num_experts_per_tok": 5}, "num_experts_per_tok is 5"),
    "plain scores": ("qwen3_moe", leave, {"norm_topk_prob": False}, "norm_topk_prob is False"),
    "some layers without experts": ("qwen3_moe", leave, {"mlp_only_layers": [1]}, "mlp_only_layers is [1]"),
    "other columns": ("gpt2", put(C_ATTN, (64, 191)), {}, f"{C_ATTN} has the shape (64, 191)"),
    "not transposed": ("gpt2", put(C_ATTN, (192, 64)), {}, "has the shape (192, 64), must be 192"),
    "three sides": ("gpt2", put(C_ATTN, (1, 64, 192)), {}, "must be a matrix"),
    "doubles": ("gpt2", put(C_ATTN, (64, 192), "F64"), {}, f"{C_ATTN}: its type is F64"),
    "a number": ("gpt2", put(C_ATTN, ()), {}, "has the shape (1,), must be 192"),
    "fewer rows": ("gpt2", put(C_ATTN, (63, 192)), {}, "attn_q.weight is (64, 63), must be"),
    "a short bias": (
        "gpt2",
        put(C_ATTN.replace("weight", "bias"), (191,)),
        {},
        "c_attn.bias has the shape (191,)",
    ),
    "another activation": ("gpt2", leave, {"activation_function": "relu"}, "activation_function is 'relu'"),
    "scaled by layers": (
        "gpt2",
        leave,
        {"scale_attn_by_inverse_layer_idx": True},
        "inverse_layer_idx is True",
    ),
    "no heads": ("gpt2", leave, {"n_head": 0}, "n_head is 0, must be"),
    "heads that do not divide": ("gpt_neox", leave, {"num_attention_heads": 5}, "must be 180 for q, k and v"),
    "more heads than rows": ("gpt_neox", leave, {"num_attention_heads": 1 << 31}, "head_dim is None"),
    "rows of other heads": ("gpt_neox", put(QKV, (190, 64)), {}, f"{QKV} has the shape (190, 64)"),
    "a vector": ("gpt_neox", put(QKV, (192,)), {}, "attn_q.weight is (64), must be (64, 64)"),
    "FP8 of another kind": ("gpt_neox", put(QKV, (192, 64), "F8_E5M2"), {}, "is F8_E5M2"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damaged_folders(tmp_path: Path, what: str) -> None:
    family, change, said, words = DAMAGE[what]
    tensors: dict[str, Any] = family_models.checkpoint(family)
    change(tensors)
    path = family_models.write_folder(tmp_path / "folder", family_models.config(family) | said, tensors)
    with pytest.raises(zcwasm.ModelError) as caught:
        open_on_cpu(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


ODD: list[Any] = [
    0,
    1,
    2,
    3,
    7,
    64,
    192,
    -1,
    1 << 31,
    1 << 62,
    1 << 80,
    0.5,
    1e300,
    True,
    False,
    None,
    "",
    "relu",
]
ODD += [
    [],
    [1],
    {},
    {"rope_type": "yarn"},
    "F16",
    "I64",
    "F8_E4M3",
    [64, 64],
    [0, 1 << 40],
    [192, 64],
    [3, 2, 1, 1, 1],
]


def mutated(source: random.Random, value: Any) -> Any:
    """With another value somewhere in it, or without one, or with one twice under another name."""
    if isinstance(value, dict) and value and source.random() < 0.9:
        key = source.choice(list(value))
        what = source.random()
        if what < 0.7:
            return value | {key: mutated(source, value[key])}
        if what < 0.85:
            return {name: each for name, each in value.items() if name != key}
        other = "".join(source.choice("0123456789") if letter.isdigit() else letter for letter in key)
        return value | {other: value[key]}
    if isinstance(value, list) and value and source.random() < 0.8:
        at = source.randrange(len(value))
        return [*value[:at], mutated(source, value[at]), *value[at + 1 :]]
    if type(value) is int and source.random() < 0.6:
        return value + source.choice((-64, -4, -1, 1, 4, 64))
    return source.choice(ODD)


@pytest.mark.parametrize("family", [*MADE, "fp8"])
def test_any_folder_is_opened_or_refused(tmp_path: Path, family: str) -> None:
    """Whatever config.json, the index and the headers say: a model, or a ModelError; nothing else is raised,
    and no more is made than the folder holds."""
    source = random.Random(family)
    path = tmp_path / "folder"
    if family == "fp8":
        how: dict[str, Any] = {"suffix": "_scale_inv", "shape": "block", "block": (32, 48), "kind": "BF16"}
        tensors, _ = quantized(family_models.checkpoint("qwen3_moe"), **how)
        config = family_models.config("qwen3_moe") | {
            "quantization_config": fp8([32, 48]),
            "dtype": "float16",
        }
        family_models.write_folder(path, config, tensors, kind="BF16", shards=2)
    else:
        write(path, family, kind="BF16", shards=2)
    shards = sorted(path.glob("*.safetensors"))
    whole = {
        file: file.read_bytes()
        for file in [*shards, path / "config.json", path / "model.safetensors.index.json"]
    }
    size = sum(len(data) for data in whole.values())
    opened = refused = 0
    for _ in range(150):
        file = source.choice([*whole, path / "config.json"])
        data = whole[file]
        if file.suffix == ".json":
            file.write_bytes(json.dumps(mutated(source, json.loads(data))).encode())
        else:
            (length,) = struct.unpack("<Q", data[:8])
            header = json.dumps(mutated(source, json.loads(data[8 : 8 + length]))).encode()
            header += b" " * (-len(header) % 8)
            file.write_bytes(struct.pack("<Q", len(header)) + header + data[8 + length :])
        before = matrices_made()
        try:
            open_on_cpu(path, pack=False).close()
            opened += 1
        except zcwasm.ModelError as error:
            assert str(path) in str(error)  # noqa: PT017
            refused += 1
        assert matrices_made() - before <= (4 * size if family == "fp8" else size)
        file.write_bytes(data)
    print(f"{family}: {opened} opened, {refused} refused")
    assert opened
    assert refused
