"""Pictures with several people, annotated as COCO annotates its own."""
