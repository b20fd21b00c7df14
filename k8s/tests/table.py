"""What the documents promise: the table of k8s/README.md, and the targets of the Dockerfile."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]


def rows(file, heading):
    """The cells of the first table below a heading."""
    text = (ROOT / file).read_text()
    lines = text[text.index(heading) :].splitlines()
    end = next((number for number, line in enumerate(lines) if number and line.startswith("#")), None)
    lines = [line for line in lines[:end] if line.startswith("|")]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines[2:]]


def services():
    """Service -> [(port, NodePort or None)]"""
    table = {}
    for _, service, ports, node_ports, *_ in rows("k8s/README.md", "## Services and ports"):
        node_ports = [int(port) if port.isdigit() else None for port in node_ports.split(", ")]
        table[service] = list(zip(map(int, ports.split(", ")), node_ports, strict=True))
    return table


def targets():
    """Target -> its port, its user, of the Dockerfile's last stages."""
    text = (ROOT / "docker/Dockerfile").read_text()
    user = re.search(r"^USER (\d+)", text, re.M).group(1)
    stages = re.split(r"^FROM ", text, flags=re.M)
    found = {}
    for stage in stages:
        if name := re.match(r"runtime AS (\w+)", stage):
            found[name.group(1)] = (int(re.search(r"^EXPOSE (\d+)", stage, re.M).group(1)), int(user))
    return found
