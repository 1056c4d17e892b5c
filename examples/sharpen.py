"""A pipeline of six kernels that a guest records once: python examples/sharpen.py [WIDTH HEIGHT] [DEVICE]"""

import struct
import sys
import time
from pathlib import Path

import numpy as np

import zcwasm


def main(width: int = 640, height: int = 360, kind: str | None = None) -> None:
    y, x = np.mgrid[0:height, 0:width]
    image = ((x // 40 + y // 40) % 2).astype("<f4")
    device = zcwasm.Device(kind)
    guest = zcwasm.Instance(
        zcwasm.Module(Path(__file__).with_name("sharpen.wasm")),
        device=device,
        inputs={"image": struct.pack("<II", width, height) + image.tobytes()},
    )
    code = guest.exports.init(0.5, 0.9, 0.05)
    if code < 0:
        raise SystemExit(f"the guest failed with error {-code}")
    start = time.perf_counter()
    for strength in np.linspace(0, 2, 20):
        guest.exports.frame(strength)
    seconds = (time.perf_counter() - start) / 20
    guest.exports.write()
    sharp = np.frombuffer(guest.outputs["sharpened"], "<f4").reshape(height, width)
    print(
        f"{width} x {height} on {device}: {seconds * 1e3:.2f} ms a frame, "
        f"from {sharp.min():.2f} to {sharp.max():.2f}"
    )


if __name__ == "__main__":
    main(*[int(word) if word.isdigit() else word for word in sys.argv[1:]])
