"""Types of weights that Python and documents repeat are those of C, and of the files' own makers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from zcwasm._core import _weight_types
from zcwasm._models import gguf as reader

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "buildtools"))

import headers  # noqa: E402

HEADER = dict(headers.enums("zcwasm_kernels.h"))
NAMES = [name for name, _, _, _ in _weight_types]
IN_GGUF = [(name, block, size, number) for name, block, size, number in _weight_types if number is not None]


def test_types_of_weights_are_those_that_guests_read() -> None:
    assert [HEADER[f"ZC_WEIGHT_{name}"] for name in NAMES] == list(range(HEADER["ZC_WEIGHT_TYPE_COUNT"]))


@pytest.mark.parametrize("row", IN_GGUF, ids=[row[0] for row in IN_GGUF])
def test_types_of_weights_are_those_of_gguf(row: tuple[str, int, int, int]) -> None:
    gguf = pytest.importorskip("gguf", reason="gguf is not installed")
    name, block, size, number = row
    kind, blocks = gguf.GGMLQuantizationType[name], 2 if name == "MXFP4" else 1
    of_block, bytes_of_block = gguf.GGML_QUANT_SIZES[kind]
    assert (int(kind), blocks * of_block, blocks * bytes_of_block) == (number, block, size)


def test_the_reader_of_gguf_names_each_type_once() -> None:
    gguf = pytest.importorskip("gguf", reason="gguf is not installed")
    assert set(reader.SUPPORTED) == {row[0] for row in IN_GGUF}
    for number, name in reader._TENSOR_TYPES.items():
        assert int(gguf.GGMLQuantizationType[name]) == number
    assert len(set(reader._TENSOR_TYPES.values())) == len(reader._TENSOR_TYPES)


@pytest.mark.parametrize("name", ["weights.md", "llm.md"])
def test_documents_list_the_types_of_weights(name: str) -> None:
    (page,) = (ROOT / "docs").rglob(name)
    assert ", ".join(NAMES) in page.read_text("utf-8")
