variable "name" {
  description = "Name of environment and cluster, and the beginning of the service accounts' names."
  type        = string
  default     = "kafkloud"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", var.name))
    error_message = "The name has 2 to 40 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "cloud" {
  description = "Where Confluent runs the cluster: GCP, AWS or AZURE. Best beside the Kubernetes cluster, for the delay and for the price of traffic."
  type        = string
  default     = "GCP"

  validation {
    condition     = contains(["GCP", "AWS", "AZURE"], var.cloud)
    error_message = "The cloud is GCP, AWS or AZURE."
  }
}

variable "region" {
  description = "That cloud's region, such as europe-west1 (GCP), eu-central-1 (AWS), westeurope (AZURE)."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z0-9-]+$", var.region))
    error_message = "A region has lower-case letters, digits and hyphens."
  }
}

variable "cluster_type" {
  description = "basic (no fixed price) or standard. A basic cluster can become a standard one, not the other way round."
  type        = string
  default     = "basic"

  validation {
    condition     = contains(["basic", "standard"], var.cluster_type)
    error_message = "The cluster's type is basic or standard."
  }
}

variable "availability" {
  description = "LOW (one zone) or HIGH (several, needs the type standard). Each record is on three brokers either way."
  type        = string
  default     = "LOW"

  validation {
    condition     = contains(["LOW", "HIGH"], var.availability)
    error_message = "The availability is LOW or HIGH."
  }

  validation {
    condition     = var.availability == "LOW" || var.cluster_type == "standard"
    error_message = "The availability HIGH needs cluster_type = \"standard\"."
  }
}

variable "topics" {
  description = <<-EOT
    Topics of users, each with its partitions and settings. Confluent Cloud makes no topic by itself when somebody writes to it: it stands
    here, or the consumer makes it (`POST /topics`, the portal's page Topics).
  EOT
  type = map(object({
    partitions = optional(number, 6)
    config     = optional(map(string), {})
  }))
  default = {
    stream = {}
  }

  validation {
    condition     = alltrue([for name in keys(var.topics) : can(regex("^[a-zA-Z0-9._-]{1,249}$", name)) && !startswith(name, "kafkloud-") && !startswith(name, "__")])
    error_message = "A topic's name has up to 249 letters, digits, \".\", \"_\" and \"-\"; those that begin with \"kafkloud-\" or \"__\" are internal."
  }

  validation {
    condition     = alltrue([for topic in values(var.topics) : topic.partitions >= 1 && floor(topic.partitions) == topic.partitions])
    error_message = "A topic has at least one partition."
  }

  validation {
    condition     = length(setintersection(keys(var.topics), ["seer-statement", "seer-question", "seer-answer"])) == 0
    error_message = "The topics of the seer are made anyway: leave them out."
  }
}

variable "namespace" {
  description = "Kubernetes namespace of the Secrets in the output kubernetes_secrets."
  type        = string
  default     = "kafkloud"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "A namespace has up to 63 lower-case letters, digits and hyphens."
  }
}

variable "deletion_protection" {
  description = "Refuse to destroy the Kafka cluster, and with it all messages. Set it to false and apply before `terraform destroy`."
  type        = bool
  default     = true
}
