"""The pure rules: who holds the role, what a plan is, what a name may be. No clock, network or database."""
