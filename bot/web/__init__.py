"""The HTTP side: Starlette routes, up in both modes."""
