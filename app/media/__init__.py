"""The kinds of content: reading, writing, checking and describing pictures, texts and music, without any model or database."""
