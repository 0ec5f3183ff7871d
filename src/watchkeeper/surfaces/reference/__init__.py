"""The reference pages, made from declarations: ``python -m watchkeeper.surfaces.reference docs/reference``."""
