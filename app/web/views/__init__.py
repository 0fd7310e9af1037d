"""What pages show that is more than a row: diffs in rows and columns, passages, thumbnails, sheets of small pictures."""
