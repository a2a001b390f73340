"""Backgrounds without cars, and films of them."""
