"""Archives: fetched, unpacked safely, made a collection."""
