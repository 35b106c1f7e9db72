"""A KiriminAja that costs the measured process nothing: ``python -m tests.bench.provider SECONDS`` prints its port.

Every payment is there and unpaid; an answer has the size of a real one and comes after so many seconds.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

from tests.core.making import qr_for

AMOUNT = 65_000


class _Door(asyncio.Protocol):
    """One connection, kept open; one request after the other."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, rest = self._read.partition(b"\r\n\r\n")
            fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
            length = int(fields.get(b"content-length", b"0"))
            if len(rest) < length:
                return
            self._read = rest[length:]
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, answer(rest[:length]))


def answer(question: bytes) -> bytes:
    """What Express says of the payment that is asked for, some two thousand bytes long."""
    package = {"order_id": "OID-0001", "awb": None, "service": "jne", "service_name": "REG23", "status": 1}
    address = {
        "name": "A. Buyer",
        "address": "Jl. Mawar 1, Sleman",
        "phone": "0",
        "kecamatan": "Depok",
        "zip": "55281",
    }
    payment = {
        "payment_id": json.loads(question)["payment_id"], "status_code": 9, "method": "03", "amount": AMOUNT,
        "status": "Billing siap dibayar", "qr_content": qr_for(AMOUNT), "pay_time": "20260101100000",
        "created_at": "2026-01-01 10:00:00", "paid_at": None,
        "packages": [package | {"origin": address, "destination": address} for _ in range(4)],
    }  # fmt: skip
    body = json.dumps({"status": True, "text": "Success", "method": "POST", "data": payment}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@contextlib.contextmanager
def provider(latency: float) -> Iterator[str]:
    """Its base URL, while it lives in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.provider", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


async def _serve(latency: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Door(latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
