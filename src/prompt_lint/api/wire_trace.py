"""What became of a request on the wire: whom it connected to, and whether it left this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    # Gets the host that a request has been sent to.
    RecordSent = Callable[[str], None]


class WireTrace:
    """Listens to the HTTP library while it sends one request (the extension `trace` of httpcore2).

    `peer` is the name and the port of the machine that was connected to, a proxy or the server; None where there was a
    connection already. `record_sent` is called once, when the head of the request has been written to the server.
    """

    def __init__(self, host: str, record_sent: RecordSent | None) -> None:
        self.peer: tuple[str, int] | None = None
        self.is_sent = False
        self._host = host
        self._record_sent = record_sent
        self._is_for_proxy = False

    def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        step = event.partition(".")[2]
        if step == "connect_tcp.started":
            self.peer = str(info["host"]), int(info["port"])
        elif step == "send_request_headers.started":
            self._is_for_proxy = info["request"].method == b"CONNECT"
        elif step == "send_request_headers.complete" and not self._is_for_proxy and not self.is_sent:
            self.is_sent = True
            if self._record_sent:
                self._record_sent(self._host)
