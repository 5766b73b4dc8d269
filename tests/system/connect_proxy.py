"""A CONNECT proxy that leads every host to one port of this machine.

It is how a client whose service's address is a constant is pointed elsewhere by its environment alone
(``HTTPS_PROXY``, with the certificate of that name in ``REQUESTS_CA_BUNDLE``).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer


@contextmanager
def proxy_to(port: int) -> Iterator[str]:
    """The URL of a proxy to a port, while it is open."""

    class Tunnel(StreamRequestHandler):
        def handle(self) -> None:
            assert self.rfile.readline().startswith(b"CONNECT ")
            while self.rfile.readline().strip():
                pass
            with socket.create_connection(("127.0.0.1", port)) as there:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pass_on, args=(there, self.connection), daemon=True)
                back.start()
                pass_on(self.connection, there)
                back.join()

    with ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def pass_on(source: socket.socket, target: socket.socket) -> None:
    """Bytes from one to the other until there are no more."""
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
