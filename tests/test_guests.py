"""The committed guests are what their sources give, and the demo's guest checks what it says it checks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import zcwasm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "buildtools"))
spec = importlib.util.spec_from_file_location("guests", ROOT / "buildtools" / "guests.py")
assert spec is not None
assert spec.loader is not None
guests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(guests)

DEMO = Path(zcwasm.__file__).parent / "guests" / "demo.wasm"


@pytest.mark.slow
@pytest.mark.parametrize("source", guests.sources(), ids=lambda source: source.name)
def test_committed_guest_is_what_its_source_gives(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LD_PRELOAD", raising=False)  # a sanitizer here is none of the compilers'
    try:
        guests.require_compiler(source)
    except guests.MissingCompiler as error:
        pytest.skip(str(error))
    for target in guests.forms(source):
        committed = target.read_bytes()
        run = f"run python buildtools/guests.py {source.relative_to(ROOT)}"
        assert guests.build(source, target) == committed, run


def test_no_guest_without_a_source() -> None:
    built = {target for source in guests.sources() for target in guests.forms(source)}
    committed = {path for folder in guests.FOLDERS for path in (ROOT / folder).glob("*.wasm")}
    assert committed == built


def test_what_is_made_for_python_is_what_its_sources_give() -> None:
    for path, text in guests.layouts.made().items():
        assert path.read_text("utf-8") == text, "run python buildtools/guests.py"


def test_a_struct_is_laid_out_as_c_does(tmp_path: Path) -> None:
    header = tmp_path / "some.h"
    header.write_text(
        "#define MOST (1 << 4)\n"
        "typedef struct inner { float a; uint64_t b, c[2]; char d; } inner;\n"
        "struct outer { char a[3]; inner b; /* not; this */ uint32_t c; };\n"
    )
    layouts = guests.layouts
    inner, outer = layouts.structs(header)
    assert [(name, offset) for name, _, offset in inner.fields] == [("a", 0), ("b", 8), ("c", 16), ("d", 32)]
    assert (inner.size, inner.alignment) == (40, 8)
    assert outer.fields == [("a", '("u1", (3,))', 0), ("b", "INNER", 8), ("c", '"<u4"', 48)]
    assert outer.size == 56
    assert layouts.constants(header) == [("MOST", "16")]
    for wrong in ("struct s { short a; };", "struct s { uint32_t a : 3; };", "struct s { uint32_t *a; };"):
        header.write_text(wrong)
        with pytest.raises(layouts.LayoutError):
            layouts.structs(header)
    header.write_text("#define SOME other\n")
    with pytest.raises(layouts.LayoutError, match="SOME"):
        layouts.constants(header)


class TestDemo:
    n = 37

    @pytest.fixture
    def guest(self) -> zcwasm.Instance:
        guest = zcwasm.Instance(zcwasm.Module(DEMO))
        assert guest.exports.setup(self.n) == 1
        assert guest.exports.fill(self.n) == 1
        return guest

    def matrices(self, guest: zcwasm.Instance) -> list[np.ndarray]:
        shape = (self.n, self.n)
        return [guest.memory.array(guest.exports[name](), shape, np.float32) for name in "abc"]

    def test_matrices_are_aligned_and_apart(self, guest: zcwasm.Instance) -> None:
        pointers = [guest.exports[name]() for name in "abc"]
        assert all(pointer % 64 == 0 for pointer in pointers)
        assert np.diff(pointers).min() >= self.n * self.n * 4

    def test_untouched_result_is_wrong_everywhere(self, guest: zcwasm.Instance) -> None:
        assert guest.exports.verify(self.n) == self.n * self.n

    def test_true_product_has_no_errors(self, guest: zcwasm.Instance) -> None:
        a, b, c = self.matrices(guest)
        assert len(np.unique(a)) == len(np.unique(b)) == 13
        c[:] = a.astype(np.int64) @ b.astype(np.int64)
        assert guest.exports.verify(self.n) == 0

    @pytest.mark.parametrize("wrong", ["element", "order", "missing", "rows", "nan"])
    def test_wrong_products_are_found(self, guest: zcwasm.Instance, wrong: str) -> None:
        a, b, c = self.matrices(guest)
        c[:] = a @ b
        before = guest.exports.checksum(self.n)
        if wrong == "element":
            c[3, 5] += 1
        elif wrong == "order":
            c[:] = b @ a
        elif wrong == "missing":
            c[:] = a[:, :-1] @ b[:-1]
        elif wrong == "rows":
            c[:] = c[::-1].copy()
        else:
            c[:] = np.nan
        errors = guest.exports.verify(self.n)
        assert errors == 1 if wrong == "element" else errors > self.n
        assert guest.exports.checksum(self.n) != before

    def test_sizes_that_do_not_fit(self, guest: zcwasm.Instance) -> None:
        exports = guest.exports
        for n in (0, -1, 18919, 2**31 - 1):
            assert exports.setup(n) == 0
            assert exports.fill(n) == 0
            assert exports.verify(n) == -1
            assert exports.checksum(n) == 0

    def test_memory_limit_is_an_answer_not_a_trap(self) -> None:
        limits = zcwasm.Limits(memory=1 << 20)
        guest = zcwasm.Instance(zcwasm.Module(DEMO), limits=limits)
        assert guest.exports.setup(512) == 0
        assert guest.exports.setup(64) == 1
