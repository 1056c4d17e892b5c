"""The letters that stand for bytes in byte-level vocabularies."""


def letters() -> list[str]:
    """GPT-2's stand-ins of the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = iter(range(256, 512))
    return [chr(byte if byte in plain else next(rest)) for byte in range(256)]
