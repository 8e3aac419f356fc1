"""How a model learns: annotated tiles in a store, batches, the loop, and the state of an interrupted training."""
