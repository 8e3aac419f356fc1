"""The page beside a catalogue says what its model has seen."""

from zpix.catalogue import write_readme


def test_it_tells_what_the_model_has_learnt_from(make_catalogue, tmp_path):
    model = {
        "name": "mine",
        "training_data": {"kind": "survey"},
        "counts": {"train": {"galaxy": 120, "star": 1, "redshifts": 8}},
        "z_range": [0.5, 5.4],
        "started_from": {"init": "models/shipped.safetensors"},
    }
    write_readme(tmp_path / "README.md", make_catalogue(5), model=model)
    text = (tmp_path / "README.md").read_text("utf-8")
    assert "It learnt from a survey: 120 galaxies, 8 of them with a redshift, and 1 stars." in text
    assert "It knows redshifts from 0.5 to 5.4" in text
    assert "Its training began with weights of other models (init: shipped.safetensors)" in text


def test_it_tells_of_a_head_that_learnt_alone_and_what_to_expect(make_catalogue, tmp_path):
    model = {"training_data": {"kind": "colours of a mock"}, "counts": {"train": {"redshifts": 32702}}}
    write_readme(tmp_path / "README.md", make_catalogue(5), model=model, expected="expect a scatter of 0.05")
    text = (tmp_path / "README.md").read_text("utf-8")
    assert "It learnt from a simulated sky and has not seen a real galaxy: 32702 redshifts." in text
    assert "- Expect a scatter of 0.05." in text


def test_what_is_not_known_is_not_told(make_catalogue, tmp_path):
    write_readme(tmp_path / "README.md", make_catalogue(5), model={})
    text = (tmp_path / "README.md").read_text("utf-8")
    assert "It learnt from data it does not tell." in text
    assert "It knows redshifts" not in text and "Its training began" not in text
