# Runs without an account: every resource is an imitation. `terraform init -backend=false && terraform test`.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = {
      names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_resource "aws_ecr_repository" {
    defaults = {
      repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/kafkloud/portal"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/kafkloud"
    }
  }

  mock_resource "aws_vpc" {
    defaults = {
      id = "vpc-0123456789abcdef0"
    }
  }
}

mock_provider "random" {}

variables {
  control_plane_allowed_cidrs = ["203.0.113.7/32"]
}

run "every_component_gets_its_own_secret" {
  command = apply

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
    condition     = alltrue([for secret in aws_secretsmanager_secret.kafka : startswith(secret.name, "AmazonMSK_")])
    error_message = "MSK does not take a secret whose name begins otherwise."
  }

  assert {
    condition     = output.registry == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/kafkloud"
    error_message = "The registry's address does not lead to the repositories."
  }
}

run "subnets_do_not_overlap" {
  command = apply

  assert {
    condition     = toset(aws_subnet.private[*].cidr_block) == toset(["10.40.0.0/19", "10.40.32.0/19", "10.40.64.0/19"])
    error_message = "The private subnets are not the first three eighths of the network."
  }

  assert {
    condition     = toset(aws_subnet.public[*].cidr_block) == toset(["10.40.240.0/24", "10.40.241.0/24", "10.40.242.0/24"])
    error_message = "The public subnets are not at the end of the network."
  }
}

run "the_whole_internet_is_refused" {
  command = plan

  variables {
    control_plane_allowed_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.control_plane_allowed_cidrs]
}

run "kafka_with_zookeeper_is_refused" {
  command = plan

  variables {
    kafka_version = "3.9.x"
  }

  expect_failures = [var.kafka_version]
}
