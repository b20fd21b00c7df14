terraform {
  # 1.9 is the first that lets a validation look at other variables.
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region

  default_labels = {
    application = var.name
  }
}
