locals {
  # The names are those of crates/contract/src/topic.rs; check.sh compares them.
  own_topics = {
    "seer-statement" = { partitions = 6, config = {} }
    "seer-question"  = { partitions = 6, config = {} }
    "seer-answer"    = { partitions = 6, config = {} }

    # As long as the consumer keeps the life of a message (its --retention-age): 7 days.
    "kafkloud-lifecycle" = { partitions = 6, config = { "retention.ms" = "604800000" } }
    # Somebody has to look at these, perhaps after a holiday: 30 days.
    "kafkloud-dead-letter" = { partitions = 6, config = { "retention.ms" = "2592000000" } }
  }
}

resource "confluent_kafka_topic" "this" {
  for_each = merge(var.topics, local.own_topics)

  kafka_cluster {
    id = confluent_kafka_cluster.this.id
  }

  topic_name       = each.key
  partitions_count = each.value.partitions
  config           = each.value.config
  rest_endpoint    = confluent_kafka_cluster.this.rest_endpoint

  credentials {
    key    = confluent_api_key.manager.id
    secret = confluent_api_key.manager.secret
  }
}
