"""A guest that fills, multiplies and checks matrices by itself: python examples/gemm.py [SIZE] [DEVICE]"""

import sys
import time
from pathlib import Path

import zcwasm


def main(size: int = 512, kind: str | None = None) -> None:
    device = zcwasm.Device(kind)
    guest = zcwasm.Instance(zcwasm.Module(Path(__file__).with_name("gemm.wasm")), device=device)
    wrong = guest.exports.run(size)
    if wrong < 0:
        raise SystemExit(f"the guest failed with error {-wrong}")
    start = time.perf_counter()
    guest.exports.multiply()
    seconds = time.perf_counter() - start
    print(f"{size} x {size} on {device}: {wrong} wrong elements, {2 * size**3 / seconds / 1e9:.1f} GFLOP/s")


if __name__ == "__main__":
    main(*[int(word) if word.isdigit() else word for word in sys.argv[1:]])
