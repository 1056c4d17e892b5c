"""How much memory is taken to be free, and that a model opens where there is none for a packed copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny_model

import zcwasm
from zcwasm.llm import Model, _memory

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

GIB = 1 << 30


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in {
        "proc/meminfo": f"MemTotal: {32 << 20} kB\nMemAvailable: {16 << 20} kB\n",
        **files,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def v2(group: str, limit: str, used: int, files: int = 0, shared: int = 0) -> dict[str, str]:
    at = f"sys/fs/cgroup{group}"
    stat = f"anon 5\nfile {files}\nshmem {shared}\n"
    return {f"{at}/memory.max": limit, f"{at}/memory.current": f"{used}\n", f"{at}/memory.stat": stat}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 16 * GIB),
        ({"proc/self/cgroup": "0::/a/b\n", **v2("/a/b", "max\n", GIB)}, 16 * GIB),
        ({"proc/self/cgroup": "0::/a/b\n", **v2("/a/b", f"{4 * GIB}\n", GIB)}, 3 * GIB),
        # What caches files is free, what is shared memory is not.
        ({"proc/self/cgroup": "0::/a\n", **v2("/a", f"{4 * GIB}\n", 3 * GIB, 2 * GIB, GIB)}, 2 * GIB),
        # A group around it; and a container's, whose path is the host's.
        ({"proc/self/cgroup": "0::/a/b\n", **v2("/a", f"{4 * GIB}\n", 0), **v2("/a/b", "max\n", 0)}, 4 * GIB),
        ({"proc/self/cgroup": "0::/pod/7\n", **v2("", f"{2 * GIB}\n", 0)}, 2 * GIB),
        ({"proc/self/cgroup": "0::/\n", **v2("", f"{2 * GIB}\n", 3 * GIB)}, 0),
        (
            {
                "proc/self/cgroup": "5:cpu:/x\n4:memory:/x\n0::/\n",
                "sys/fs/cgroup/memory/x/memory.limit_in_bytes": f"{4 * GIB}\n",
                "sys/fs/cgroup/memory/x/memory.usage_in_bytes": f"{2 * GIB}\n",
                "sys/fs/cgroup/memory/x/memory.stat": f"cache 1\ntotal_cache {GIB}\ntotal_shmem 0\n",
            },
            3 * GIB,
        ),
        ({"proc/self/cgroup": "nonsense\n", **v2("", "much\n", 0)}, 16 * GIB),
    ],
)
def test_available(tmp_path: Path, files: dict[str, str], expected: int) -> None:
    assert _memory.available(tree(tmp_path, files)) == expected


def test_available_without_a_table(tmp_path: Path) -> None:
    assert _memory.available(tmp_path) > 0


def test_models_open_without_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.gguf"
    tiny_model.write(path, kind="Q4_0")
    device, asked = zcwasm.Device("cpu"), []

    def pack(*given: Any) -> None:
        asked.append(given)
        raise MemoryError("none left")

    monkeypatch.setattr(zcwasm.Weights, "pack", pack)
    with Model.open(path, device):
        assert len(asked) == 1
    with pytest.raises(MemoryError, match="none left"):
        Model.open(path, device, pack=True)
    monkeypatch.setattr(_memory, "available", lambda: 2 * path.stat().st_size - 1)
    with Model.open(path, device):
        assert len(asked) == 2
