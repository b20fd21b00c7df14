#!/usr/bin/env bash
# Fetches the definitions of the custom objects that k8s/components uses into FOLDER, as their projects publish them: KEDA's and the Prometheus
# Operator's as Go modules, Strimzi's as Maven artifacts, from which Strimzi's own generator writes them.
set -euo pipefail

keda=v2.20.2
prometheus=v0.85.0
strimzi=0.51.0
# The last generator that was published for the Java of Debian 12; what it writes down is in the classes of the version above.
strimzi_generator=0.45.0

folder=${1:?a folder}
stamp="$keda $prometheus $strimzi"
[ "$(cat "$folder/versions" 2>/dev/null)" = "$stamp" ] && exit
"$(dirname "$0")/../../make/need.sh" go java mvn
rm -rf "$folder"
mkdir -p "$folder/strimzi"

module() { # MODULE VERSION: its folder
  go mod download -json "$1@$2" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p'
}

crds=$(module github.com/kedacore/keda/v2 $keda)/config/crd/bases
cp "$crds"/keda.sh_{scaledobjects,triggerauthentications}.yaml "$folder"
crds=$(module github.com/prometheus-operator/prometheus-operator $prometheus)/example/prometheus-operator-crd
cp "$crds"/monitoring.coreos.com_{podmonitors,prometheusrules}.yaml "$folder"

cat >"$folder/strimzi/pom.xml" <<P
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kafkloud</groupId><artifactId>crds</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.strimzi</groupId><artifactId>api</artifactId><version>$strimzi</version></dependency>
    <dependency><groupId>io.strimzi</groupId><artifactId>crd-generator</artifactId><version>$strimzi_generator</version></dependency>
  </dependencies>
</project>
P
mvn -q -B -f "$folder/strimzi/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$folder/strimzi/libs"
java -cp "$folder/strimzi/libs/*" io.strimzi.crdgenerator.CrdGenerator --yaml --label app:strimzi \
  "io.strimzi.api.kafka.model.kafka.Kafka=$folder/strimzi-kafka.yaml" \
  "io.strimzi.api.kafka.model.nodepool.KafkaNodePool=$folder/strimzi-node-pool.yaml" \
  "io.strimzi.api.kafka.model.user.KafkaUser=$folder/strimzi-user.yaml" 2>/dev/null
rm -rf "$folder/strimzi"
chmod -R u+w "$folder"
echo "$stamp" >"$folder/versions"
