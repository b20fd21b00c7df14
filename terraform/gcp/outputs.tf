output "kubectl_command" {
  description = "Makes the cluster kubectl's current one. Needs gcloud with the component gke-gcloud-auth-plugin."
  value       = "gcloud container clusters get-credentials ${google_container_cluster.this.name} --location ${var.region} --project ${var.project}${length(var.control_plane_allowed_cidrs) > 0 ? "" : " --dns-endpoint"}"
}

output "registry_login_command" {
  description = "Lets docker push to the registry as you."
  value       = "gcloud auth configure-docker ${local.registry_host}"
}

output "registry" {
  description = "Where the images go; the component's name and a tag follow."
  value       = "${local.registry_host}/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "portal_url" {
  description = "The portal's public address, for its PORTAL_URL; null without a domain."
  value       = local.public ? "https://${var.domain}" : null
}

output "ingress_address" {
  description = "The address that the domain's A record names; null without a domain."
  value       = one(google_compute_global_address.portal[*].address)
}

output "dns_records" {
  description = "The records that the domain needs. With create_dns_zone they are there; else add them where the domain is kept."
  value       = local.records
}

output "name_servers" {
  description = "With create_dns_zone: the NS records to add for the domain where its parent is kept."
  value       = try(google_dns_managed_zone.portal[0].name_servers, [])
}

output "ingress_manifest" {
  description = "Gateway, routes and policies to apply in the cluster; null without a domain."
  value = local.public ? templatefile("${path.module}/ingress.yaml.tftpl", {
    namespace       = "kafkloud"
    domain          = var.domain
    address_name    = google_compute_global_address.portal[0].name
    certificate_map = google_certificate_manager_certificate_map.portal[0].name
  }) : null
}

locals {
  registry_host = "${var.region}-docker.pkg.dev"
}
