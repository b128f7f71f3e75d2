"""A wire to a server that can be cut and mended: it passes on what goes between a client and PostgreSQL."""

from __future__ import annotations

import contextlib
import socket
import threading


class Forwarder:
    """Listens on a free port and passes everything on, until it is stopped; it can be started again there."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port = 0
        self.deaf = False
        """While set, connections are taken and nothing is ever answered on them."""
        self.cut_after: bytes | None = None
        """Once a client has said this, the server still hears its next COMMIT, and the client hears nothing of that."""
        self.start()

    def start(self) -> None:
        """Listen, from the second time on at the port of before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._thread(self._accept, self._listener)

    def stop(self) -> None:
        """Cut every connection and listen no more."""
        self._shut([self._listener, *self._open])
        for thread in self._threads:
            thread.join(10)
        self._open, self._threads = [], []

    def _thread(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                self._open.append(client)
                if self.deaf:
                    continue
                server = socket.create_connection(self._server)
                self._open.append(server)
                self._thread(self._pass, client, server, True)
                self._thread(self._pass, server, client, False)

    def _pass(self, there: socket.socket, to: socket.socket, spoken: bool) -> None:
        said_it = False
        with contextlib.suppress(OSError):
            while said := there.recv(65536):
                said_it |= bool(spoken and self.cut_after and self.cut_after in said)
                if said_it and b"COMMIT" in said:
                    self._shut([there])
                    to.sendall(said)
                    return
                to.sendall(said)
        self._shut([there, to])

    def _shut(self, sockets: list[socket.socket]) -> None:
        with self._lock:
            for one in sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
