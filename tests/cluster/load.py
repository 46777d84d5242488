# SPDX-License-Identifier: Apache-2.0
"""An open loop of requests to the gateway's Service, of which none is tried twice."""
import asyncio
import pathlib

from client import address, token, trust
from message import encode
from steady import Connection, SteadyLoad

NOTE = {"input": "Denies chest pain. Takes metformin 500 mg twice daily."}


class ClusterLoad(SteadyLoad):
    def __init__(self, folder: pathlib.Path, body: dict | None = None, rate: float = 20,
                 client: str = ""):
        self.host, port = address()
        self.trust = trust(folder, client)
        super().__init__(port, "/infer", {}, rate)
        self.message = encode("POST", "/infer", body or NOTE,
                              {"Authorization": f"Bearer {token(folder)}"})

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return Connection(*await asyncio.open_connection(self.host, self.port, ssl=self.trust,
                                                         server_hostname="localhost"))

    def line(self, what: str) -> str:
        causes = "; ".join(each.cause for each in self.lost if each.cause)
        return (f"{what}: {len(self.lost)} of {len(self.outcomes)} lost, "
                f"p99 {self.quantile_s(0.99) * 1000:.0f} ms, {self.counts} {causes}".rstrip())
