# ECR has no folders: each image is a repository of its own.
resource "aws_ecr_repository" "image" {
  for_each = toset(["portal", "producer", "consumer", "seer", "streamer"])

  name = "${var.name}/${each.key}"

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "image" {
  for_each = aws_ecr_repository.image

  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "An image that no tag names any more is kept for a month, so that a roll-back still finds it"
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 30 }
      action       = { type = "expire" }
    }]
  })
}
