"""What no schema knows: whether the objects of one rendering agree with each other, with the documents, and with the programs. Each check
yields a sentence for everything that is wrong."""

import re
import subprocess

import network
import programs
import table

# Brought by somebody else: Terraform, Strimzi, cert-manager, or a person.
SECRETS_FROM_ELSEWHERE = {"broker-cluster-ca-cert", "kafkloud", "portal-tls"} | {
    f"kafka-external-{name}" for name in ("producer", "consumer", "seer", "kafkaui")
}
# Of images that are not ours; each open to all by their projects' documentation.
KNOWN_PROBES = {"qdrant": {"/readyz", "/livez"}, "kafkaui": {"/actuator/health"}}
OURS = ("portal", "producer", "consumer", "seer")


def variables_of(name):
    return programs.variables(name) if name in OURS else None


def services_select_pods(manifests):
    for service in manifests.of("Service"):
        name, spec = service["metadata"]["name"], service["spec"]
        works = manifests.selected_by({"matchLabels": spec["selector"]})
        if len(works) != 1:
            yield f"Service {name} selects {len(works)} workloads"
        for port in spec["ports"]:
            if works and works[0].port(port["targetPort"]) is None:
                yield f"Service {name}: {works[0]} has no port {port['targetPort']}"
    for work in manifests.workloads():
        if work.thing["spec"]["selector"]["matchLabels"].items() - work.labels.items():
            yield f"{work} does not select its own pods"
        if work.kind == "StatefulSet" and not manifests.find("Service", work.thing["spec"]["serviceName"]):
            yield f"{work}: there is no Service {work.thing['spec']['serviceName']}"


def ports_agree_with_the_table(manifests):
    promised = table.services()
    local = manifests.title.startswith("local")
    for service in manifests.of("Service"):
        name, spec = service["metadata"]["name"], service["spec"]
        if name not in promised:
            yield f"k8s/README.md knows no Service {name}"
            continue
        ports = [(port["port"], port.get("nodePort")) for port in spec["ports"]]
        expected = [(port, node_port if local else None) for port, node_port in promised[name]]
        if ports != expected:
            yield f"Service {name} has {ports}, k8s/README.md says {expected}"
        wanted = "NodePort" if local and any(node_port for _, node_port in promised[name]) else "ClusterIP"
        if spec.get("type", "ClusterIP") != wanted:
            yield f"Service {name} is a {spec.get('type')}, not a {wanted}"
    for target, (port, _) in table.targets().items():
        work = manifests.workload(target)
        if work and work.port(port) is None:
            yield f"{work} has no port {port}, which the Dockerfile exposes"


def references_exist(manifests):
    for work in manifests.workloads():
        if not manifests.find("ServiceAccount", work.pod.get("serviceAccountName", "default")):
            yield f"{work}: there is no ServiceAccount {work.pod.get('serviceAccountName')}"
        for kind, name, keys, optional in references(work):
            data = manifests.data(kind, name)
            if optional or (kind == "Secret" and name in SECRETS_FROM_ELSEWHERE):
                continue
            if data is None:
                yield f"{work}: there is no {kind} {name}"
            else:
                yield from (f"{work}: {kind} {name} has no {key}" for key in keys if key not in data)
        volumes = work.volumes()
        for mount in work.container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                yield f"{work}: there is no volume {mount['name']}"
        unused = set(volumes) - {mount["name"] for mount in work.container.get("volumeMounts", [])}
        yield from (f"{work}: nobody mounts {name}" for name in unused)


def references(work):
    """Everything by name that a pod needs: kind, name, keys, whether it may be absent."""
    for source in work.container.get("envFrom", []):
        for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            if field in source:
                yield kind, source[field]["name"], [], source[field].get("optional")
    for entry in work.container.get("env", []):
        for kind, field in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
            if reference := entry.get("valueFrom", {}).get(field):
                yield kind, reference["name"], [reference["key"]], reference.get("optional")
    for _, volume in work.volumes().items():
        for source in volume.get("projected", {}).get("sources", [volume]):
            for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret")):
                if field in source:
                    name = source[field].get("secretName") or source[field]["name"]
                    yield kind, name, [item["key"] for item in source[field].get("items", [])], source[field].get("optional")


