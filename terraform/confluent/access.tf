# One account, key and set of rights for each part that talks to Kafka. The portal is not among them: it asks the others over HTTP.

locals {
  # Pattern "any" is every name; "prefix" every name that begins so; "name" just that one.
  rights = {
    # Any topic of users, so any name. That the internal ones are not among them is said by the denials below.
    producer = [
      { resource = "TOPIC", pattern = "any", name = "*", operations = ["WRITE", "DESCRIBE"] },
    ]

    # Reads everything, makes and deletes topics, moves and deletes groups (POST /topics, /groups/{group}/offsets, …),
    # and writes dead letters to where they came from when they are replayed.
    consumer = [
      { resource = "TOPIC", pattern = "any", name = "*", operations = ["READ", "WRITE", "CREATE", "DELETE", "DESCRIBE", "DESCRIBE_CONFIGS"] },
      { resource = "GROUP", pattern = "any", name = "*", operations = ["READ", "DELETE", "DESCRIBE"] },
      { resource = "CLUSTER", pattern = "name", name = "kafka-cluster", operations = ["DESCRIBE"] },
    ]

    # Learns from every topic, answers on its own, and says what it has indexed. Its groups are SEER_GROUP and those named after it. It may
    # make its own topics: without that right Kafka refuses the attempt even where they are there.
    seer = [
      { resource = "TOPIC", pattern = "any", name = "*", operations = ["READ", "DESCRIBE", "DESCRIBE_CONFIGS"] },
      { resource = "TOPIC", pattern = "prefix", name = "seer-", operations = ["WRITE", "CREATE"] },
      { resource = "TOPIC", pattern = "prefix", name = "kafkloud-", operations = ["WRITE", "CREATE"] },
      { resource = "GROUP", pattern = "prefix", name = "seer", operations = ["READ", "DESCRIBE"] },
    ]

    # Looks only.
    kafkaui = [
      { resource = "TOPIC", pattern = "any", name = "*", operations = ["READ", "DESCRIBE", "DESCRIBE_CONFIGS"] },
      { resource = "GROUP", pattern = "any", name = "*", operations = ["DESCRIBE"] },
      { resource = "CLUSTER", pattern = "name", name = "kafka-cluster", operations = ["DESCRIBE", "DESCRIBE_CONFIGS"] },
    ]
  }

  allowed = flatten([for component, rights in local.rights : [for right in rights : [for operation in right.operations : {
    component    = component
    resource     = right.resource
    name         = right.name
    pattern_type = right.pattern == "prefix" ? "PREFIXED" : "LITERAL"
    operation    = operation
    permission   = "ALLOW"
  }]]])

  # A denial wins over any permission.
  denied = [{
    component    = "producer"
    resource     = "TOPIC"
    name         = "kafkloud-"
    pattern_type = "PREFIXED"
    operation    = "WRITE"
    permission   = "DENY"
  }]

  acls = { for acl in concat(local.allowed, local.denied) :
    join(" ", [acl.component, lower(acl.permission), lower(acl.operation), lower(acl.resource), acl.name]) => acl
  }
}

resource "confluent_service_account" "component" {
  for_each = local.rights

  display_name = "${var.name}-${each.key}"
  description  = "Kafkloud's ${each.key} in the cluster ${var.name}"
}

resource "confluent_api_key" "component" {
  for_each = local.rights

  display_name = "${var.name}-${each.key}"
  description  = "Key of ${confluent_service_account.component[each.key].display_name} for the Kafka cluster"

  owner {
    id          = confluent_service_account.component[each.key].id
    api_version = confluent_service_account.component[each.key].api_version
    kind        = confluent_service_account.component[each.key].kind
  }

  managed_resource {
    id          = confluent_kafka_cluster.this.id
    api_version = confluent_kafka_cluster.this.api_version
    kind        = confluent_kafka_cluster.this.kind

    environment {
      id = confluent_environment.this.id
    }
  }
}

resource "confluent_kafka_acl" "this" {
  for_each = local.acls

  kafka_cluster {
    id = confluent_kafka_cluster.this.id
  }

  resource_type = each.value.resource
  resource_name = each.value.name
  pattern_type  = each.value.pattern_type
  principal     = "User:${confluent_service_account.component[each.value.component].id}"
  host          = "*"
  operation     = each.value.operation
  permission    = each.value.permission
  rest_endpoint = confluent_kafka_cluster.this.rest_endpoint

  credentials {
    key    = confluent_api_key.manager.id
    secret = confluent_api_key.manager.secret
  }
}
