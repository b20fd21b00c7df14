locals {
  registry_host = split("/", aws_ecr_repository.image["portal"].repository_url)[0]

  kafka = { for component in local.kafka_components : component => {
    KAFKA_BROKER            = aws_msk_cluster.this.bootstrap_brokers_sasl_scram
    KAFKA_SECURITY_PROTOCOL = "sasl_ssl"
    KAFKA_SASL_MECHANISM    = "SCRAM-SHA-512"
    KAFKA_SASL_USERNAME     = "${var.name}-${component}"
    KAFKA_SASL_PASSWORD     = random_password.kafka[component].result
  } }

  # kafka-ui is a Java program and has names of its own for the same.
  environment = merge(local.kafka, {
    kafkaui = merge(local.kafka["kafkaui"], {
      KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS             = local.kafka["kafkaui"].KAFKA_BROKER
      KAFKA_CLUSTERS_0_PROPERTIES_SECURITY_PROTOCOL = "SASL_SSL"
      KAFKA_CLUSTERS_0_PROPERTIES_SASL_MECHANISM    = local.kafka["kafkaui"].KAFKA_SASL_MECHANISM
      KAFKA_CLUSTERS_0_PROPERTIES_SASL_JAAS_CONFIG  = "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"${local.kafka["kafkaui"].KAFKA_SASL_USERNAME}\" password=\"${local.kafka["kafkaui"].KAFKA_SASL_PASSWORD}\";"
    })
  })
}

output "kubectl_command" {
  description = "Makes the cluster kubectl's current one. Needs the AWS CLI."
  value       = "aws eks update-kubeconfig --name ${aws_eks_cluster.this.name} --region ${var.region}"
}

output "registry_login_command" {
  description = "Lets docker push to the registry, for twelve hours."
  value       = "aws ecr get-login-password --region ${var.region} | docker login --username AWS --password-stdin ${local.registry_host}"
}

output "registry" {
  description = "Where the images go; the component's name and a tag follow."
  value       = "${local.registry_host}/${var.name}"
}

output "bootstrap_servers" {
  description = "Kafka's address, for KAFKA_BROKER. Reachable from inside the VPC only."
  value       = aws_msk_cluster.this.bootstrap_brokers_sasl_scram
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
