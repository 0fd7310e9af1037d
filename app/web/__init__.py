"""The web process: the application, its pages and streams, the routes, and what they share."""
