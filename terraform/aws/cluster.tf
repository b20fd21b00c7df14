locals {
  # Who may take on a role: one of AWS's services.
  trusted = { for role, service in {
    cluster = { principal = "eks.amazonaws.com", actions = ["sts:AssumeRole"] }
    nodes   = { principal = "ec2.amazonaws.com", actions = ["sts:AssumeRole"] }
    volumes = { principal = "pods.eks.amazonaws.com", actions = ["sts:AssumeRole", "sts:TagSession"] }
    } : role => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Service = service.principal }
        Action    = service.actions
      }]
  }) }

  policies = {
    cluster = ["AmazonEKSClusterPolicy"]
    # Pull-only: a node fetches images and never pushes one.
    nodes   = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"]
    volumes = ["service-role/AmazonEBSCSIDriverPolicy"]
  }
}

data "aws_partition" "current" {}

resource "aws_iam_role" "this" {
  for_each = local.trusted

  name               = "${var.name}-${each.key}"
  assume_role_policy = each.value
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = merge([for role, names in local.policies : { for name in names : "${role} ${name}" => { role = role, name = name } }]...)

  role       = aws_iam_role.this[each.value.role].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.value.name}"
}

resource "aws_eks_cluster" "this" {
  name                = var.name
  version             = var.kubernetes_version
  role_arn            = aws_iam_role.this["cluster"].arn
  deletion_protection = var.deletion_protection

  # Upgraded when it must be, instead of being charged six times as much for a year more.
  upgrade_policy {
    support_type = "STANDARD"
  }

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }

  vpc_config {
    subnet_ids              = aws_subnet.private[*].id
    endpoint_private_access = true
    endpoint_public_access  = true
    public_access_cidrs     = var.control_plane_allowed_cidrs
  }

  enabled_cluster_log_types = ["audit", "authenticator"]

  depends_on = [aws_iam_role_policy_attachment.this]
}

resource "aws_launch_template" "nodes" {
  name = "${var.name}-nodes"

  # A pod must not get at the node's rights: tokens only (IMDSv2), and none that travels further than the node itself.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size = 50
      volume_type = "gp3"
      encrypted   = true
    }
  }
}

resource "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "main"
  node_role_arn   = aws_iam_role.this["nodes"].arn
  subnet_ids      = aws_subnet.private[*].id
  ami_type        = "AL2023_x86_64_STANDARD"
  instance_types  = [var.instance_type]

  launch_template {
    id      = aws_launch_template.nodes.id
    version = aws_launch_template.nodes.latest_version
  }

  scaling_config {
    desired_size = var.node_count_min
    min_size     = var.node_count_min
    max_size     = var.node_count_max
  }

  update_config {
    max_unavailable = 1
  }

  lifecycle {
    # Whoever scales the nodes is not undone by the next apply.
    ignore_changes = [scaling_config[0].desired_size]
  }

  depends_on = [aws_iam_role_policy_attachment.this, aws_eks_addon.before_nodes]
}

locals {
  # Nodes become ready only with these.
  addons_before_nodes = {
    # Enforces the NetworkPolicies of k8s/, which it does not by default.
    "vpc-cni"                = jsonencode({ enableNetworkPolicy = "true" })
    "kube-proxy"             = null
    "eks-pod-identity-agent" = null
  }

  # These need nodes to run on.
  addons_on_nodes = ["coredns", "metrics-server", "aws-ebs-csi-driver"]
}

resource "aws_eks_addon" "before_nodes" {
  for_each = local.addons_before_nodes

  cluster_name         = aws_eks_cluster.this.name
  addon_name           = each.key
  configuration_values = each.value
}

resource "aws_eks_addon" "on_nodes" {
  for_each = toset(local.addons_on_nodes)

  cluster_name = aws_eks_cluster.this.name
  addon_name   = each.key

  depends_on = [aws_eks_node_group.this, aws_eks_pod_identity_association.volumes]
}

# The driver that makes volumes has its rights from here, not from the node.
resource "aws_eks_pod_identity_association" "volumes" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = "kube-system"
  service_account = "ebs-csi-controller-sa"
  role_arn        = aws_iam_role.this["volumes"].arn
}
