"""clearscene: from pictures to trained, evaluated networks that clear and rebuild scenes."""
