# What the portal needs to be reached by a name: an address that stays, the name's records, and a certificate that Google renews.
# The load balancer itself is made by the cluster, from the output `ingress_manifest`.

locals {
  public = var.domain != ""
  zone   = local.public && var.create_dns_zone

  records = local.public ? {
    address = {
      name = "${var.domain}."
      type = "A"
      data = google_compute_global_address.portal[0].address
    }
    certificate = {
      name = google_certificate_manager_dns_authorization.portal[0].dns_resource_record[0].name
      type = google_certificate_manager_dns_authorization.portal[0].dns_resource_record[0].type
      data = google_certificate_manager_dns_authorization.portal[0].dns_resource_record[0].data
    }
  } : {}
}

resource "google_compute_global_address" "portal" {
  count = local.public ? 1 : 0

  name = "${var.name}-portal"

  depends_on = [google_project_service.used]
}

# By a record, not by a request to the load balancer: the certificate is there before the first visitor.
resource "google_certificate_manager_dns_authorization" "portal" {
  count = local.public ? 1 : 0

  name   = "${var.name}-portal"
  domain = var.domain

  depends_on = [google_project_service.used]
}

resource "google_certificate_manager_certificate" "portal" {
  count = local.public ? 1 : 0

  name = "${var.name}-portal"

  managed {
    domains            = [var.domain]
    dns_authorizations = [google_certificate_manager_dns_authorization.portal[0].id]
  }
}

resource "google_certificate_manager_certificate_map" "portal" {
  count = local.public ? 1 : 0

  name = "${var.name}-portal"

  depends_on = [google_project_service.used]
}

resource "google_certificate_manager_certificate_map_entry" "portal" {
  count = local.public ? 1 : 0

  name         = "${var.name}-portal"
  map          = google_certificate_manager_certificate_map.portal[0].name
  hostname     = var.domain
  certificates = [google_certificate_manager_certificate.portal[0].id]
}

resource "google_dns_managed_zone" "portal" {
  count = local.zone ? 1 : 0

  name        = var.name
  dns_name    = "${var.domain}."
  description = "Kafkloud's portal"

  dnssec_config {
    state = "on"
  }

  depends_on = [google_project_service.used]
}

resource "google_dns_record_set" "portal" {
  # The keys are known before the apply, as for_each needs; the values are not.
  for_each = toset(local.zone ? ["address", "certificate"] : [])

  managed_zone = google_dns_managed_zone.portal[0].name
  name         = local.records[each.key].name
  type         = local.records[each.key].type
  ttl          = 300
  rrdatas      = [local.records[each.key].data]
}
