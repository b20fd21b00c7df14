resource "confluent_environment" "this" {
  display_name = var.name

  stream_governance {
    package = "ESSENTIALS"
  }
}

resource "confluent_kafka_cluster" "this" {
  display_name        = var.name
  availability        = var.availability
  cloud               = var.cloud
  region              = var.region
  deletion_protection = var.deletion_protection

  dynamic "basic" {
    for_each = var.cluster_type == "basic" ? [1] : []
    content {}
  }

  dynamic "standard" {
    for_each = var.cluster_type == "standard" ? [1] : []
    content {}
  }

  environment {
    id = confluent_environment.this.id
  }
}

# Makes the topics and grants the rights below; no part of Kafkloud ever has its key.
resource "confluent_service_account" "manager" {
  display_name = "${var.name}-manager"
  description  = "Terraform's own: manages topics and ACLs of the cluster ${var.name}"
}

resource "confluent_role_binding" "manager" {
  principal   = "User:${confluent_service_account.manager.id}"
  role_name   = "CloudClusterAdmin"
  crn_pattern = confluent_kafka_cluster.this.rbac_crn
}

resource "confluent_api_key" "manager" {
  display_name = "${var.name}-manager"
  description  = "Key of ${confluent_service_account.manager.display_name} for the Kafka cluster"

  owner {
    id          = confluent_service_account.manager.id
    api_version = confluent_service_account.manager.api_version
    kind        = confluent_service_account.manager.kind
  }

  managed_resource {
    id          = confluent_kafka_cluster.this.id
    api_version = confluent_kafka_cluster.this.api_version
    kind        = confluent_kafka_cluster.this.kind

    environment {
      id = confluent_environment.this.id
    }
  }

  # Topics and ACLs are made with this key: it is of no use before the role, and must outlive it when all is destroyed.
  depends_on = [confluent_role_binding.manager]
}
