"""Plans and deploys the tenant's post-login Actions; writes them under the lease of `runs`."""
