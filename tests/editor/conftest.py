"""A yaml-language-server on stdio, and specs opened in it with the published schema."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from compose.registry.registry import registry
from compose.spec.schema.publish import schema_text

VERSION = "1.25.0"
BINARY = "node_modules/yaml-language-server/bin/yaml-language-server"
PATIENCE = 60  # seconds for one answer


class Server:
    """A JSON-RPC client: requests that wait for their answer, and the diagnostics that the server publishes."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self.folder, self.count, self.inbox = folder, 0, queue.Queue[dict[str, Any] | None]()
        self.diagnostics: dict[str, list[dict[str, Any]]] = {}
        threading.Thread(target=self._listen, daemon=True).start()
        markdown = {"completionItem": {"documentationFormat": ["markdown"]}}
        capabilities = {"textDocument": {"completion": markdown}, "workspace": {"configuration": True}}
        self.request("initialize", processId=None, rootUri=folder.as_uri(), capabilities=capabilities)
        self.notify("initialized")

    def request(self, method: str, **params: Any) -> Any:
        self.count += 1
        ticket = self.count
        self._send({"id": ticket, "method": method, "params": params})
        return self._wait(lambda message: message.get("id") == ticket and "method" not in message)["result"]

    def notify(self, method: str, **params: Any) -> None:
        self.count += 1
        self._send({"method": method, "params": params})

    def published(self, uri: str) -> list[dict[str, Any]]:
        """The diagnostics of a document."""
        if uri not in self.diagnostics:
            self._wait(lambda _: uri in self.diagnostics)
        return self.diagnostics[uri]

    def close(self) -> None:
        self.request("shutdown")
        self.notify("exit")
        self.process.wait(10)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            while stream.readline().strip():
                pass
            self.inbox.put(json.loads(stream.read(int(header.split(b":")[1]))))
        self.inbox.put(None)

    def _wait(self, wanted: Any) -> dict[str, Any]:
        while True:
            message = self.inbox.get(timeout=PATIENCE)
            assert message is not None, "the language server has ended"
            match message.get("method"):
                case "workspace/configuration":
                    self._send(
                        {
                            "id": message["id"],
                            "result": [SETTINGS.get(i["section"]) for i in message["params"]["items"]],
                        }
                    )
                case "textDocument/publishDiagnostics":
                    found = message["params"]
                    self.diagnostics[found["uri"]] = found["diagnostics"]
                case str() if "id" in message:
                    self._send({"id": message["id"], "result": None})
            if wanted(message):
                return message


SETTINGS = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}


class Editor:
    """Specs in an editor, each text a new document beside the schema; ``|`` in a text marks the cursor."""

    def __init__(self, server: Server) -> None:
        self.server, self.uri = server, ""

    def open(self, text: str) -> tuple[int, int]:
        """Show this text, and return line and column of its cursor."""
        before, _, after = text.partition("|")
        self.uri = (self.server.folder / "zoo" / f"{self.server.count}.yaml").as_uri()
        text = f"# yaml-language-server: $schema=../specs/spec.schema.json\n{before}{after}"
        document = {"uri": self.uri, "languageId": "yaml", "version": 1, "text": text}
        self.server.notify("textDocument/didOpen", textDocument=document)
        return before.count("\n") + 1, len(before) - before.rfind("\n") - 1

    def marks(self, text: str) -> list[tuple[str, str]]:
        """What is marked as wrong in a text: the words marked, and the message."""
        self.open(text)
        lines = ["", *text.splitlines()]
        found = self.server.published(self.uri)
        return [(_span(lines, item["range"]), item["message"]) for item in found]

    def completions(self, text: str) -> dict[str, dict[str, Any]]:
        """What is offered at the cursor, by label."""
        line, column = self.open(text)
        answer = self.server.request("textDocument/completion", **self._at(line, column))
        return {item["label"]: item for item in answer["items"]}

    def hover(self, text: str) -> str:
        """What is shown at the cursor, without Markdown's escapes."""
        line, column = self.open(text)
        answer = self.server.request("textDocument/hover", **self._at(line, column))
        return answer["contents"]["value"].replace("\\", "") if answer else ""

    def _at(self, line: int, column: int) -> dict[str, Any]:
        return {"textDocument": {"uri": self.uri}, "position": {"line": line, "character": column}}


def _span(lines: list[str], span: dict[str, Any]) -> str:
    start, end = span["start"], span["end"]
    stop = end["character"] if end["line"] == start["line"] else None
    return lines[start["line"]][start["character"] : stop]


def _installed(npm: str, home: Path) -> Path:
    """The folder of the server in pytest's cache; installed there by the first test run that needs it."""
    target = home / VERSION
    if not target.exists():
        stage = Path(tempfile.mkdtemp(dir=home))
        options = ["--no-audit", "--no-fund", "--fetch-retries=1", "--prefix", str(stage)]
        command = [npm, "install", *options, f"yaml-language-server@{VERSION}"]
        try:
            subprocess.run(command, capture_output=True, timeout=180, check=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            shutil.rmtree(stage, ignore_errors=True)
            pytest.skip("npm cannot install yaml-language-server here")
        with suppress(OSError):  # a test run beside this one was first
            stage.rename(target)
    return target


@pytest.fixture(scope="session")
def language_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server, in a project that has the published schema."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("needs Node and npm")
    binary = _installed(npm, request.config.cache.mkdir("yaml-language-server")) / BINARY
    folder = tmp_path_factory.mktemp("project")
    (folder / "zoo").mkdir()
    (folder / "specs").mkdir()
    (folder / "specs" / "spec.schema.json").write_text(schema_text(registry()), encoding="utf-8")
    server = Server([node, str(binary), "--stdio"], folder)
    yield server
    server.close()


@pytest.fixture
def editor(language_server: Server) -> Editor:
    """An editor in a project that has the published schema."""
    return Editor(language_server)
