"""Makes every write to the tenant safe (lease, journal, last look, recovery), whatever wing it is of."""
