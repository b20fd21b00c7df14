locals {
  # The provider gives an address such as SASL_SSL://pkc-00000.europe-west1.gcp.confluent.cloud:9092.
  bootstrap_servers = replace(confluent_kafka_cluster.this.bootstrap_endpoint, "/^[A-Z_]+:///", "")

  kafka = { for component, key in confluent_api_key.component : component => {
    KAFKA_BROKER            = local.bootstrap_servers
    KAFKA_SECURITY_PROTOCOL = "sasl_ssl"
    KAFKA_SASL_MECHANISM    = "PLAIN"
    KAFKA_SASL_USERNAME     = key.id
    KAFKA_SASL_PASSWORD     = key.secret
  } }

  # kafka-ui is a Java program and has names of its own for the same.
  environment = merge(local.kafka, {
    kafkaui = merge(local.kafka["kafkaui"], {
      KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS             = local.kafka["kafkaui"].KAFKA_BROKER
      KAFKA_CLUSTERS_0_PROPERTIES_SECURITY_PROTOCOL = "SASL_SSL"
      KAFKA_CLUSTERS_0_PROPERTIES_SASL_MECHANISM    = local.kafka["kafkaui"].KAFKA_SASL_MECHANISM
      KAFKA_CLUSTERS_0_PROPERTIES_SASL_JAAS_CONFIG  = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"${local.kafka["kafkaui"].KAFKA_SASL_USERNAME}\" password=\"${local.kafka["kafkaui"].KAFKA_SASL_PASSWORD}\";"
    })
  })
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
  description = "The same as Kubernetes Secrets, kafka-external-<component>: `terraform output -raw kubernetes_secrets | kubectl apply --server-side -f -`. Secret."
  value = join("---\n", [for component, variables in local.environment : yamlencode({
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "kafka-external-${component}", namespace = var.namespace }
    type       = "Opaque"
    stringData = variables
  })])
  sensitive = true
}
