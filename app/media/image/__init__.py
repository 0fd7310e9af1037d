"""Pictures: admission, SVG, tracing."""
