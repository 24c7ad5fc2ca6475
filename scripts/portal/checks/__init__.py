"""The rules that stop a build, and plausibility checks that warn."""
