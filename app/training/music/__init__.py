"""The recipe of the house model of tunes: public-domain tune books in key-free tokens, a small Llama, infilling of bars."""
