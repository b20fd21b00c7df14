"""Who may reach whom by the NetworkPolicies, and who does by what the programs are told."""

from manifests import addresses_in, selects

# Told where Kafka is only to show it: `portal --help` says so.
SHOWN_ONLY = {("portal", "KAFKA_BROKER")}
# Components that talk to services outside the cluster, and the variable that makes them.
OUTSIDE = {"portal": "OIDC_ISSUER", "seer": "OPENAI_BASE_URL"}
BROKERS_AMONG_THEMSELVES = {("streamer", "streamer", 9093), ("streamer", "streamer", 9094)}


def used(manifests, variables):
    """The edges (who, whom, port) that follow from the variables that a program reads."""
    edges = set()
    if manifests.workload("streamer"):
        edges |= BROKERS_AMONG_THEMSELVES if manifests.find("Service", "broker-headless") else set()
    for work in manifests.workloads():
        files = dict(work.files())
        for name, value, _ in work.environment():
            ours = variables(work.name)
            if (ours is not None and name not in ours) or (work.name, name) in SHOWN_ONLY:
                continue
            if name.endswith("_FILE") and value in files:
                kind, thing, key = files[value]
                value = (manifests.data(kind, thing) or {}).get(key)
            for host, port in addresses_in(value):
                if found := manifests.service_port(host, port):
                    edges.add((work.name, found[0].name, found[1]))
    return edges


def allowed(manifests):
    """The edges between our own pods on ports that they listen on: the one may leave, and the other may be entered."""
    edges = set()
    for source in manifests.workloads():
        for target in manifests.workloads():
            for port in target.container.get("ports", []):
                if opens(manifests, source, target, port, "egress") and opens(manifests, target, source, port, "ingress"):
                    edges.add((source.name, target.name, port["containerPort"]))
    return edges


def half_open(manifests):
    """Edges that only one side allows: somebody forgot the other."""
    for source in manifests.workloads():
        for target in manifests.workloads():
            for port in target.container.get("ports", []):
                out = opens(manifests, source, target, port, "egress")
                # Who opens a port to the whole world opens it to our own pods too; that is not a forgotten half.
                into = opens(manifests, target, source, port, "ingress", by_pod=True)
                if into and not out:
                    yield f"{target.name} lets {source.name} in at {port['containerPort']}, but {source.name} may not leave"
                if out and not opens(manifests, target, source, port, "ingress"):
                    yield f"{source.name} may leave for {target.name}:{port['containerPort']}, which does not let it in"


def opens(manifests, owner, peer, port, direction, by_pod=False):
    side = "to" if direction == "egress" else "from"
    for policy in manifests.of("NetworkPolicy"):
        if not selects(policy["spec"]["podSelector"], owner.labels):
            continue
        for rule in policy["spec"].get(direction) or []:
            if not any(entry["port"] in (port["containerPort"], port.get("name")) for entry in rule.get("ports", [])):
                continue
            for who in rule.get(side, []):
                if "podSelector" in who and "namespaceSelector" not in who and selects(who["podSelector"], peer.labels):
                    return True
                if direction == "ingress" and not by_pod and "ipBlock" in who:
                    return True
    return False


def blocks(manifests, direction):
    """Who may leave for, or be entered from, addresses beyond the cluster: (workload, port)."""
    side = "to" if direction == "egress" else "from"
    for policy in manifests.of("NetworkPolicy"):
        for rule in policy["spec"].get(direction) or []:
            for who in rule.get(side, []):
                if "ipBlock" in who and not who["ipBlock"]["cidr"].startswith("169.254."):
                    for work in manifests.workloads():
                        if selects(policy["spec"]["podSelector"], work.labels):
                            for port in rule["ports"]:
                                yield work, port["port"]
