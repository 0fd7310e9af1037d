"""`stemma bench`: the promised numbers, measured on this machine in a studio of its own."""
