"""What code of the user's may do to the program, and what is Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from compose.registry.user_code import at_work, exception_text, is_mistake
from compose.training.interrupt import Interrupt


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """Also where the tests were started in the background, whose processes ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def raised(act: object) -> BaseException:
    """What a function raises."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        act()  # type: ignore[operator]
    return caught.value


def stop() -> None:
    """Ctrl-C, and something to do until it comes."""
    os.kill(os.getpid(), signal.SIGINT)
    while True:
        pass


def test_ctrl_c_is_no_mistake() -> None:
    assert not is_mistake(raised(stop))


def test_ctrl_c_while_training_is_no_mistake() -> None:
    with Interrupt() as interrupt, interrupt.at_once():
        assert not is_mistake(raised(stop))


def test_what_a_statement_raises_is_a_mistake() -> None:
    def act() -> None:
        raise KeyboardInterrupt

    assert is_mistake(raised(act))
    assert is_mistake(raised(lambda: sys.exit(3)))


def test_the_program_does_not_end() -> None:
    with at_work():
        error = raised(lambda: os._exit(3))
    assert (exception_text(error), os._exit.__module__) == ("it ends the program", "posix")


def test_another_process_ends_as_it_likes() -> None:
    code = (
        "import os, sys\n"
        "from compose.registry.user_code import at_work\n"
        "with at_work():\n"
        "    child = os.fork()\n"
        "    if not child: os._exit(7)\n"
        "    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "7\n")
