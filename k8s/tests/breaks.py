"""breaks.py CRDS FILE: breaks a good rendering in many ways, and fails where neither a check nor a schema notices. FILE is the rendering of `cloud` with
ingress, keda, mesh and observability."""

import copy
import pathlib
import sys

import checks
import schemas
from manifests import Manifests


def thing(manifests, kind, name):
    return manifests.find(kind, name)


def container(manifests, name):
    return manifests.workload(name).container


def selector(m):
    thing(m, "Service", "seer-svc")["spec"]["selector"]["app.kubernetes.io/name"] = "sear"


def port(m):
    thing(m, "Service", "consumer-svc")["spec"]["ports"][0]["port"] = 8073


def target_port(m):
    thing(m, "Service", "portal-svc")["spec"]["ports"][0]["targetPort"] = "web"


def node_port(m):
    thing(m, "Service", "qdrant-svc")["spec"]["type"] = "NodePort"


def exposed_port(m):
    container(m, "producer")["ports"][0]["containerPort"] = 8001


def no_account(m):
    m.objects.remove(thing(m, "ServiceAccount", "seer"))


def no_config(m):
    container(m, "portal")["envFrom"][0]["configMapRef"]["name"] = "kafka-0000000000"


def no_secret(m):
    m.objects.remove(thing(m, "Secret", "qdrant"))


def no_key(m):
    del thing(m, "Secret", "postgres")["data"]["url"]


def no_volume(m):
    container(m, "seer")["volumeMounts"][0]["name"] = "tokenz"


def no_claim(m):
    del m.workload("postgres").thing["spec"]["volumeClaimTemplates"]


def scales_nothing(m):
    thing(m, "ScaledObject", "seer")["spec"]["scaleTargetRef"]["name"] = "seers"


def two_count_replicas(m):
    m.workload("portal").thing["spec"]["replicas"] = 2


def budget_for_nobody(m):
    thing(m, "PodDisruptionBudget", "seer")["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] = "sear"


def ingress_to_nobody(m):
    thing(m, "Ingress", "portal")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = "portal"


def monitor_without_token(m):
    thing(m, "PodMonitor", "kafkloud")["spec"]["podMetricsEndpoints"][0]["authorization"]["credentials"]["key"] = "token"


def misspelt_variable(m):
    container(m, "consumer")["env"].append({"name": "STATUS_DATABASE", "value": "x"})


def misspelt_address(m):
    next(entry for entry in m.of("ConfigMap") if "SEER_URL" in entry["data"])["data"]["SEERURL"] = "http://seer-svc:8030"


def file_nobody_mounts(m):
    container(m, "producer")["env"][0]["value"] = "/secrets/tokens/api-tocken"


def edge_missing(m):
    thing(m, "NetworkPolicy", "producer")["spec"]["egress"].pop()


def edge_too_many(m):
    rule = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "qdrant"}}}
    thing(m, "NetworkPolicy", "consumer")["spec"]["egress"].append({"to": [rule], "ports": [{"protocol": "TCP", "port": 6334}]})
    back = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "consumer"}}}
    thing(m, "NetworkPolicy", "qdrant")["spec"]["ingress"][0]["from"].append(back)


def half_an_edge(m):
    thing(m, "NetworkPolicy", "postgres")["spec"]["ingress"][0]["from"].append({"podSelector": {"matchLabels": {"app.kubernetes.io/name": "seer"}}})


def leaves_the_cluster(m):
    thing(m, "NetworkPolicy", "consumer")["spec"]["egress"].append({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]})


def open_to_the_world(m):
    thing(m, "NetworkPolicy", "ingress")["spec"]["podSelector"] = {}


def no_default(m):
    thing(m, "NetworkPolicy", "default-deny")["spec"]["policyTypes"] = ["Ingress"]


def privileged_namespace(m):
    thing(m, "Namespace", "kafkloud")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "baseline"


def no_namespace(m):
    del thing(m, "ScaledObject", "seer")["metadata"]["namespace"]


def probe_path(m):
    container(m, "consumer")["startupProbe"]["httpGet"]["path"] = "/ready"


def probe_port(m):
    container(m, "streamer")["livenessProbe"]["tcpSocket"]["port"] = "broker"


