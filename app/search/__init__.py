"""Search by words, by a picture and for what is alike, in the web process: nearest neighbours among a judge's vectors."""
