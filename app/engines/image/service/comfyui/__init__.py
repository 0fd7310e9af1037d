"""Workflows of ComfyUI: what a file holds, a run of it on a server, and the engine that it makes."""
