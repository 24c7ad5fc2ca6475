"""Rules whose errors stop a build, and plausibility checks that only warn."""
