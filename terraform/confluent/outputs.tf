locals {
  # The provider gives an address such as SASL_SSL://pkc-00000.europe-west1.gcp.confluent.cloud:9092.
  bootstrap_servers = replace(confluent_kafka_cluster.this.bootstrap_endpoint, "/^[A-Z_]+:///", "")

  environment = { for component, key in confluent_api_key.component : component => {
    KAFKA_BROKER            = local.bootstrap_servers
    KAFKA_SECURITY_PROTOCOL = "sasl_ssl"
    KAFKA_SASL_MECHANISM    = "PLAIN"
    KAFKA_SASL_USERNAME     = key.id
    KAFKA_SASL_PASSWORD     = key.secret
  } }
}

output "bootstrap_servers" {
  description = "Kafka's address, for KAFKA_BROKER."
  value       = local.bootstrap_servers
}

output "environment_id" {
  description = "The environment's id in Confluent Cloud."
  value       = confluent_environment.this.id
}

output "cluster_id" {
  description = "The cluster's id in Confluent Cloud."
  value       = confluent_kafka_cluster.this.id
}

output "topics" {
  description = "The topics that were made."
  value       = sort(keys(confluent_kafka_topic.this))
}

output "environment" {
  description = "Of each component, the environment variables with which it reaches Kafka. Secret."
  value       = local.environment
  sensitive   = true
}

output "kubernetes_secrets" {
  description = "The same as Kubernetes Secrets, kafka-<component>: `terraform output -raw kubernetes_secrets | kubectl apply --server-side -f -`. Secret."
  value = join("---\n", [for component, variables in local.environment : yamlencode({
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "kafka-${component}", namespace = var.namespace }
    type       = "Opaque"
    stringData = variables
  })])
  sensitive = true
}
