"""The file of snapshots and zc_crc32c in C, below Python: tests/c/test_snapshot.c says what is tested."""

from __future__ import annotations

import os
from pathlib import Path

import c_programs
from c_programs import sources


def test_snapshot_layer(tmp_path: Path) -> None:
    files = [path for path in sources.in_folders("base", "region", "snapshot") if path.stem != "zc_alloc"]
    program = c_programs.build("test_snapshot", tmp_path, files, sanitize=os.environ.get("ZCWASM_SANITIZE"))
    assert c_programs.run(program, tmp_path) == "ok\n"
