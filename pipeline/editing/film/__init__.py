"""Edits of films: whole, resumable, in a memory that does not grow with their length."""

from pipeline.editing.film.report import FilmReport

__all__ = ["FilmReport"]
