# Runs without an account: every resource is an imitation. `terraform init -backend=false && terraform test`.

mock_provider "confluent" {
  mock_resource "confluent_kafka_cluster" {
    defaults = {
      id                 = "lkc-000000"
      api_version        = "cmk/v2"
      kind               = "Cluster"
      bootstrap_endpoint = "SASL_SSL://pkc-00000.europe-west1.gcp.confluent.cloud:9092"
      rest_endpoint      = "https://pkc-00000.europe-west1.gcp.confluent.cloud:443"
      rbac_crn           = "crn://confluent.cloud/organization=0/environment=env-0/cloud-cluster=lkc-0"
    }
  }

  mock_resource "confluent_environment" {
    defaults = {
      id = "env-000000"
    }
  }

  mock_resource "confluent_service_account" {
    defaults = {
      id          = "sa-000000"
      api_version = "iam/v2"
      kind        = "ServiceAccount"
    }
  }
}

run "every_component_gets_its_own_secret" {
  command = apply

  assert {
    condition     = output.bootstrap_servers == "pkc-00000.europe-west1.gcp.confluent.cloud:9092"
    error_message = "KAFKA_BROKER must be host:port, without the protocol."
  }

  assert {
    condition = alltrue([for secret in [for document in split("---\n", output.kubernetes_secrets) : yamldecode(document)] :
      secret.metadata.namespace == "kafkloud" && toset([for name in keys(secret.stringData) : name if !startswith(name, "KAFKA_CLUSTERS_0_")]) == toset([
        "KAFKA_BROKER", "KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD",
    ])])
    error_message = "A Secret lacks a variable that the services read, or has one that they do not know."
  }

  assert {
    condition = [for document in split("---\n", output.kubernetes_secrets) : yamldecode(document).metadata.name] == [
      "kafka-external-consumer", "kafka-external-kafkaui", "kafka-external-producer", "kafka-external-seer",
    ]
    error_message = "The Secrets are not those that k8s/components/external-kafka reads."
  }

  assert {
    condition     = toset(keys(output.environment)) == toset(["producer", "consumer", "seer", "kafkaui"])
    error_message = "A part that talks to Kafka has no key, or one that does not has one."
  }
}

run "the_producer_cannot_write_internal_topics" {
  command = apply

  assert {
    condition     = confluent_kafka_acl.this["producer deny write topic kafkloud-"].permission == "DENY"
    error_message = "Nothing keeps the producer's key off the internal topics."
  }

  assert {
    condition     = length([for acl in confluent_kafka_acl.this : acl if acl.operation == "ALL"]) == 0
    error_message = "A part may do everything."
  }
}

run "the_only_viewer_cannot_change_anything" {
  command = apply

  assert {
    condition     = alltrue([for name, acl in confluent_kafka_acl.this : contains(["READ", "DESCRIBE", "DESCRIBE_CONFIGS"], acl.operation) if startswith(name, "kafkaui ")])
    error_message = "kafka-ui may change something."
  }
}

run "internal_names_are_refused_as_topics_of_users" {
  command = plan

  variables {
    topics = { kafkloud-mine = {} }
  }

  expect_failures = [var.topics]
}

run "several_zones_need_a_standard_cluster" {
  command = plan

  variables {
    availability = "HIGH"
  }

  expect_failures = [var.availability]
}
