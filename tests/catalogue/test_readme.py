"""The README of a run says what its model was trained on."""

from zpix.catalogue import write_readme


def test_it_says_what_the_model_was_trained_on(make_catalogue, tmp_path):
    model = {
        "name": "mine",
        "training_data": {"kind": "survey"},
        "counts": {"train": {"galaxy": 120, "star": 1, "redshifts": 8}},
        "z_range": [0.5, 5.4],
        "started_from": {"init": "models/shipped.safetensors"},
    }
    write_readme(tmp_path / "README.md", make_catalogue(5), model=model)
    text = (tmp_path / "README.md").read_text("utf-8")
    assert "It was trained on a survey: 120 galaxies, 8 of them with a redshift, and 1 stars." in text
    assert "Training redshifts are 0.5 to 5.4" in text
    assert "Its training started from other models (init: shipped.safetensors)" in text


def test_what_is_not_known_is_left_out(make_catalogue, tmp_path):
    write_readme(tmp_path / "README.md", make_catalogue(5), model={})
    text = (tmp_path / "README.md").read_text("utf-8")
    assert "It was trained on data that are not known." in text
    assert "Training redshifts" not in text and "started from" not in text
