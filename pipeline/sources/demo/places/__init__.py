"""Backdrops of people and cars: rooms, streets, parks."""
