"""What the built programs say about themselves: the variables of their --help, the paths of their OpenAPI."""

import functools
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.request

BIN_DIR = pathlib.Path(os.environ.get("BIN_DIR", "target/debug"))
COMPONENTS = ("portal", "producer", "consumer", "seer", "streamer")


@functools.cache
def variables(component):
    help_text = subprocess.run([BIN_DIR / component, "--help"], check=True, capture_output=True, text=True).stdout
    # clap wraps its lines wherever they end.
    return set(re.findall(r"\[env:\s+([A-Z0-9_]+)", help_text))


@functools.cache
def paths(component):
    """The paths of the component's OpenAPI, asked of the running program; it needs no Kafka for that."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        program = subprocess.Popen(
            [BIN_DIR / component, "--port", str(port)],
            env={"DATA_DIR": folder, "HOME": os.environ["HOME"], "KAFKA_BROKER": "127.0.0.1:1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return set(json.loads(ask(program, f"http://127.0.0.1:{port}/openapi.json"))["paths"])
        finally:
            program.terminate()
            program.wait(timeout=20)


def ask(program, url):
    deadline = time.monotonic() + 60
    while program.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{program.args[0]} does not answer at {url}")
