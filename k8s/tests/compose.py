"""Whether docker/compose.yaml agrees with itself, with the table of ports, with the Dockerfile, with the manifests and with the programs."""

import re
import sys

import programs
import table
import yaml

OURS = ("portal", "producer", "consumer", "seer")
# Where the port of a part stands in k8s/README.md.
SERVICES = {"streamer": "broker-svc", "kafkaui": "kafkaui-svc", "qdrant": "qdrant-svc"} | {name: f"{name}-svc" for name in OURS}


def complaints(compose):
    services, secrets = compose["services"], compose["secrets"]
    targets, ports = table.targets(), table.services()
    for name, service in services.items():
        for port in service.get("ports", []):
            address, outside, inside = port.rsplit(":", 2)
            if address != "127.0.0.1":
                yield f"{name}: {port} is open beyond loopback"
            if int(outside) not in [number for number, _ in ports[SERVICES[name]]] or outside != inside:
                yield f"{name}: {port} is not the port of {SERVICES[name]}"
        for secret in service.get("secrets", []):
            if secret not in secrets:
                yield f"{name}: there is no secret {secret}"
        for variable, value in service.get("environment", {}).items():
            if value is None:
                continue
            if variable.endswith("_FILE") and value.removeprefix("/run/secrets/") not in service.get("secrets", []):
                yield f"{name}: {variable} is {value}, which nothing puts there"
            yield from unreachable(name, variable, value, services)
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] != "service_healthy" or (needed not in OURS and "healthcheck" not in services[needed]):
                yield f"{name} does not wait until {needed} is well"
        if service.get("networks") != ["backend"]:
            yield f"{name} is not on the network"
    if compose["networks"]["backend"]["name"] != "kafkloud-backend":
        yield "the network is not called kafkloud-backend"
    for name in OURS:
        service, known = services[name], programs.variables(name)
        yield from (f"{name}: `{name} --help` knows no {variable}" for variable in service["environment"] if variable not in known)
        if service["build"]["target"] not in targets or service["build"]["target"] != name:
            yield f"{name}: the Dockerfile has no target {service['build']['target']}"
        if not service.get("read_only") or service.get("cap_drop") != ["ALL"]:
            yield f"{name} may write or has capabilities"
    yield from versions(services)


def unreachable(name, variable, value, services):
    """Addresses that name another container, or a port at which it does not listen."""
    listens = {"streamer": {9093, 29092}, "qdrant": {6333, 6334}, "producer": {8000}, "consumer": {8072}, "seer": {8030}}
    for host, port in re.findall(r"(?:^|[/@])([a-z]+):(\d+)", value):
        if host not in services or int(port) not in listens.get(host, ()):
            yield f"{name}: {variable} names {host}:{port}, where nobody listens"


def versions(services):
    """The same versions as in Kubernetes."""
    text = "".join(file.read_text() for file in (table.ROOT / "k8s/base").glob("*/*.yaml"))
    for name, service in services.items():
        if name not in OURS and f"image: {service['image']}\n" not in text:
            yield f"{name}: Kubernetes uses another version than {service['image']}"


def breaks():
    """Ways to break the file, each of which a check must notice."""
    yield lambda c: c["services"]["consumer"]["environment"].update(STATUS_DATABASE="x")
    yield lambda c: c["services"]["seer"]["environment"].update(QDRANT_URL="http://qdrant:6335")
    yield lambda c: c["services"]["portal"].update(ports=["0.0.0.0:3000:3000"])
    yield lambda c: c["services"]["portal"].update(ports=["127.0.0.1:3001:3000"])
    yield lambda c: c["services"]["producer"].update(secrets=["api-token"])
    yield lambda c: c["services"]["producer"]["build"].update(target="produce")
    yield lambda c: c["services"]["postgres"].update(image="docker.io/library/postgres:16")
    yield lambda c: c["services"]["postgres"].pop("healthcheck")
    yield lambda c: c["services"]["kafkaui"].pop("networks")
    yield lambda c: c["services"]["seer"].pop("read_only")


def main():
    text = (table.ROOT / "docker/compose.yaml").read_text()
    found = list(complaints(yaml.safe_load(text)))
    for number, damage in enumerate(breaks()):
        broken = yaml.safe_load(text)
        damage(broken)
        if len(list(complaints(broken))) <= len(found):
            found.append(f"nobody notices break {number} of the compose file")
    for complaint in found:
        print(f"compose: {complaint}", file=sys.stderr)
    print(f"compose: {len(found)} complaints")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
