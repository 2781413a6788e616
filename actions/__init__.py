"""The callflow modules that are simulated, one file each; files without an `@action` hold what several share.

To add one, write a file with a docstring that shows a sample node, a frozen settings class and an async script.
"""
