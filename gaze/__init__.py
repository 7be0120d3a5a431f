"""GAZE: a file-first library of characters, outfits, poses, styles and scenes for ComfyUI."""

__version__ = "0.1.0"
