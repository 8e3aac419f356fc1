"""What the experiments after Merz et al. 2026 share: skies to learn from and to test on, searches, scores, tables."""
