# What check.sh runs. The rules come with tflint itself; those for google and aws are plug-ins that it would fetch from GitHub.
plugin "terraform" {
  enabled = true
  preset  = "all"
}

# It wants a main.tf in every folder. Files are named after what they make.
rule "terraform_standard_module_structure" {
  enabled = false
}
