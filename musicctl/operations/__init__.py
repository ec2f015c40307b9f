"""What a person asks for, one file each: joins policy, store and tenant, and returns nouns."""
