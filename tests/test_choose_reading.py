"""The choice of a reading on development data, with its evidence, for a model of one's own and for the book's."""

import pandas as pd
import pytest
from conftest import make_tiny

from embedlib.errors import UnknownNameError
from embedlib.models.chosen import book_file, chosen_reading, own_file, read_chosen
from embedlib.models.reading import KINDS
from embedlib.models.roster import ROSTER, find_model, read_roster
from embedlib.readings.check import check_choices
from embedlib.readings.choose import EVIDENCE, evidence_row, kinds_of
from embedlib.readings.evidence import evidence_for, read_evidence
from embedlib.readings.grid import grid
from embedlib.readings.tasks import development


def test_the_command_chooses_for_a_model_of_ones_own(tmp_path, call):
    make_tiny("qwen", tmp_path / "qwen")
    (tmp_path / "qwen" / "tokenizer_config.json").write_text('{"bos_token": "<bos>"}')
    folder = str(tmp_path / "qwen")
    code, out, err = call("choose-reading", folder, "--kind", "contexts")
    assert code == 0, err
    assert "contexts" in out
    spec = find_model(folder)
    reading = chosen_reading(spec, "contexts")
    rows = evidence_for(spec, "contexts")
    assert len(rows) == len(list(grid(spec, "contexts"))) == 4 * 2 * 2
    best = rows.loc[rows["mean"].idxmax()]
    assert (best["layer"], best["pooling"]) == (reading.layer, reading.pooling)
    assert own_file(spec).exists()
    found = check_choices([folder], ["contexts"])
    assert bool(found["is best"].iloc[0])
    assert found["again"].iloc[0] == pytest.approx(found["evidence"].iloc[0], abs=2e-3)
    assert check_choices([folder], ["contexts"], again=[])["again"].isna().all()
    with pytest.raises(UnknownNameError, match="Did you mean 'words'"):
        check_choices([folder], again=["word"])


def test_what_cannot_be_chosen_is_refused_before_anything_is_loaded(call):
    code, _, err = call("choose-reading", "glove-6b-50d", "--kind", "contexts")
    assert (code, "cannot read contexts; allowed: words, sentences" in err) == (2, True), err
    code, _, err = call("choose-reading", "glove-6b-50d", "--kind", "word")
    assert (code, "Did you mean 'words'" in err) == (2, True), err


def test_every_reading_of_the_book_follows_from_its_evidence():
    chosen = read_chosen(book_file())
    evidence = read_evidence()
    models = read_roster(ROSTER)
    assert list(chosen) == [name for name in models if name in chosen]
    for name, spec in ((name, models[name]) for name in chosen):
        assert chosen[name].checksum == spec.checksum
        for kind in kinds_of(spec):
            rows = evidence[(evidence["model"] == name) & (evidence["kind"] == kind)]
            tried = list(grid(spec, kind))
            assert len(rows) == len(tried), (name, kind)
            best = rows[rows["mean"] >= rows["mean"].max()]
            kept = evidence_row(spec, kind, spec.resolve_reading(chosen[name].readings.of(kind), kind))
            assert (best[EVIDENCE].astype(str) == pd.Series(kept).astype(str)).all(axis=1).any(), (name, kind, kept)


def test_static_models_are_checked_again_on_the_development_data():
    found = check_choices(["glove-6b-50d"])
    assert found["is best"].all()
    assert (found["again"] - found["evidence"]).abs().max() < 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_development_data_are_the_development_parts(kind):
    data = development(kind, cased=False)
    assert len(data.texts) == len(set(data.texts)) > 150
    assert set(data.families) == set(data.scores)
