"""What can be asked over HTTP: the fields of each form, checked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from PIL import ImageColor
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.editing.options import Background, Colour, Cut, Fill, PersonModel, Place, Removal
from pipeline.photos import Format, Photo


def to_colour(text: str) -> Colour:
    """A colour by name or as #rrggbb.

    Raises:
        ValueError: It is neither.
    """
    red, green, blue = ImageColor.getrgb(text)[:3]
    return red, green, blue


def _background(text: str) -> str:
    if text not in ("none", "blur", "picture"):
        try:
            to_colour(text)
        except ValueError:
            raise ValueError("none, blur, picture, or a colour such as white or #1e90ff") from None
    return text


class Form(BaseModel):
    """Fields of a request beside its pictures; others are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: Format = Field("png", description="Of the answer; JPEG has no transparency.")
    quality: int | None = Field(
        None, ge=1, le=100, description="Of JPEG (95 without it) and WebP (lossless without it)."
    )


class CutoutForm(Form):
    """How to cut people out."""

    model: PersonModel = Field("person_se", description="Whose mask: all people, or the central.")
    background: Annotated[str, AfterValidator(_background)] = Field(
        "none",
        description="none (transparent), blur, picture (send it as the file `picture`), or a "
        "colour such as white or #1e90ff.",
    )
    crop: bool = Field(False, description="Cut the picture down to the people.")
    margin: float = Field(0.05, ge=0, le=1, description="Space left around them when cropped.")
    mask: bool = Field(False, description="The mask alone: white where people are.")

    def cut(self, picture: Photo | None) -> Cut:
        """It as the studio takes it; `picture` is wanted for the background of that name."""
        return Cut(self.model, self._behind(picture), self.crop, self.margin, self.mask)

    def _behind(self, picture: Photo | None) -> Background:
        if picture is not None:
            return picture
        match self.background:
            case "none" | "blur" as word:
                return word
            case colour:
                return to_colour(colour)


class RemovalForm(Form):
    """How to remove cars."""

    shadow: bool = Field(True, description="Remove what they shade too.")
    fill: Fill = Field("network", description="What paints the ground.")

    def removal(self) -> Removal:
        """It as the studio takes it."""
        return Removal(self.fill, self.shadow)


class ShadowForm(Form):
    """Where a cutout goes in a scene."""

    x: float = Field(description="Column of the cutout's bottom centre, in pixels of the scene.")
    y: float = Field(description="Row of it: where it stands.")
    scale: float | None = Field(
        None, gt=0, le=4, description="Its height as a share of the scene's; without it as it is."
    )
    part: Literal["composed", "layer"] = Field(
        "composed", description="The whole picture, or the shadow alone (transparent elsewhere)."
    )

    def place(self) -> Place:
        """It as the studio takes it."""
        return Place(self.x, self.y, self.scale)


FILES = {
    "image": "The picture.",
    "picture": "What goes behind the people; with the background `picture` alone.",
    "scene": "Where the cutout goes.",
    "cutout": "A picture with transparency.",
}


def body_of(form: type[Form], needed: tuple[str, ...], also: tuple[str, ...] = ()) -> Any:
    """What OpenAPI says about a request: the form and its files.

    Args:
        form: Fields.
        needed: Files that must be sent.
        also: Files that may be.
    """
    schema = form.model_json_schema()
    files = {
        name: {"type": "string", "format": "binary", "description": FILES[name]}
        for name in (*needed, *also)
    }
    schema["properties"] = {**files, **schema["properties"]}
    schema["required"] = [*needed, *schema.get("required", [])]
    content = {"multipart/form-data": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}
