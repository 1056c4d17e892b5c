"""Tool calls: soon."""

from __future__ import annotations

from typing import Any


class Speech:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.text = ""

    def add(self, text: str) -> str:
        self.text += text
        return ""

    def end(self) -> tuple[str, list[dict[str, Any]]]:
        return self.reader.read(self.text)


class Reader:
    constraint: Any = None
    options: Any = None

    def read(self, text: str) -> tuple[str, list[dict[str, Any]]]:
        return text, []

    def begin(self) -> Speech:
        return Speech(self)


def reader(model: Any, asked: Any) -> Reader:
    return Reader()
