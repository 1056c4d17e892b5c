"""The inspect.Signature of a guest's function, which the core asks for when someone looks."""

from __future__ import annotations

from inspect import Parameter, Signature


def of(params: tuple[str, ...], results: tuple[str, ...]) -> Signature:
    """Of parameters and results of the value types "i32", "i64", "f32" and "f64"."""
    types = [float if kind.startswith("f") else int for kind in results]
    result = None if not types else types[0] if len(types) == 1 else tuple[tuple(types)]  # type: ignore[misc]
    return Signature(
        [
            Parameter(
                f"{kind}_{place}",
                Parameter.POSITIONAL_ONLY,
                annotation=float if kind.startswith("f") else int,
            )
            for place, kind in enumerate(params)
        ],
        return_annotation=result,
    )
