variable "region" {
  description = "Region that everything is created in; it must have three availability zones."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "Give a region such as eu-central-1, without the letter of a zone."
  }
}

variable "name" {
  description = "Name of the clusters, and the beginning of the other names."
  type        = string
  default     = "kafkloud"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "The name has 2 to 32 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "kubernetes_version" {
  description = "Kubernetes version of EKS, such as 1.35. Each costs more once its standard support ends, after 14 months."
  type        = string
  default     = "1.35"

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "Give a minor version such as 1.35."
  }
}

variable "control_plane_allowed_cidrs" {
  description = "Networks from which kubectl may reach the control plane, such as your office's."
  type        = list(string)

  validation {
    condition     = length(var.control_plane_allowed_cidrs) > 0 && alltrue([for cidr in var.control_plane_allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "Give at least one network, such as [\"203.0.113.7/32\"]."
  }

  validation {
    condition     = !contains(var.control_plane_allowed_cidrs, "0.0.0.0/0")
    error_message = "0.0.0.0/0 would open the control plane to everyone: name the networks that you come from."
  }
}

variable "instance_type" {
  description = "Instance type of the nodes. The seer computes embeddings on the CPU: not less than 2 cores and 8 GiB. x86-64, as the images."
  type        = string
  default     = "m6a.xlarge"

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9]+$", var.instance_type))
    error_message = "Give an instance type such as m6a.xlarge."
  }
}

variable "node_count_min" {
  description = "Fewest nodes, and how many there are at first. With three, each zone has one."
  type        = number
  default     = 3

  validation {
    condition     = var.node_count_min >= 1 && floor(var.node_count_min) == var.node_count_min
    error_message = "There must be at least one node, and a whole number of them."
  }
}

variable "node_count_max" {
  description = "Most nodes. They become more only by hand or by a cluster autoscaler, which is not installed here."
  type        = number
  default     = 6

  validation {
    condition     = var.node_count_max >= var.node_count_min && var.node_count_max <= 450
    error_message = "node_count_max must not be less than node_count_min, nor more than 450."
  }
}

variable "kafka_version" {
  description = "Kafka version of MSK, in KRaft mode. `aws kafka list-kafka-versions` names those that can be had."
  type        = string
  default     = "4.1.x.kraft"

  validation {
    condition     = endswith(var.kafka_version, ".kraft")
    error_message = "Only versions in KRaft mode, whose names end in .kraft."
  }
}

variable "broker_instance_type" {
  description = "Instance type of the brokers; one stands in each of the three zones."
  type        = string
  default     = "kafka.m7g.large"

  validation {
    condition     = can(regex("^kafka\\.[a-z0-9-]+\\.[a-z0-9]+$", var.broker_instance_type))
    error_message = "Give a broker type such as kafka.m7g.large."
  }
}

variable "broker_volume_gib" {
  description = "Size of each broker's volume in GiB. It can grow later, never shrink."
  type        = number
  default     = 100

  validation {
    condition     = var.broker_volume_gib >= 1 && var.broker_volume_gib <= 16384
    error_message = "A volume has 1 to 16384 GiB."
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
  description = "Refuse to destroy the EKS cluster. Set it to false and apply before `terraform destroy`. MSK knows no such protection."
  type        = bool
  default     = true
}
