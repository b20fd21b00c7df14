terraform {
  required_version = ">= 1.9"

  required_providers {
    confluent = {
      source  = "confluentinc/confluent"
      version = "~> 2.83"
    }
  }
}

# Reads CONFLUENT_CLOUD_API_KEY and CONFLUENT_CLOUD_API_SECRET. They are no variables, so that they stand in no file and no plan.
provider "confluent" {}
