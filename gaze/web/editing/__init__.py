"""Editing one asset: its form from the declaration, what was typed, merging, references."""
