"""Parts that the experiments after Merz et al. 2026 share: skies, searches, scores and tables."""
