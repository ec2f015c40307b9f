"""Auth0: one typed adapter over auth0-python. Nothing of the SDK is imported before the tenant is asked."""
