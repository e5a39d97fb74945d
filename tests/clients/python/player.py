"""The stock Python client as a player: ../README.md says what it is told and what it says."""

import asyncio
import importlib.metadata
import json
import logging
import platform
import sys

import socketio

# The library leaves its HTTP sessions behind when a connection breaks, and many words about it on the error output.
for name in ("asyncio", "engineio.client"):
    logging.getLogger(name).setLevel(logging.CRITICAL)

SOCKETS = {}


def say(**line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def open_socket(told):
    name, hello = told["as"], told.get("hello")
    namespace = told.get("namespace", "/")
    # The library's own reconnecting, sooner than by default: a test waits for it.
    socket = socketio.AsyncClient(reconnection_delay=0.2, reconnection_delay_max=1, randomization_factor=0.1)
    SOCKETS[name] = socket

    @socket.on("connect", namespace=namespace)
    async def connected():
        say(**{"as": name}, got="connected", transport=socket.transport())
        if hello is not None:
            answered = lambda answer: say(**{"as": name}, got="registered", payload=answer)
            await socket.emit("call:register", hello, callback=answered)

    # Handlers that do not wait: the library starts one task a message, and these then run in the order of arrival.
    @socket.on("connect_error", namespace=namespace)
    def refused(error):
        # A text is no refusal: the server is away, and the library tries again by itself.
        if isinstance(error, dict):
            say(**{"as": name}, got="refused", message=error.get("message"), data=error.get("data"))

    @socket.on("disconnect", namespace=namespace)
    def lost(reason):
        say(**{"as": name}, got="lost", reason=reason)

    @socket.on("*", namespace=namespace)
    def came(event, payload=None):
        say(**{"as": name}, got="event", event=event, payload=payload)

    try:
        await socket.connect(
            told["url"],
            auth=told.get("auth"),
            transports=told["transports"],
            namespaces=[namespace],
            # A second is the default, and too little on a busy machine.
            wait_timeout=30,
        )
    except socketio.exceptions.ConnectionError:
        # That was told by `connect_error`.
        pass


async def perform(told):
    match told["do"]:
        case "open":
            await open_socket(told)
        case "say":
            await SOCKETS[told["as"]].emit(told["event"], told["payload"])
        case "ask":
            answered = lambda answer: say(**{"as": told["as"]}, got="answer", id=told["id"], payload=answer)
            await SOCKETS[told["as"]].emit(told["event"], told["payload"], callback=answered)
        case "bytes":
            await SOCKETS[told["as"]].emit(told["event"], b"\1\2\3")
        case "close":
            await SOCKETS[told["as"]].disconnect()
        case "end":
            sys.exit(0)
        case other:
            raise ValueError(f"told to {other}, which is no word of a player")


async def main():
    say(
        client="python-socketio",
        version=importlib.metadata.version("python-socketio"),
        runtime=f"Python {platform.python_version()}",
    )
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        await perform(json.loads(line))
    # Whoever started it is gone.
    sys.exit(1)


asyncio.run(main())
