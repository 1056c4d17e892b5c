"""A C++ guest that computes while the device works: python examples/blend.py [DEVICE]"""

import sys
from pathlib import Path

import numpy as np

import zcwasm


def main(kind: str | None = None) -> None:
    device = zcwasm.Device(kind)
    guest = zcwasm.Instance(zcwasm.Module(Path(__file__).with_name("blend.wasm")), device=device)
    code = guest.exports.blend(0.25, 0.75)
    if code < 0:
        raise SystemExit(f"the guest failed with error {-code}")
    blended = guest.memory.array(guest.exports.result(), guest.exports.result_size(), np.float32)
    flying = guest.exports.in_flight()
    print(
        f"{blended.size} samples on {device}, mean {blended.mean():.4f}; up to {flying} submissions in flight"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
