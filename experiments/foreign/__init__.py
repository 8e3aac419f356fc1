"""Parts of experiments/foreign_sky.py: skies, models that are taught on some of them, and how both are scored."""
