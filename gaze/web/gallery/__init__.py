"""The gallery: all images of the library, filtered, looked at, compared, kept or thrown away."""
