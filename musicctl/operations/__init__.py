"""What a person asks for, a wing for each noun: joins policy, store and tenant, and returns nouns."""
