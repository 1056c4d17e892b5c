"""A server on the loopback that answers huggingface_hub as the hub does, as far as zcwasm asks: lists of
files, and files, with hashes and ranges. It can be told to fail."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Repository:
    files: dict[str, bytes]
    commit: str = "a" * 40
    large: set[str] = field(default_factory=set)  # in LFS
    status: int = 200
    code: str = ""  # X-Error-Code
    wrong: set[str] = field(default_factory=set)  # files of which other bytes come
    cut: set[str] = field(default_factory=set)  # files whose first answer ends in the middle


class Hub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, Repository] = {}
        self.requests: list[tuple[str, str, str]] = []  # method, path, range
        self.tokens: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def downloads(self) -> list[str]:
        """Files of which bytes were asked for, in order."""
        return [
            path.split("/resolve/")[1].split("/", 1)[1]
            for how, path, _ in self.requests
            if how == "GET" and "/resolve/" in path
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        self.server.requests.append((self.command, path, self.headers.get("Range", "")))
        self.server.tokens.append(self.headers.get("Authorization", ""))
        words = path.strip("/").split("/")
        api = words[:2] == ["api", "models"]
        name = "/".join(words[2:4] if api else words[:2])
        repository = self.server.repositories.get(name)
        if repository is None:
            return self.send(401, b"", {"X-Error-Code": "RepoNotFound", "X-Error-Message": "not found"})
        if repository.status != 200:
            return self.send(
                repository.status, b"", {"X-Error-Code": repository.code, "X-Error-Message": "no"}
            )
        revision = words[5] if api and words[4:5] == ["revision"] else words[3] if not api else "main"
        if revision not in ("main", repository.commit):
            return self.send(
                404, b"", {"X-Error-Code": "RevisionNotFound", "X-Error-Message": "no such revision"}
            )
        if api:
            found = {
                "id": name,
                "sha": repository.commit,
                "siblings": self.siblings(repository, "blobs" in parse_qs(url.query)),
            }
            return self.send(200, json.dumps(found).encode(), {"Content-Type": "application/json"})
        return self.file(repository, "/".join(words[4:]))

    @staticmethod
    def siblings(repository: Repository, blobs: bool) -> list[dict[str, Any]]:
        found = []
        for file, data in repository.files.items():
            entry: dict[str, Any] = {"rfilename": file}
            if blobs:
                entry |= {"size": len(data), "blobId": git_sha1(data)}
                if file in repository.large:
                    entry["lfs"] = {
                        "sha256": hashlib.sha256(data).hexdigest(),
                        "size": len(data),
                        "pointerSize": 134,
                    }
            found.append(entry)
        return found

    def file(self, repository: Repository, file: str) -> None:
        data = repository.files.get(file)
        if data is None:
            return self.send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Error-Message": "no such file"})
        large = file in repository.large
        tag = hashlib.sha256(data).hexdigest() if large else git_sha1(data)
        headers = {"ETag": f'"{tag}"', "X-Repo-Commit": repository.commit, "Accept-Ranges": "bytes"}
        if large:
            headers |= {"X-Linked-Etag": f'"{tag}"', "X-Linked-Size": str(len(data))}
        if file in repository.wrong:
            data = data[:-1] + bytes([data[-1] ^ 1])
        begin, status = 0, 200
        if self.headers.get("Range"):
            begin, status = int(self.headers["Range"].removeprefix("bytes=").rstrip("-").split("-")[0]), 206
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        if self.command == "GET" and file in repository.cut:
            repository.cut.discard(file)
            self.send(status, data[begin:], headers, (len(data) - begin) // 2)
            self.close_connection = True
            return None
        return self.send(status, data[begin:], headers)

    def send(self, status: int, body: bytes, headers: dict[str, str], only: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body if only is None else body[:only])


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
