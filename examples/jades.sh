#!/usr/bin/env bash
# From the archives to a flagged photo-z catalogue of JADES, in seven steps:
#
#     examples/jades.sh DIRECTORY [SIDE OF THE FIELD IN PIXELS]
#
# Without changes, a small stand-in takes the place of the archives (about 2,000 sources), and everything takes three
# minutes on two cores. For the real data leave out the next paragraph, every --mirror, and the settings. After an
# interruption start the script again: it goes on.
set -euo pipefail
out=${1:?"usage: examples/jades.sh DIRECTORY [SIZE]"}
size=${2:-2240}
here=$(dirname "$0")
settings=$here/jades.toml
once() { [ -e "$1" ] || "${@:2}"; } # $1 exists only when it is complete

if [ -z "${ARCHIVE:-}" ]; then
    once "$out/archive" python "$here/jades_standin.py" --out "$out/archive" --size "$size" \
        --galaxies "${GALAXIES:-600}"
    exec python "$here/archive_server.py" "$out/archive" -- bash "$0" "$@"
fi

# 1. Fetch: mosaics, segmentation, catalogue, redshifts, and the galaxies for pretraining.
zpix fetch jades-dr2 --out "$out/jades" --mirror "$ARCHIVE/hlsps/jades"
zpix fetch jades-dr4 --out "$out/jades" --mirror "$ARCHIVE/DR4"
zpix fetch galaxiesml --out "$out/galaxies" --mirror "$ARCHIVE/records/11117528/files"
nircam=$out/jades/hlsp_jades_jwst_nircam_goods-s-deep
segmentation=${nircam}_segmentation_v2.0_drz.fits
catalogue=${nircam}_photometry_v2.0_catalog.fits
redshifts=(
    --redshifts "$out/jades/Combined_DR4_external_v1.2.1.fits"
    --redshifts "$out/jades/hlsp_jades_jwst_nirspec_goods-s_prism-line-fluxes_v1.1_catalog.fits"
)

# 2. Prepare: tiles with their sources and redshifts, split by position on the sky.
grep -qs '"whole": true' "$out/store.zarr/zarr.json" || # an incomplete store is continued
    zpix prepare "$out/jades" --segmentation "$segmentation" --catalogue "$catalogue" "${redshifts[@]}" \
        --tile-size 256 --out "$out/store.zarr"

# 3. Pretrain: a backbone on single galaxies.
zpix pretrain "$out/galaxies/"5x64x64_{training,validation}_with_morphology.hdf5 --part backbone \
    --config "$settings" --out "$out/backbone"

# 4. Train. A minute is too short for a new network, so here the shipped model is tuned to the field; with the real data
#    begin from the backbone: START=backbone.
case ${START:-shipped} in
    shipped) start=(--init "$(python -c 'from zpix.detector import default_model; print(default_model())')") ;;
    backbone) start=(--backbone "$out/backbone/model.safetensors") ;;
esac
zpix train "$out/store.zarr" "${start[@]}" --config "$settings" --name jades --out "$out/model"

# 5. Adapt the model to the field: its noise, zero points and spectra; what does not make it better is left out.
once "$out/adapted" zpix adapt "$out/jades" --model "$out/model/model.safetensors" "${redshifts[@]}" \
    --catalogue "$catalogue" --segmentation "$segmentation" --config "$settings" --out "$out/adapted"

# 6. Run: a row for every source of the survey's catalogue and for new detections, with flags.
once "$out/result" zpix run "$out/jades" --model "$out/adapted/model.safetensors" \
    --reference "$catalogue" --reference-segmentation "$segmentation" --out "$out/result"

# 7. Compare: sources that both catalogues have, and where redshifts are missing.
once "$out/matches.fits" zpix match "$out/result/catalogue.fits" "$catalogue" --out "$out/matches.fits"
once "$out/diagnosis" zpix diagnose "$out/result" "${redshifts[@]}" --number 20 --out "$out/diagnosis"
