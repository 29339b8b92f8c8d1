"""Deduplication: bands -> candidate pairs -> true similarity -> clusters. Only packed arrays of keys travel."""
