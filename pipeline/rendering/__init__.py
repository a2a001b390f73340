"""Shadows of cutouts on photos: one sun, one ground plane, arrays in and arrays out.

The model, from the eye to the ground:

- **Camera** (`camera`): a pinhole with a level view and a shifted lens, so that verticals stay
  vertical and the horizon is a row of the picture.
- **Solid** (`solids`): the silhouette of a cutout stands as upright walls on the line on which it
  touches the ground, and is as thick as its footprint asks for.
- **Sun and sky** (`sun`): the sun is a disc, the sky a half dome, both as sets of directions.
- **Shadow** (`shadows`): the part of either that a point of the ground does not see. Planar
  projected shadows after Blinn, "Me and My (Fake) Shadow", IEEE Computer Graphics and
  Applications 8(1), 1988, made thick and soft.
- **Shade** (`shade`): what the picture itself says about the colour and strength of both lights.
- **Ground** (`ground`), **places** (`places`), **layout** (`layout`), **scenes** (`scenes`): where
  things may stand, a draw of where they do, and the pictures of it.
- **Layers** (`layers`): the shadow of one object as a picture with transparency.
"""
