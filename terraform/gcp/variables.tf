variable "project" {
  description = "ID of the Google Cloud project that everything is created in. It must exist and have billing."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project's ID has 6 to 30 lower-case letters, digits and hyphens: give the ID, not the name or the number."
  }
}

variable "region" {
  description = "Region of cluster and registry. Near Confluent Cloud's cluster, if that is used."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Give a region such as europe-west1, without the letter of a zone."
  }
}

variable "name" {
  description = "Name of the cluster, and the beginning of the other names."
  type        = string
  default     = "kafkloud"

  # A service account's name is the shortest: 30 characters, of which "-nodes" takes six.
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,21}[a-z0-9]$", var.name))
    error_message = "The name has 2 to 23 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "release_channel" {
  description = "How early Google upgrades Kubernetes: RAPID, REGULAR, STABLE, or EXTENDED (costs more once a version is in its extended support)."
  type        = string
  default     = "REGULAR"

  validation {
    condition     = contains(["RAPID", "REGULAR", "STABLE", "EXTENDED"], var.release_channel)
    error_message = "The release channel is RAPID, REGULAR, STABLE or EXTENDED."
  }
}

variable "machine_type" {
  description = "Machine type of the nodes. The seer computes embeddings on the CPU: not less than 2 cores and 8 GiB."
  type        = string
  default     = "e2-standard-4"

  validation {
    condition     = can(regex("^[a-z0-9]+-[a-z0-9-]+$", var.machine_type))
    error_message = "Give a machine type such as e2-standard-4."
  }
}

variable "node_count_min" {
  description = "Fewest nodes, over all zones of the region. With three, each zone has one."
  type        = number
  default     = 3

  validation {
    condition     = var.node_count_min >= 1 && floor(var.node_count_min) == var.node_count_min
    error_message = "There must be at least one node, and a whole number of them."
  }
}

variable "node_count_max" {
  description = "Most nodes, over all zones of the region: where the autoscaler, and the bill, stops."
  type        = number
  default     = 6

  validation {
    condition     = var.node_count_max >= var.node_count_min && var.node_count_max <= 1000
    error_message = "node_count_max must not be less than node_count_min, nor more than 1000."
  }
}

variable "control_plane_allowed_cidrs" {
  description = <<-EOT
    Networks from which the control plane answers at its IP address, by name. Empty: that address is closed, and kubectl takes the cluster's
    DNS name, which anyone can reach but which lets in nobody without Google's sign-in and the role container.developer.
  EOT
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for cidr in values(var.control_plane_allowed_cidrs) : can(cidrhost(cidr, 0))])
    error_message = "Each network is written as 203.0.113.0/24."
  }

  validation {
    condition     = !contains(values(var.control_plane_allowed_cidrs), "0.0.0.0/0")
    error_message = "0.0.0.0/0 would open the control plane's address to everyone: leave the map empty and use the DNS name."
  }
}

variable "domain" {
  description = "The portal's public name, such as kafkloud.example.com. Empty: no address, certificate or DNS zone is made, and the portal is reached by `make attach-k8s`."
  type        = string
  default     = ""

  validation {
    condition     = var.domain == "" || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain))
    error_message = "Give a full name in small letters without a dot at its end, such as kafkloud.example.com."
  }
}

variable "create_dns_zone" {
  description = "Make a public zone in Cloud DNS for the domain, with its records. Whoever keeps the parent domain must delegate to it (output name_servers). Without it the records of the output dns_records are yours to add."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Refuse to destroy the cluster. Set it to false and apply before `terraform destroy`."
  type        = bool
  default     = true
}
