"""Everything that is a file: assets, user state, images, templates, wildcards, trash. Knows no HTTP and no Redis."""
