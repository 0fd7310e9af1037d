"""The finished example that a new studio opens on."""
