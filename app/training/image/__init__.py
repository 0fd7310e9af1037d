"""The recipe of the house image model: a latent diffusion model of drawings, from npm packages of emoji and icons.

The order of the steps, each of which can stop at any moment and go on: `packages` fetches the sources, `dataset`
renders them, `autoencoder` learns to put a picture into a small grid of latents and back, `examples` writes captions
and encodes both sides once, `diffusion` learns to make latents from noise and words, `measure` and `samples` look at
the result, `export` writes the folder that the studio, or plain diffusers, loads.
"""
