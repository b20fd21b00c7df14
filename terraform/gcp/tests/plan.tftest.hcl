# Runs without an account: every resource is an imitation. `terraform init -backend=false && terraform test`.

mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = {
      email  = "kafkloud-nodes@kafkloud-test.iam.gserviceaccount.com"
      member = "serviceAccount:kafkloud-nodes@kafkloud-test.iam.gserviceaccount.com"
    }
  }

  mock_resource "google_certificate_manager_dns_authorization" {
    defaults = {
      dns_resource_record = [{ name = "_acme.kafkloud.example.com.", type = "CNAME", data = "proof.example.net." }]
    }
  }
}

variables {
  project = "kafkloud-test"
}

run "without_a_domain_there_is_nothing_public" {
  command = plan

  assert {
    condition     = length(google_compute_global_address.portal) == 0 && length(google_dns_managed_zone.portal) == 0
    error_message = "A public address or zone was planned though no domain was given."
  }

  assert {
    condition     = output.portal_url == null && output.ingress_manifest == null
    error_message = "A public URL or a manifest was given though there is no domain."
  }
}

run "nodes_are_private_and_the_address_of_the_control_plane_closed" {
  command = plan

  assert {
    condition     = google_container_cluster.this.private_cluster_config[0].enable_private_nodes
    error_message = "Nodes would have public addresses."
  }

  assert {
    condition     = !google_container_cluster.this.control_plane_endpoints_config[0].ip_endpoints_config[0].enabled
    error_message = "The control plane would answer at its address though no network may reach it."
  }

  assert {
    condition     = endswith(output.kubectl_command, "--dns-endpoint")
    error_message = "kubectl must take the DNS name where the address is closed."
  }
}

run "a_domain_brings_records_certificate_and_manifest" {
  command = apply

  variables {
    domain                      = "kafkloud.example.com"
    control_plane_allowed_cidrs = { office = "203.0.113.0/24" }
  }

  assert {
    condition     = output.portal_url == "https://kafkloud.example.com"
    error_message = "The portal's address is not the domain's."
  }

  assert {
    condition     = google_dns_record_set.portal["certificate"].type == "CNAME" && google_dns_record_set.portal["address"].name == "kafkloud.example.com."
    error_message = "The zone lacks the address or the certificate's proof."
  }

  assert {
    condition     = length([for document in split("\n---\n", output.ingress_manifest) : yamldecode(document).kind]) == 6
    error_message = "The manifest is not six objects of YAML."
  }
}

run "without_a_zone_the_records_are_told" {
  command = apply

  variables {
    domain          = "kafkloud.example.com"
    create_dns_zone = false
  }

  assert {
    condition     = length(google_dns_record_set.portal) == 0 && output.dns_records["certificate"].data == "proof.example.net."
    error_message = "Records must be told, not made, where the zone is someone else's."
  }
}

run "the_whole_internet_is_refused" {
  command = plan

  variables {
    control_plane_allowed_cidrs = { all = "0.0.0.0/0" }
  }

  expect_failures = [var.control_plane_allowed_cidrs]
}
