"""A child process: forked, listened to, killed."""

from __future__ import annotations

import os
import select
import signal
import time
import traceback
from collections.abc import Callable
from typing import NamedTuple

from coach.errors import AttuneError


class Report(NamedTuple):
    """From when on a child did what, by the clock that all processes of the machine share."""

    at: float
    phase: str


class Child:
    """A process made by `fork`, so that it need not read the libraries in; it loads its own models.

    The parent must not have loaded any: their threads do not live on in a child.
    """

    def __init__(self, work: Callable[[int], None]) -> None:
        """`work` gets the end of a pipe to report over, and the process ends with it."""
        self._read, write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._read)
            _work(work, write)
        os.close(write)
        self._rest = b""

    def report(self, within: float) -> Report | None:
        """The next report; None once the child has ended.

        Raises:
            AttuneError: when nothing comes in this many seconds. The child is killed then.
        """
        until = time.monotonic() + within
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                self.kill()
                raise AttuneError(f"The child did nothing for {within:g} seconds.")
            piece = os.read(self._read, 65536)
            if not piece:
                return None
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        at, _, phase = line.decode().partition(" ")
        return Report(float(at), phase)

    def kill(self) -> list[Report]:
        """End it without a chance to tidy up; what it had still said."""
        os.kill(self.pid, signal.SIGKILL)
        return self.ended()[1]

    def ended(self, within: float = 60.0) -> tuple[int, list[Report]]:
        """Wait for the end; the exit code and what was still said."""
        left = []
        while report := self.report(within):
            left.append(report)
        _, status = os.waitpid(self.pid, 0)
        os.close(self._read)
        return os.waitstatus_to_exitcode(status), left


def _work(work: Callable[[int], None], pipe: int) -> None:
    code = 1
    try:
        work(pipe)
        code = 0
    except BrokenPipeError:
        pass  # the parent has gone
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


__all__ = ["Child", "Report"]
