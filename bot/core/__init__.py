"""What a payment is and what follows from an answer about it: pure functions, standard library only.

No clock, no I/O, no await: `now` is an argument, money is `int` rupiah, times are aware UTC.
"""
