"""Pictures of COCO with one person in the middle."""
