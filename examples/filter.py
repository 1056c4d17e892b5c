"""A guest with two forms, of which the engine decides: python examples/filter.py [ENGINE]"""

import sys
from pathlib import Path

import numpy as np

import zcwasm

SAMPLES, TAPS = 1 << 16, 32
HERE = Path(__file__).parent


def load(engine: zcwasm.EngineKind) -> zcwasm.Instance:
    """With SIMD, where the engine has it."""
    (info,) = [each for each in zcwasm.engines() if each.name == engine]
    form = "filter_simd.wasm" if "SIMD" in info.features else "filter.wasm"
    return zcwasm.Instance(zcwasm.Module(HERE / form), engine=engine)


def arrays(guest: zcwasm.Instance) -> "tuple[np.ndarray, np.ndarray, np.ndarray]":
    """The guest's input, coefficients and output, where they lie."""
    exports, memory = guest.exports, guest.memory
    return (
        memory.array(exports.input_at(), SAMPLES + TAPS, np.float32),
        memory.array(exports.taps_at(), TAPS, np.float32),
        memory.array(exports.output_at(), SAMPLES, np.float32),
    )


def main(engine: str | None = None) -> None:
    here = [each.name for each in zcwasm.engines() if each.available]
    found = {}
    for name in [each for each in here if engine in (None, each)]:
        guest = load(name)
        signal, taps, out = arrays(guest)
        signal[:] = np.sin(np.arange(SAMPLES + TAPS) / 7)
        taps[:] = np.hanning(TAPS) / TAPS
        guest.exports.filter(SAMPLES)
        found[name] = out.tobytes()
        form = "with SIMD" if guest.exports.has_simd() else "without SIMD"
        print(f"{name}, {form}: energy {guest.exports.energy(SAMPLES):.3f}")
    if len(set(found.values())) > 1:
        raise SystemExit("the forms differ")


if __name__ == "__main__":
    main(*sys.argv[1:])
