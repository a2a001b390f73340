"""Backgrounds with and without a car."""
