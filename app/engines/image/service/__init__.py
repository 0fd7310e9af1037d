"""Pictures from services: one class, and a table of what their servers do differently."""
