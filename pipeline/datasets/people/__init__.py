"""Persons with their masks."""
