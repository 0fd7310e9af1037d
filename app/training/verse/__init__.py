"""The house's model of Chinese verse, made again from nothing but one package of poems."""
