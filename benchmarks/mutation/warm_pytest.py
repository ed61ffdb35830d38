"""Runs pytest again and again in copies of one warm process, which has loaded the libraries and none of the project.

    python -m benchmarks.mutation.warm_pytest TREE

Reads a line of JSON for each run, ``{"tests": [...], "seconds": 60}``, and answers with one: ``{"code": 1, "seconds":
2.5, "tail": "..."}``; the code is null where the time was up.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LIBRARIES = ("torch", "torchvision", "torch.fx", "torch.func", "networkx", "sklearn.metrics", "matplotlib", "pydantic")
LIBRARIES += ("jaxtyping", "jsonschema", "einops", "lightning_fabric", "safetensors.torch", "yaml", "rich", "typer")


def main() -> None:
    """Answer until the input ends."""
    tree = Path(sys.argv[1])
    sys.dont_write_bytecode = True
    for name in ("pytest", *LIBRARIES):
        importlib.import_module(name)
    sys.path[:] = [str(tree), *(entry for entry in sys.path if entry not in ("", os.getcwd()))]
    for name in [name for name in sys.modules if name.split(".")[0] in ("compose", "benchmarks", "tests")]:
        del sys.modules[name]
    os.chdir(tree)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_run(asked["tests"], asked["seconds"])), flush=True)


def _run(tests: list[str], seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryFile() as output:
        began, child = time.monotonic(), os.fork()
        if not child:
            _test(tests, output.fileno())
        code = _waited(child, began + seconds)
        output.seek(0)
        tail = output.read().decode(errors="replace")[-1500:]
    return {"code": code, "seconds": time.monotonic() - began, "tail": tail}


def _test(tests: list[str], output: int) -> None:
    """pytest in the child, which never returns."""
    import pytest

    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for stream in (1, 2):
        os.dup2(output, stream)
    code = 3
    try:
        code = int(pytest.main(["-q", "-x", "--tb=line", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]))
    finally:
        sys.stdout.flush()
        os._exit(code)


def _waited(child: int, until: float) -> int | None:
    """The child's exit code; None if it had to be killed, with all that it had started."""
    try:
        while time.monotonic() < until:
            found, status = os.waitpid(child, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
    except SystemExit:
        os.killpg(child, signal.SIGKILL)
        raise
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


if __name__ == "__main__":
    main()
