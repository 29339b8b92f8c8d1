"""Measurements of the product, on real data: each prints one table and can write JSON."""
