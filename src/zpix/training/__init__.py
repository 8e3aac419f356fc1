"""How a model learns: annotated tiles in a store, batches, the loop, and what it needs to go on."""
