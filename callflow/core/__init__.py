"""The core: calls, recordings and deliveries on virtual time, without any I/O (design §2).

Reading order: effects, table, leg, recorder, agenda, exchange, executor, engine.
"""
