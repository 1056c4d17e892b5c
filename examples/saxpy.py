"""A guest in Rust: python examples/saxpy.py [DEVICE]"""

import sys
from pathlib import Path

import numpy as np

import zcwasm


def main(kind: str | None = None) -> None:
    device = zcwasm.Device(kind)
    guest = zcwasm.Instance(zcwasm.Module(Path(__file__).with_name("saxpy.wasm")), device=device)
    code = guest.exports.saxpy(2.5)
    if code < 0:
        raise SystemExit(f"the guest failed with error {-code}")
    print(guest.memory.array(guest.exports.y(), 1000, np.float32)[:8], "...")


if __name__ == "__main__":
    main(*sys.argv[1:])
