locals {
  # The parts that talk to Kafka. The portal is not among them: it asks the others over HTTP.
  kafka_components = toset(["producer", "consumer", "seer", "kafkaui"])
}

resource "aws_security_group" "kafka" {
  name        = "${var.name}-kafka"
  description = "Brokers of MSK: SASL/SCRAM over TLS from the nodes, and nothing else"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "kafka_from_nodes" {
  security_group_id            = aws_security_group.kafka.id
  description                  = "SASL/SCRAM from the pods"
  referenced_security_group_id = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 9096
  to_port                      = 9096
}

resource "aws_kms_key" "kafka" {
  description         = "Kafka of ${var.name}: messages and passwords at rest"
  enable_key_rotation = true
}

resource "aws_msk_configuration" "this" {
  name           = var.name
  kafka_versions = [var.kafka_version]

  server_properties = <<-EOT
    auto.create.topics.enable = true
    default.replication.factor = 3
    min.insync.replicas = 2
    num.partitions = 6
    offsets.topic.replication.factor = 3
    transaction.state.log.replication.factor = 3
    transaction.state.log.min.isr = 2
    unclean.leader.election.enable = false
  EOT

  # A configuration in use cannot be deleted, so the next one comes first.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_msk_cluster" "this" {
  cluster_name           = var.name
  kafka_version          = var.kafka_version
  number_of_broker_nodes = 3

  broker_node_group_info {
    instance_type   = var.broker_instance_type
    client_subnets  = aws_subnet.private[*].id
    security_groups = [aws_security_group.kafka.id]

    storage_info {
      ebs_storage_info {
        volume_size = var.broker_volume_gib
      }
    }
  }

  configuration_info {
    arn      = aws_msk_configuration.this.arn
    revision = aws_msk_configuration.this.latest_revision
  }

  client_authentication {
    unauthenticated = false

    sasl {
      scram = true
    }
  }

  encryption_info {
    encryption_at_rest_kms_key_arn = aws_kms_key.kafka.arn

    encryption_in_transit {
      client_broker = "TLS"
      in_cluster    = true
    }
  }

  open_monitoring {
    prometheus {
      jmx_exporter {
        enabled_in_broker = true
      }

      node_exporter {
        enabled_in_broker = true
      }
    }
  }
}

resource "random_password" "kafka" {
  for_each = local.kafka_components

  length = 40
  # Letters and digits only: no quoting can go wrong on the way to a client.
  special = false
}

# MSK takes passwords from here alone, under names that begin with AmazonMSK_, encrypted by a key that is not AWS's own.
resource "aws_secretsmanager_secret" "kafka" {
  for_each = local.kafka_components

  name       = "AmazonMSK_${var.name}-${each.key}"
  kms_key_id = aws_kms_key.kafka.arn
  # So that the same name can be created again at once after a destroy; the default keeps it for 30 days.
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "kafka" {
  for_each = local.kafka_components

  secret_id = aws_secretsmanager_secret.kafka[each.key].id
  secret_string = jsonencode({
    username = "${var.name}-${each.key}"
    password = random_password.kafka[each.key].result
  })
}

resource "aws_secretsmanager_secret_policy" "kafka" {
  for_each = local.kafka_components

  secret_arn = aws_secretsmanager_secret.kafka[each.key].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AWSKafkaResourcePolicy"
      Effect    = "Allow"
      Principal = { Service = "kafka.amazonaws.com" }
      Action    = "secretsmanager:getSecretValue"
      Resource  = aws_secretsmanager_secret.kafka[each.key].arn
    }]
  })
}

resource "aws_msk_scram_secret_association" "this" {
  cluster_arn     = aws_msk_cluster.this.arn
  secret_arn_list = [for component in local.kafka_components : aws_secretsmanager_secret.kafka[component].arn]

  depends_on = [aws_secretsmanager_secret_version.kafka, aws_secretsmanager_secret_policy.kafka]
}
