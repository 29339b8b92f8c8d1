"""What a trainer imports: exact order, exact resume, mixtures. Depends on numpy and pyarrow only.

from loader import Batches, Dataset

batches = Batches(Dataset("snapshot/dataset"), batch_size=8, sequence_length=2048, rank=rank, world_size=world)
for batch in batches:
    train(batch.inputs, batch.targets)
    checkpoint(batches.state())
"""

from loader.batches import Batch, Batches
from loader.dataset import Dataset, DatasetError
from loader.prefetch import prefetch

__all__ = ["Batch", "Batches", "Dataset", "DatasetError", "prefetch"]
