"""Archives of projects: whole projects as one zip in an open layout (docs/project-archive.md), written and taken in again."""
