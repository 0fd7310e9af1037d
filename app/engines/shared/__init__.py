"""What several engines use: weights, sampling, text encoders, loading."""
