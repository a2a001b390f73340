"""Scores: of masks, of pictures, of shadows, of film; their means and how sure they are."""
