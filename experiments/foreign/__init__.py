"""Parts of experiments/foreign_sky.py: which skies there are, models taught on some of them, and how both are scored."""
