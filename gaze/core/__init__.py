"""What GAZE knows about assets, recipes, prompts and graphs: pure, without I/O, clock or chance of its own."""