def no_probe(m):
    del container(m, "kafkaui")["readinessProbe"]


def no_target(m):
    container(m, "seer")["image"] = "docker.io/kafkloud/oracle:1"


def no_version(m):
    container(m, "postgres")["image"] = "docker.io/library/postgres:latest"


def other_user(m):
    m.workload("portal").pod["securityContext"]["runAsUser"] = 1000


def writable(m):
    container(m, "seer")["securityContext"]["readOnlyRootFilesystem"] = False


def root(m):
    m.workload("qdrant").pod["securityContext"]["runAsNonRoot"] = False


def token(m):
    m.workload("producer").pod["automountServiceAccountToken"] = True


def no_limit(m):
    del container(m, "producer")["resources"]["limits"]["memory"]


def cut_off(m):
    del container(m, "producer")["lifecycle"]


def away_while_updated(m):
    m.workload("seer").thing["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] = 1


def no_budget(m):
    m.objects.remove(thing(m, "PodDisruptionBudget", "portal"))


def one_node(m):
    del m.workload("consumer").pod["topologySpreadConstraints"]


def no_hash(m):
    for source in (container(m, "portal")["envFrom"][0]["configMapRef"], next(c for c in m.of("ConfigMap") if c["metadata"]["name"].startswith("kafka-"))["metadata"]):
        source["name"] = "kafka"


def no_metric(m):
    rule = thing(m, "PrometheusRule", "kafkloud")["spec"]["groups"][0]["rules"][1]
    rule["expr"] = rule["expr"].replace("producer_errors_total", "producer_failures_total")


BREAKS = {
    "services_select_pods": [selector, target_port],
    "ports_agree_with_the_table": [port, node_port, exposed_port],
    "references_exist": [no_account, no_config, no_secret, no_key, no_volume, no_claim],
    "others_refer_to_what_is_there": [scales_nothing, two_count_replicas, budget_for_nobody, ingress_to_nobody, monitor_without_token],
    "variables_are_known": [misspelt_variable, misspelt_address, file_nobody_mounts],
    "network_is_what_the_code_uses": [edge_missing, edge_too_many, half_an_edge, leaves_the_cluster, open_to_the_world],
    "everybody_is_denied_by_default": [no_default, privileged_namespace],
    "everything_is_in_the_namespace": [no_namespace],
    "probes_exist": [probe_path, probe_port, no_probe],
    "images_match_the_dockerfile": [no_target, no_version, other_user],
    "pods_are_safe_and_end_well": [writable, root, token, no_limit, cut_off, away_while_updated, no_budget, one_node],
    "config_restarts_who_reads_it": [no_hash],
    "alerts_speak_of_metrics_that_exist": [no_metric],
}


def unknown_field(m):
    container(m, "portal")["imagePullPolice"] = "Always"


def wrong_type(m):
    m.workload("portal").pod["terminationGracePeriodSeconds"] = "20"


def unknown_custom_field(m):
    thing(m, "ScaledObject", "seer")["spec"]["minReplicas"] = 2


def missing_custom_field(m):
    del thing(m, "ScaledObject", "seer")["spec"]["triggers"]


def main(crds, file):
    good, unnoticed, count = Manifests.load(pathlib.Path(file)), [], 0
    for name, breaks in BREAKS.items():
        check = getattr(checks, name)
        for damage in breaks:
            broken = Manifests(copy.deepcopy(good.objects), good.title)
            damage(broken)
            count += 1
            if not list(check(broken)):
                unnoticed.append(f"{name} does not notice {damage.__name__}")
    custom = schemas.custom_schemas(crds)
    for damage in (unknown_field, wrong_type, unknown_custom_field, missing_custom_field):
        broken = Manifests(copy.deepcopy(good.objects), good.title)
        damage(broken)
        count += 1
        if not any(complaint for each in broken.of("Deployment", "ScaledObject") for complaint in schemas.complaints(each, custom)):
            unnoticed.append(f"no schema notices {damage.__name__}")
    for complaint in unnoticed:
        print(complaint, file=sys.stderr)
    print(f"breaks: {count} ways to break a rendering, {len(unnoticed)} unnoticed")
    return bool(unnoticed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
