"""Drawing: canvas, shapes, textures, colours, solids, camera."""
