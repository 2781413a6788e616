"""Reports: what a run looks like to a reader, made from the flow and the trace alone."""
