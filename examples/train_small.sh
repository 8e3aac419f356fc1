#!/usr/bin/env bash
# Train a model of your own, from mosaics to scores, with the command line alone. Takes about a minute:
#
#     examples/train_small.sh DIRECTORY [SIDE OF THE FIELD IN PIXELS]
#
# With real data, leave out `zpix simulate` and name your mosaics, segmentation map, catalogue and redshifts below.
set -euo pipefail
out=${1:?"usage: examples/train_small.sh DIRECTORY [SIZE]"}
size=${2:-768}
settings=$(dirname "$0")/train_small.toml

# The sky: one field for training, another for testing.
zpix simulate --out "$out/field" --size "$size" --seed 11
zpix simulate --out "$out/unseen" --size "$((size / 2))" --seed 12

# Annotated tiles, split by position on the sky.
zpix prepare "$out/field" --segmentation "$out/field/segmentation.fits" --catalogue "$out/field/truth.fits" \
    --tile-size 128 --out "$out/store.zarr"

# Redshifts on cutouts first, then everything together.
zpix pretrain "$out/store.zarr" --config "$settings" --out "$out/redshift"
zpix train "$out/store.zarr" --config "$settings" --redshift-head "$out/redshift/model.safetensors" --out "$out/model"

# The new model on the field that it has not seen.
zpix run "$out/unseen" --model "$out/model/model.safetensors" --config "$settings" --out "$out/result"
zpix evaluate "$out/result/catalogue.fits" "$out/unseen/truth.fits" --out "$out/evaluation"
