"""Rendered manifests as objects that can be asked about each other."""

import base64
import re

import yaml

WORKLOADS = ("Deployment", "StatefulSet")
NAME_LABEL = "app.kubernetes.io/name"


class Manifests:
    def __init__(self, objects, title):
        self.objects, self.title = objects, title

    @classmethod
    def load(cls, file):
        with open(file) as text:
            return cls([document for document in yaml.safe_load_all(text) if document], file.stem)

    def of(self, *kinds):
        return [thing for thing in self.objects if thing["kind"] in kinds]

    def find(self, kind, name):
        return next((thing for thing in self.of(kind) if thing["metadata"]["name"] == name), None)

    def workloads(self):
        return [Workload(self, thing) for thing in self.of(*WORKLOADS)]

    def workload(self, name):
        return next((work for work in self.workloads() if work.name == name), None)

    def selected_by(self, selector):
        return [work for work in self.workloads() if selects(selector, work.labels)]

    def service_port(self, host, port):
        """The workload and its container's port behind an address, or None if no Service has it."""
        service = self.find("Service", host.split(".")[0])
        if not service:
            return None
        for entry in service["spec"]["ports"]:
            if entry["port"] == port:
                for work in self.selected_by({"matchLabels": service["spec"]["selector"]}):
                    return work, work.port(entry.get("targetPort", port))
        return None

    def data(self, kind, name):
        """What a ConfigMap or a Secret holds, as text; None if it is not there."""
        thing = self.find(kind, name)
        if thing is None:
            return None
        plain = dict(thing.get("data") or {})
        return {key: base64.b64decode(value).decode() for key, value in plain.items()} if kind == "Secret" else plain


class Workload:
    """A Deployment or StatefulSet. All of ours have one container."""

    def __init__(self, manifests, thing):
        self.manifests, self.thing = manifests, thing
        self.kind, self.object_name = thing["kind"], thing["metadata"]["name"]
        self.template = thing["spec"]["template"]
        self.labels = self.template["metadata"]["labels"]
        self.name = self.labels.get(NAME_LABEL, "?")
        self.pod = self.template["spec"]
        self.container = self.pod["containers"][0]

    def __str__(self):
        return f"{self.kind} {self.object_name}"

    def port(self, name_or_number):
        for port in self.container.get("ports", []):
            if name_or_number in (port.get("name"), port["containerPort"]):
                return port["containerPort"]
        return None

    def volumes(self):
        claims = [claim["metadata"]["name"] for claim in self.thing["spec"].get("volumeClaimTemplates", [])]
        return {**{volume["name"]: volume for volume in self.pod.get("volumes", [])}, **{name: {"claim": name} for name in claims}}

    def environment(self):
        """Its variables as (name, value, where from); the value is None where only the cluster knows it."""
        for source in self.container.get("envFrom", []):
            for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                if field in source:
                    for name, value in (self.manifests.data(kind, source[field]["name"]) or {}).items():
                        yield name, value, source[field]["name"]
        for entry in self.container.get("env", []):
            if "value" in entry:
                yield entry["name"], entry["value"], None
                continue
            origin = entry["valueFrom"]
            for kind, field in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                if field in origin:
                    data = self.manifests.data(kind, origin[field]["name"]) or {}
                    yield entry["name"], data.get(origin[field]["key"]), origin[field]["name"]

    def files(self):
        """The files that secrets and config maps put into the container: path -> (kind, object, key), key None for any."""
        volumes = self.volumes()
        for mount in self.container.get("volumeMounts", []):
            volume = volumes.get(mount["name"], {})
            for source in volume.get("projected", {}).get("sources", [volume]):
                for kind, field in (("Secret", "secret"), ("ConfigMap", "configMap")):
                    if field not in source:
                        continue
                    reference = source[field]
                    name = reference.get("secretName") or reference.get("name")
                    items = reference.get("items") or [
                        {"key": key, "path": key} for key in self.manifests.data(kind, name) or {}
                    ]
                    for item in items:
                        yield f"{mount['mountPath']}/{item['path']}", (kind, name, item["key"])


def selects(selector, labels):
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for rule in selector.get("matchExpressions") or []:
        if rule["operator"] != "In":
            raise ValueError(f"the checks do not know the operator {rule['operator']}")
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return True


def addresses_in(text):
    """Each host:port of our own Services that a value names."""
    for host, port in re.findall(r"(?:^|[/@,])([a-z][a-z0-9.-]*):(\d+)", text or ""):
        yield host, int(port)
