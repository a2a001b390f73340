"""COCO: its annotations, and only the pictures that are wanted."""