def others_refer_to_what_is_there(manifests):
    def missing(thing, kind, name):
        if not manifests.find(kind, name):
            yield f"{thing['kind']} {thing['metadata']['name']}: there is no {kind} {name}"

    for thing in manifests.of("HorizontalPodAutoscaler", "ScaledObject"):
        target = thing["spec"]["scaleTargetRef"]
        yield from missing(thing, target.get("kind", "Deployment"), target["name"])
        work = manifests.find(target.get("kind", "Deployment"), target["name"])
        if work and "replicas" in work["spec"]:
            yield f"{target['name']}: both its manifest and its autoscaler count its replicas"
        for trigger in thing["spec"].get("triggers", []):
            yield from missing(thing, "TriggerAuthentication", trigger["authenticationRef"]["name"])
    for thing in manifests.of("TriggerAuthentication"):
        for reference in thing["spec"]["secretTargetRef"]:
            if reference["name"] not in SECRETS_FROM_ELSEWHERE:
                yield from missing(thing, "Secret", reference["name"])
    for thing in manifests.of("PodDisruptionBudget"):
        if not manifests.selected_by(thing["spec"]["selector"]):
            yield f"PodDisruptionBudget {thing['metadata']['name']} protects nothing"
    for thing in manifests.of("Ingress"):
        for rule in thing["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                yield from missing(thing, "Service", path["backend"]["service"]["name"])
    for thing in manifests.of("PodMonitor"):
        if {work.name for work in manifests.selected_by(thing["spec"]["selector"])} != set(OURS):
            yield "PodMonitor does not select our services"
        for endpoint in thing["spec"]["podMetricsEndpoints"]:
            credentials = endpoint["authorization"]["credentials"]
            if credentials["key"] not in (manifests.data("Secret", credentials["name"]) or {}):
                yield f"PodMonitor: Secret {credentials['name']} has no {credentials['key']}"


def variables_are_known(manifests):
    """A variable that a program does not read is a misspelt one."""
    for work in manifests.workloads():
        if work.name not in OURS:
            continue
        known, files = programs.variables(work.name), dict(work.files())
        for name, value, source in work.environment():
            # Read by all services; each takes what it knows.
            if name not in known and not (source or "").startswith(("addresses-", "kafka-")):
                yield f"{work}: `{work.name} --help` knows no {name}"
            if name in known and name.endswith("_FILE") and value not in files and value.startswith("/secrets/"):
                if not any(thing in SECRETS_FROM_ELSEWHERE for _, thing, _ in files.values()):
                    yield f"{work}: {name} is {value}, which nothing puts there"
    everybody = set().union(*(programs.variables(name) for name in OURS))
    for name in set().union(*(manifests.data("ConfigMap", thing["metadata"]["name"]) for thing in manifests.of("ConfigMap") if thing["metadata"]["name"].startswith(("addresses-", "kafka-")))):
        if name not in everybody:
            yield f"nobody's --help knows {name}"


def network_is_what_the_code_uses(manifests):
    used, allowed = network.used(manifests, variables_of), network.allowed(manifests)
    yield from (f"{source} needs {target}:{port}, which no policy allows" for source, target, port in sorted(used - allowed))
    # What comes from outside the cluster may come from any pod that is allowed to leave: there is none.
    yield from (f"{source} may reach {target}:{port}, which it does not use" for source, target, port in sorted(allowed - used))
    yield from network.half_open(manifests)
    external = not manifests.workload("streamer") and not manifests.of("Kafka")
    for work, port in network.blocks(manifests, "egress"):
        calls_out = work.name in network.OUTSIDE and port == 443
        if not calls_out and not (external and port in (9092, 9096)):
            yield f"{work.name} may leave the cluster at {port}"
    for name, variable in network.OUTSIDE.items():
        if variable not in programs.variables(name):
            yield f"{name} does not know {variable}, so why may it leave the cluster?"
    entered = {work.name for work, _ in network.blocks(manifests, "ingress")}
    offered = {
        work.name
        for service in manifests.of("Service")
        if service["spec"].get("type") == "NodePort"
        for work in manifests.selected_by({"matchLabels": service["spec"]["selector"]})
    } | {"portal" for _ in manifests.of("Ingress")}
    if entered != offered:
        yield f"open to the world are {sorted(entered)}, offered to it {sorted(offered)}"


def everybody_is_denied_by_default(manifests):
    policy = manifests.find("NetworkPolicy", "default-deny")
    if not policy or policy["spec"]["podSelector"] or set(policy["spec"]["policyTypes"]) != {"Ingress", "Egress"}:
        yield "nothing denies by default"
    elif policy["spec"].get("ingress") or policy["spec"].get("egress"):
        yield "default-deny allows something"
    namespace = manifests.find("Namespace", "kafkloud")
    if namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
        yield "the namespace does not enforce the restricted Pod Security standard"


def everything_is_in_the_namespace(manifests):
    for thing in manifests.objects:
        if thing["kind"] != "Namespace" and thing["metadata"].get("namespace") != "kafkloud":
            yield f"{thing['kind']} {thing['metadata']['name']} is in another namespace"


def probes_exist(manifests):
    for work in manifests.workloads():
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            probe = work.container.get(kind)
            if not probe:
                yield f"{work} has no {kind}"
                continue
            if http := probe.get("httpGet"):
                paths = programs.paths(work.name) if work.name in OURS else KNOWN_PROBES.get(work.name, set())
                if http["path"] not in paths:
                    yield f"{work}: {kind} asks for {http['path']}, which it does not have"
            port = (http or probe.get("tcpSocket") or {}).get("port")
            if port and work.port(port) is None:
                yield f"{work}: {kind} asks at {port}, which it does not listen on"


def images_match_the_dockerfile(manifests):
    targets = table.targets()
    for work in manifests.workloads():
        image, _, tag = work.container["image"].rpartition(":")
        if work.name in OURS:
            if image.split("/")[-1] not in targets or image.split("/")[-1] != work.name:
                yield f"{work}: the Dockerfile has no target for {image}"
            elif work.pod["securityContext"]["runAsUser"] != targets[work.name][1]:
                yield f"{work} runs as another user than its image"
        elif not image or tag in ("", "latest"):
            yield f"{work}: {work.container['image']} names no version"


def pods_are_safe_and_end_well(manifests):
    for work in manifests.workloads():
        context, pod = work.container.get("securityContext", {}), work.pod
        wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        yield from (f"{work}: {key} is not {value}" for key, value in wanted.items() if context.get(key) != value)
        if not pod["securityContext"].get("runAsNonRoot") or not pod["securityContext"].get("runAsUser"):
            yield f"{work} may be root"
        account = manifests.find("ServiceAccount", pod.get("serviceAccountName", "")) or {}
        if pod.get("automountServiceAccountToken") is not False or account.get("automountServiceAccountToken") is not False:
            yield f"{work} gets a token of the API server"
        if pod.get("serviceAccountName") != work.name:
            yield f"{work} has no account of its own"
        resources = work.container.get("resources", {})
        if not all(resources.get(side, {}).get(what) for side in ("requests", "limits") for what in ("cpu", "memory")):
            yield f"{work} does not say what it needs and what it may take"
        if work.name not in OURS:
            continue
        pause = work.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        # 5 s is what every program promises to end within.
        if pause < 5 or pod.get("terminationGracePeriodSeconds", 0) < pause + 5:
            yield f"{work} is cut off while requests still come"
        rolling = work.thing["spec"].get("strategy", {}).get("rollingUpdate", {})
        if rolling.get("maxUnavailable") != 0:
            yield f"{work} is away while it is updated"
        if not any(selected.name == work.name for budget in manifests.of("PodDisruptionBudget") for selected in manifests.selected_by(budget["spec"]["selector"])):
            yield f"{work} has no PodDisruptionBudget"
        if not pod.get("topologySpreadConstraints"):
            yield f"{work}: all replicas may be on one node"


def config_restarts_who_reads_it(manifests):
    for work in manifests.workloads():
        for kind, name, _, _ in references(work):
            if kind == "ConfigMap" and not re.search(r"-[a-z0-9]{10}$", name):
                yield f"{work}: ConfigMap {name} has no hash in its name, so a change restarts nobody"


def no_secret_is_committed(_):
    tracked = subprocess.run(["git", "ls-files", "k8s", "docker"], cwd=table.ROOT, capture_output=True, text=True, check=True).stdout.split()
    yield from (f"git tracks {file}" for file in tracked if "/secrets/" in file or file.endswith("/.env"))


def alerts_speak_of_metrics_that_exist(manifests):
    known = {"up"}
    sources = subprocess.run(
        ["git", "grep", "-hoE", r'(counter|gauge|histogram)!\(\s*"[a-z_]+"', "--", "*.rs"], cwd=table.ROOT, capture_output=True, text=True, check=True
    ).stdout
    for kind, name in re.findall(r'(counter|gauge|histogram)!\(\s*"([a-z_]+)"', sources):
        known |= {name, f"{name}_bucket", f"{name}_sum", f"{name}_count"} if kind == "histogram" else {name}
    for thing in manifests.of("PrometheusRule"):
        for group in thing["spec"]["groups"]:
            for rule in group["rules"]:
                for name in re.findall(r"([a-z_]+)\{", rule["expr"]):
                    if name not in known:
                        yield f"{rule['alert']}: no program has a metric {name}"


ALL = [
    services_select_pods,
    ports_agree_with_the_table,
    references_exist,
    others_refer_to_what_is_there,
    variables_are_known,
    network_is_what_the_code_uses,
    everybody_is_denied_by_default,
    everything_is_in_the_namespace,
    probes_exist,
    images_match_the_dockerfile,
    pods_are_safe_and_end_well,
    config_restarts_who_reads_it,
    no_secret_is_committed,
    alerts_speak_of_metrics_that_exist,
]


def complaints(manifests):
    return [f"{manifests.title}: {check.__name__}: {complaint}" for check in ALL for complaint in check(manifests)]
