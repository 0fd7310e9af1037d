"""What every process asks before it touches data: is the database whole, of the present form, and of this store?"""
