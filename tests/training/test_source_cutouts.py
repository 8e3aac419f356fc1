import pytest

from tests.training.scenery import blob_store
from zpix.errors import StoreError
from zpix.training.source_cutouts import cut_sources


def test_cutouts_are_centred_on_labelled_sources(tmp_path):
    store = blob_store(tmp_path / "store", train=2)
    cutouts = cut_sources(store, "train", size=32)
    assert len(cutouts) == 4 and cutouts.flux.shape[2:] == (34, 34)
    for row in range(len(cutouts)):
        assert cutouts.mask[row, 17, 17]
        assert cutouts.flux[row, :, 17, 17].mean() > cutouts.flux[row, :, :3, :3].mean()


def test_a_split_without_redshifts_has_no_cutouts(tmp_path):
    with pytest.raises(StoreError, match="no source of the test split has a redshift"):
        cut_sources(blob_store(tmp_path / "store", train=1), "test", size=32)
